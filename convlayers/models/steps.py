"""A step of training, evaluation or prediction: what is done with one batch."""

import warnings

import numpy as np

from convlayers import nested
from convlayers._native import memory
from convlayers.autograd import Tape, value_of
from convlayers.callbacks.callback_list import to_floats
from convlayers.data.batch_parts import batch_size_of, batch_to_arrays, standardize_weights
from convlayers.data.packing import unpack_x_y_sample_weight
from convlayers.models.batch_check import check_batch
from convlayers.models.compiled import Compiled
from convlayers.models.fusion import is_plain
from convlayers.optimizers.kernel_optimizer import KernelOptimizer
from convlayers.user_code import is_ours


class Steps(Compiled):
    """The part of `Model` that knows what to do with one batch."""

    def train_step(self, data):
        """Trains on one batch, and returns the logs so far. May be overridden.

        Args:
            data: `x`, `(x, y)` or `(x, y, sample_weight)`.

        Returns:
            A dict of numbers: the loss and the metrics.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        with Tape() as tape:
            y_pred, loss = self._predict_and_compare(x, y, sample_weight)
            scaled = self.optimizer.scale_loss(loss)
        _check_scalar(scaled)
        variables = self.trainable_variables
        for variable in variables:
            variable.grad = None
        if variables:
            tape.backward([scaled], [np.array(1, scaled.dtype)])
            self.optimizer.apply([variable.grad for variable in variables], variables)
            for variable in variables:
                variable.grad = None
        else:
            warnings.warn("The model does not have any trainable weights.", stacklevel=2)
        return self._log(x, y, y_pred, sample_weight, loss)

    def _predict_and_compare(self, x, y, sample_weight):
        """Returns predictions and loss of a batch in training, maybe by a recording where all that is done is known."""
        kind, network = type(self), getattr(self, "_network", None)
        ours = network is not None and is_ours(kind.call) and is_ours(kind.__call__) and is_plain(self)
        # Gradients are arrays that the next step writes to: only a kernel gets them.
        if ours and isinstance(self.optimizer, KernelOptimizer) and is_ours(type(self.optimizer)):
            loss = self._compilation.loss
            if loss is not None and sample_weight is None and not self.losses and is_ours(self.compute_loss):
                results = network.train_to_loss(x, y, loss)
                if results is not None:
                    return results
            y_pred = network.train(self, x)
        else:
            y_pred = self(x, training=True)
        return y_pred, self._compute_loss(x, y, y_pred, sample_weight, training=True)

    def test_step(self, data):
        """Evaluates the model on one batch, and returns the logs so far. May be overridden.

        Args:
            data: `x`, `(x, y)` or `(x, y, sample_weight)`.

        Returns:
            A dict of numbers: the loss and the metrics.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        loss = self._compute_loss(x, y, y_pred, sample_weight, training=False)
        return self._log(x, y, y_pred, sample_weight, loss)

    def predict_step(self, data):
        """Returns the predictions for one batch. May be overridden.

        Args:
            data: `x`, `(x, y)` or `(x, y, sample_weight)`.
        """
        return self(unpack_x_y_sample_weight(data)[0], training=False)

    def _takes_own_batches(self):
        """Whether a subclass defines what the parts of a batch are."""
        return self._overrides("train_step", "test_step")

    def _has_own_step(self):
        """Whether a subclass defines what happens to the labels."""
        return self._overrides("train_step", "test_step", "compute_loss")

    def _overrides(self, *methods):
        return any(getattr(type(self), method) is not getattr(Steps, method) for method in methods)

    def _log(self, x, y, y_pred, sample_weight, loss):
        self._compilation.loss_tracker.update_state(value_of(loss), sample_weight=batch_size_of(x))
        return self.compute_metrics(x, y, nested.map_structure(value_of, y_pred), sample_weight)

    # Single batches -----------------------------------------------------------------------------------------------------

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False):
        """Trains on one batch.

        Args:
            x, y, sample_weight: arrays, or structures of arrays.
            class_weight: dict of classes and weights of their samples in the loss.
            return_dict: whether to return a dict with names.

        Returns:
            The loss before the step, if there are no metrics; else a list with the loss and the metrics, or a dict.

        Raises:
            ValueError: if the data does not fit the model; then no weight has changed.
        """
        return self._run_on_batch(self.train_step, x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """Evaluates the model on one batch. Arguments and result are those of `train_on_batch`."""
        return self._run_on_batch(self.test_step, x, y, sample_weight, None, return_dict)

    def predict_on_batch(self, x):
        """Returns predictions for one batch: an array, or a structure of arrays."""
        return to_plain_arrays(run_step(self.predict_step, batch_to_arrays((x,))))

    def _run_on_batch(self, step, x, y, sample_weight, class_weight, return_dict):
        self._check_compiled()
        if class_weight is not None and sample_weight is not None:
            raise ValueError(
                "Arguments `sample_weight` and `class_weight` cannot be specified at the same time. Received: "
                f"sample_weight={sample_weight}, class_weight={class_weight}"
            )
        x, y, sample_weight = batch_to_arrays((x, y, sample_weight))
        data = x, y, standardize_weights(y, sample_weight, class_weight)
        check_batch(self, data)
        self.reset_metrics()
        logs = to_floats(run_step(step, data))
        return logs if return_dict else self._list_results(logs)

    def _list_results(self, logs):
        """Returns logs as a list; one number as that number."""
        results = [logs[name] for name in self._order_results(logs)]
        return results[0] if len(results) == 1 else results

    def _order_results(self, logs):
        """Returns the names in logs in the order of the metrics."""
        known = [inner.name for metric in self.metrics for inner in getattr(metric, "metrics", [metric])]
        return [name for name in known if name in logs] + [name for name in sorted(logs) if name not in known]


@memory.pooled
def run_step(step, batch):
    """Calls a step, with memory from the pool."""
    return step(batch)


def to_plain_arrays(outputs):
    """Returns outputs of a model, of any structure, as arrays of NumPy."""
    return nested.map_structure(lambda output: np.asarray(value_of(output)), outputs)


def _check_scalar(loss):
    if loss.ndim:
        raise ValueError(
            f"The loss must be a scalar, to be made smaller. Received a loss of shape {loss.shape}.\nA `Loss` gives one for "
            "reduction='sum_over_batch_size'; a `compute_loss` of your own ends with `ops.mean(...)` or `ops.sum(...)`."
        )
