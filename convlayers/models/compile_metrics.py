"""What `compile` was told about metrics, matched with the outputs of the model."""

from convlayers import metrics
from convlayers.autograd import value_of
from convlayers.models.outputs import Outputs


class CompileMetrics:
    """The metrics of all outputs.

    Args:
        metrics, weighted_metrics: the arguments of `compile`.
        output_names: the names of the model's outputs, if it knows them.

    Attributes:
        metrics: all of them as a list, once they are built.
    """

    name = "compile_metrics"

    def __init__(self, metrics, weighted_metrics, output_names=None):
        for name, argument in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if argument and not isinstance(argument, (list, tuple, dict)):
                raise ValueError(
                    f"Expected `{name}` argument to be a list, tuple, or dict. Received instead: {name}={argument} of type "
                    f"{type(argument)}" + (f"\nWrite `{name}=[{argument!r}]`." if isinstance(argument, str) else "")
                )
        self._arguments = {"metrics": metrics, "weighted_metrics": weighted_metrics}
        self._output_names = output_names
        self._outputs = None
        # For each output its metrics without weights, and those with weights.
        self._unweighted, self._weighted = [], []
        self._named = []

    def __repr__(self):
        return f"<CompileMetrics name={self.name}>"

    @property
    def built(self):
        return self._outputs is not None

    @property
    def metrics(self):
        return [metric for _, metric in self._named]

    @property
    def variables(self):
        return [variable for metric in self.metrics for variable in metric.variables]

    def build(self, y_true, y_pred):
        """Chooses the metrics for labels and predictions of these shapes."""
        outputs = Outputs(y_pred, self._output_names)
        unweighted, weighted = (outputs.spread_metrics(argument, name) for name, argument in self._arguments.items())
        self._wanted = [bool(one or other) for one, other in zip(unweighted, weighted, strict=True)]
        labels, predictions = outputs.match_labels(y_true, self._wanted), outputs.flatten(y_pred)

        def resolve(identifiers, label, prediction):
            return [metrics.resolve(identifier, label, prediction) for identifier in identifiers]

        self._unweighted = [resolve(*column) for column in zip(unweighted, labels, predictions, strict=True)]
        self._weighted = [resolve(*column) for column in zip(weighted, labels, predictions, strict=True)]
        self._named = _name_results(outputs.prefixes, self._unweighted, self._weighted)
        self._outputs = outputs

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Takes a batch into account."""
        if self._outputs is None:
            self.build(y_true, y_pred)
        labels = self._outputs.match_labels(y_true, self._wanted)
        predictions = [value_of(prediction) for prediction in self._outputs.flatten(y_pred)]
        weights = self._outputs.spread_weights(sample_weight, self._wanted)
        columns = zip(self._unweighted, self._weighted, labels, predictions, weights, strict=True)
        for unweighted, weighted, label, prediction, weight in columns:
            for metric in unweighted:
                metric.update_state(label, prediction)
            for metric in weighted:
                metric.update_state(label, prediction, sample_weight=weight)

    def reset_state(self):
        for metric in self.metrics:
            metric.reset_state()

    def result(self):
        """Returns a dict with the results so far.

        Raises:
            ValueError: if there was no batch yet that says which metrics there are.
        """
        if self._outputs is None:
            raise ValueError("Cannot get result() since the metric has not yet been built.")
        return {name: metric.result() for name, metric in self._named}


def _name_results(prefixes, unweighted, weighted):
    """Returns pairs of a name in the logs and a metric. Each name is used once, by Keras's rules."""
    uses, named = {}, []
    for groups, alternative in ((unweighted, ""), (weighted, "weighted_")):
        for prefix, group in zip(prefixes, groups, strict=True):
            for metric in group:
                name = prefix + metric.name
                if name in uses and alternative:
                    name = prefix + alternative + metric.name
                uses[name] = uses.get(name, 0) + 1
                named.append((name if uses[name] == 1 else f"{name}_{uses[name] - 1}", metric))
    return named
