"""The learning rates of a model, for callbacks: one, or one for each optimizer of a `MultiOptimizer`."""

from convlayers.autograd import value_of


def learning_rate_of(optimizer):
    """Returns the learning rate as a float."""
    return float(value_of(optimizer.learning_rate))


def optimizers_of(optimizer):
    """Returns the optimizers that have learning rates, by their names; a single one has none."""
    if hasattr(optimizer, "optimizers"):
        return {inner.name: inner for inner in optimizer.optimizers}
    return {"": optimizer}


def learning_rates_for_logs(optimizer):
    """Returns a dict for the logs: "learning_rate", or "learning_rate_adam" and so on."""
    return {
        f"learning_rate_{name}" if name else "learning_rate": learning_rate_of(inner)
        for name, inner in optimizers_of(optimizer).items()
    }
