"""What a model is compiled with: optimizer, losses and metrics."""

import inspect
import warnings

from convlayers import config, ops, optimizers
from convlayers.metrics import Mean
from convlayers.models.compile_loss import CompileLoss
from convlayers.models.compile_metrics import CompileMetrics
from convlayers.optimizers.loss_scale_optimizer import with_scaled_loss
from convlayers.serialization import deserialize_keras_object, serialize_keras_object


class _Compilation:
    """What `compile` made of its arguments. A loss and metrics that are not given stay those of the compilation before."""

    def __init__(self, arguments, output_names, before):
        self.arguments = arguments
        loss, metrics, weighted_metrics = (arguments[name] for name in ("loss", "metrics", "weighted_metrics"))
        self.loss, self.metrics, self.given_loss = (before.loss, before.metrics, before.given_loss) if before else (None,) * 3
        if loss is not None:
            self.loss, self.given_loss = CompileLoss(loss, arguments["loss_weights"], output_names), loss
        if metrics is not None or weighted_metrics is not None:
            self.metrics = CompileMetrics(metrics, weighted_metrics, output_names)
        self.loss_tracker = Mean(name="loss")
        # The shapes and dtypes of the last batch that was found to fit.
        self.known_batch = None


class Compiled:
    """The part of `Model` that knows how good the model is, and what makes it better."""

    _own_loss = None

    def _initialize_training(self):
        self.optimizer = None
        self.history = None
        self.stop_training = self.stop_evaluating = self.stop_predicting = False
        self.run_eagerly = self.jit_compile = False
        self.steps_per_execution = 1
        self._compilation = None
        self._loss_takes_training = "training" in inspect.signature(self.compute_loss).parameters
        # Set by callbacks that resume training.
        self._initial_epoch = None

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        run_eagerly=False,
        steps_per_execution=1,
        jit_compile="auto",
        auto_scale_loss=True,
    ):
        """Says how the model is trained. Called again without a loss, or without metrics, it keeps those of before.

        Args:
            optimizer: name of an optimizer, or an `Optimizer`.
            loss: name of a loss, a `Loss`, or a function `loss(y_true, y_pred)`. For several outputs, a list or dict of them.
            loss_weights: list or dict of floats, what the losses of several outputs are multiplied by before they are added.
            metrics: list of metrics: names, `Metric` objects, or functions. "accuracy" is the one that fits the labels. For
                several outputs, a list or dict of such lists.
            weighted_metrics: the same, for metrics that take sample weights and class weights into account.
            steps_per_execution: of how many batches callbacks hear at once.
            auto_scale_loss: whether a `LossScaleOptimizer` is put around the optimizer if the policy of the model is
                "mixed_float16", so that small gradients do not vanish.
            run_eagerly, jit_compile: taken for compatibility, without effect.

        Raises:
            ValueError: if an argument is none of these. What the names of losses and metrics stand for is found when the
                shapes are known.

        Example:

        >>> model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        """
        optimizer = optimizers.get(optimizer)
        arguments = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile not in ("auto", False),
        }
        self._compilation = _Compilation(arguments, getattr(self, "output_names", None), self._compilation)
        if auto_scale_loss and optimizer is not None and self.dtype_policy.name == "mixed_float16":
            optimizer = with_scaled_loss(optimizer)
        self.optimizer = optimizer
        self.run_eagerly, self.jit_compile = run_eagerly, arguments["jit_compile"]
        self.steps_per_execution = steps_per_execution
        self.stop_training = False

    @property
    def compiled(self):
        """Whether `compile` was called."""
        return self._compilation is not None

    @property
    def loss(self):
        """The argument `loss` of `compile`; where that is None, what a subclass has put here."""
        loss = self._compilation.given_loss if self.compiled else None
        return self._own_loss if loss is None else loss

    @loss.setter
    def loss(self, loss):
        self._own_loss = loss

    def get_compile_config(self):
        """Returns the arguments of `compile` as data; an empty dict before that."""
        return serialize_keras_object(self._compilation.arguments) if self.compiled else {}

    def compile_from_config(self, config):
        """Compiles the model with what `get_compile_config` returned."""
        if type(self).compile is not Compiled.compile:
            warnings.warn(
                "`compile()` was not called as part of model loading because the model's `compile()` method is custom. All "
                "subclassed Models that have `compile()` overridden should also override `get_compile_config()` and "
                "`compile_from_config(config)`. Alternatively, you can call `compile()` manually after loading.",
                stacklevel=2,
            )
            return
        self.compile(**deserialize_keras_object(config))
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)

    def _is_prepared(self):
        """Whether layers, loss and metrics know the shapes of the data."""
        parts = self._compilation.loss, self._compilation.metrics, *self._flatten_layers()
        return all(part is None or part.built for part in parts)

    def _check_compiled(self):
        if not self.compiled:
            raise ValueError("You must call `compile()` before using the model.")

    # Losses and metrics -----------------------------------------------------------------------------------------------

    @property
    def metrics(self):
        """The mean loss, the metrics of `compile`, and those that the model and its layers have as attributes."""
        found = []
        if self.compiled:
            compilation = self._compilation
            found.append(compilation.loss_tracker)
            if compilation.metrics is not None:
                found.append(compilation.metrics)
            if compilation.loss is not None:
                found += compilation.loss.metrics
        found += self._metrics
        for layer in self._structure.measured:
            # The metrics of models in the model are those of their own training.
            if not isinstance(layer, Compiled):
                found += layer._metrics
        return found

    @property
    def metrics_names(self):
        return [metric.name for metric in self.metrics]

    def reset_metrics(self):
        """Starts all metrics anew, as at the start of each epoch."""
        for metric in self.metrics:
            metric.reset_state()

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Returns what training makes smaller. May be overridden.

        Args:
            x: inputs.
            y: labels.
            y_pred: predictions, what the model returned for the inputs.
            sample_weight: weights of the samples, or None.
            training: whether the model is trained or evaluated.

        Returns:
            A scalar: the losses of `compile`, those that layers added with `add_loss`, and those of regularizers.

        Raises:
            ValueError: if there is no loss.
        """
        losses = [ops.sum(_as_float(loss)) for loss in self.losses]
        if self.compiled and self._compilation.loss is not None:
            loss = self._compilation.loss(y, y_pred, sample_weight)
            if loss is not None:
                losses.insert(0, loss)
        if not losses:
            raise ValueError("No loss to compute. Provide a `loss` argument in `compile()`.")
        return sum(losses[1:], start=losses[0])

    def _compute_loss(self, x, y, y_pred, sample_weight, training):
        # Overridden ones may be from the time before `training`.
        modes = {"training": training} if self._loss_takes_training else {}
        return self.compute_loss(x, y, y_pred, sample_weight, **modes)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Takes a batch into account in the metrics of `compile`, and returns the logs so far. May be overridden.

        Args:
            x: inputs.
            y: labels.
            y_pred: predictions.
            sample_weight: weights of the samples, or None.

        Returns:
            A dict of numbers, with the loss.
        """
        if self.compiled and self._compilation.metrics is not None:
            self._compilation.metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self):
        """Returns all metrics so far as a dict of numbers."""
        logs = {}
        for metric in self.metrics:
            result = metric.result()
            logs.update(result if isinstance(result, dict) else {metric.name: result})
        return logs


def _as_float(loss):
    return loss if "float" in str(loss.dtype) else ops.cast(loss, config.floatx())
