"""What `compile` was told about losses and metrics, matched with the outputs of the model."""

from convlayers import config, losses, metrics, nested, ops
from convlayers.autograd import value_of


class _Outputs:
    """The outputs of a model as a list, and what belongs to each of them.

    Args:
        y_pred: predictions: an array, or a list, tuple or dict of arrays.
        model_names: the names of the outputs, if the model knows them.

    Attributes:
        names: a name or None for each output. Outputs in a dict are called by their keys.
    """

    def __init__(self, y_pred, model_names):
        self.count = len(nested.flatten(y_pred))
        self._structure = nested.map_structure(lambda _: "*", y_pred)
        if isinstance(y_pred, dict) and len(y_pred) == self.count:
            self.names = sorted(y_pred)
        else:
            self.names = list(model_names or [None] * self.count)
        self.prefixes = [f"{name}_" if name and self.count > 1 else "" for name in self.names]

    def flatten(self, y):
        """Returns labels, predictions or weights as a list."""
        if isinstance(y, dict) and set(y) == set(self.names):
            return [y[name] for name in self.names]
        return nested.flatten(y)

    def match_labels(self, y_true, wanted):
        """Returns a label for each output.

        Args:
            y_true: labels for all outputs, or for those that have a loss.
            wanted: for each output, whether it has a loss.
        """
        flat = self.flatten(y_true)
        if len(flat) == self.count:
            return flat
        if len(flat) == sum(wanted):
            rest = iter(flat)
            return [next(rest) if has_loss else None for has_loss in wanted]
        raise ValueError(
            f"y_true and y_pred have different structures.\ny_true: {nested.map_structure(lambda _: '*', y_true)}\n"
            f"y_pred: {self._structure}\nPass labels as a list with an array for each output {self.names}, or as a dict with "
            "these names."
        )

    def spread_losses(self, argument, name):
        """Returns what the argument `loss` or `loss_weights` has for each output."""
        if isinstance(argument, dict):
            unknown = [key for key in argument if key not in self.names]
            if unknown and isinstance(self._structure, dict):
                raise KeyError(
                    f"The path: {(unknown[0],)} in the `{name}` argument, can't be found in either the model's output "
                    "(`y_pred`) or in the labels (`y_true`)."
                )
            if unknown or not (isinstance(self._structure, dict) or set(argument) == set(self.names)):
                raise ValueError(
                    f"Expected keys {self.names} in {name} dict, but found {name}.keys()={list(argument)}\n"
                    "For an output without one, give None."
                )
            return [argument.get(key) for key in self.names]
        if not isinstance(argument, (list, tuple)):
            return [argument] * self.count
        flat = nested.flatten(argument)
        if len(flat) != self.count:
            raise ValueError(
                f"`{name}` must have an entry for each of the model's outputs {self.names}. Received: {name}={argument}"
            )
        return flat

    def spread_metrics(self, argument, name):
        """Returns the list of metrics that the argument `metrics` or `weighted_metrics` has for each output."""
        if not argument:
            return [[]] * self.count
        if self.count == 1:
            return [nested.flatten(argument)]
        if isinstance(argument, dict) and set(argument) <= set(self.names):
            argument = [argument.get(key) for key in self.names]
        if isinstance(argument, (list, tuple)) and len(argument) == self.count:
            return [[] if part is None else nested.flatten(part) for part in argument]
        raise ValueError(
            f"Invalid `{name}`. `{name}` should contain metrics objects and either be a dict or a list matching the output "
            f"names of the functional model {self.names} or match the output structure of the model: {self._structure}.\n"
            f"Received: {name}={argument}"
        )


class CompileLoss:
    """The losses of all outputs as one.

    Args:
        loss, loss_weights: the arguments of `compile`.
        output_names: the names of the model's outputs, if it knows them.

    Attributes:
        metrics: the mean of each loss, if there are several.
    """

    def __init__(self, loss, loss_weights=None, output_names=None):
        if loss_weights and not isinstance(loss_weights, (list, tuple, dict, float)):
            raise ValueError(
                "Expected `loss_weights` argument to be a float (single output case) or a list, tuple, or dict (multiple "
                f"output case). Received instead: loss_weights={loss_weights} of type {type(loss_weights)}"
            )
        self._loss, self._loss_weights = loss, loss_weights
        self._output_names = output_names
        self._outputs = None
        self.metrics = []

    def build(self, y_true, y_pred):
        """Chooses the losses for labels and predictions of these shapes."""
        outputs = _Outputs(y_pred, self._output_names)
        identifiers = outputs.spread_losses(self._loss, "loss")
        labels = outputs.match_labels(y_true, [identifier is not None for identifier in identifiers])
        pairs = zip(identifiers, labels, outputs.flatten(y_pred), strict=True)
        self._losses = [losses.resolve(*pair) for pair in pairs]
        weights = outputs.spread_losses(self._loss_weights, "loss_weights")
        self._weights = [weight for weight, loss in zip(weights, self._losses, strict=True) if loss is not None]
        named = [(name or loss.name, loss) for name, loss in zip(outputs.names, self._losses, strict=True) if loss is not None]
        self.metrics = [metrics.Mean(name=f"{name}_loss") for name, _ in named] if len(named) > 1 else []
        self._outputs = outputs

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Returns the weighted sum of the losses of a batch, None if no output has one."""
        values = self.try_on(y_true, y_pred, sample_weight)
        for metric, value in zip(self.metrics, values, strict=False):
            metric.update_state(value_of(value), sample_weight=len(value_of(nested.flatten(y_pred)[0])))
        weighted = [
            value if weight is None else ops.multiply(value, weight)
            for value, weight in zip(values, self._weights, strict=True)
        ]
        return sum(weighted[1:], start=weighted[0]) if weighted else None

    def try_on(self, y_true, y_pred, sample_weight=None):
        """Returns the losses of a batch as a list, without their weights."""
        if y_true is None:
            raise ValueError("The model was compiled with a `loss`, so it needs labels. Received: y=None.")
        if self._outputs is None:
            self.build(y_true, y_pred)
        labels = self._outputs.match_labels(y_true, [loss is not None for loss in self._losses])
        predictions = self._outputs.flatten(y_pred)
        weights = self._outputs.flatten(sample_weight)
        if len(weights) == 1:
            weights *= len(predictions)
        return [
            _as_floatx(loss(label, prediction, weight))
            for loss, label, prediction, weight in zip(self._losses, labels, predictions, weights, strict=True)
            if loss is not None
        ]


def _as_floatx(loss):
    return loss if loss.dtype == config.floatx() else ops.cast(loss, config.floatx())


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
                    f"{type(argument)}"
                )
        self._arguments = {"metrics": metrics, "weighted_metrics": weighted_metrics}
        self._output_names = output_names
        self._outputs = None
        # For each output its metrics without weights, and those with weights.
        self._unweighted, self._weighted = [], []
        self._named = []

    @property
    def metrics(self):
        return [metric for _, metric in self._named]

    @property
    def variables(self):
        return [variable for metric in self.metrics for variable in metric.variables]

    def build(self, y_true, y_pred):
        """Chooses the metrics for labels and predictions of these shapes."""
        outputs = _Outputs(y_pred, self._output_names)
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
        weights = self._outputs.flatten(sample_weight)
        if len(weights) == 1:
            weights *= len(predictions)
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
        """Returns a dict with the results so far."""
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
