"""Training, evaluation and prediction: steps on a batch, and the loops around them."""

import warnings

import numpy as np

from convlayers import nested
from convlayers._native import memory
from convlayers.autograd import Tape, value_of
from convlayers.callbacks.callback_list import CallbackList, to_floats
from convlayers.models.batch_check import check_batch
from convlayers.models.batch_parts import (
    batch_to_arrays,
    split,
    standardize_weights,
    unpack_x_y_sample_weight,
)
from convlayers.models.compiled import Compiled
from convlayers.models.data_adapters import Epochs, make_batches
from convlayers.validation import is_integer


class Trainer(Compiled):
    """The part of `Model` that trains it."""

    # Steps ------------------------------------------------------------------------------------------------------------

    def train_step(self, data):
        """Trains on one batch, and returns the logs so far. May be overridden.

        Args:
            data: `x`, `(x, y)` or `(x, y, sample_weight)`.

        Returns:
            A dict of numbers: the loss and the metrics.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        with Tape() as tape:
            y_pred = self(x, training=True)
            loss = self._compute_loss(x, y, y_pred, sample_weight, training=True)
            scaled = self.optimizer.scale_loss(loss)
        _check_scalar(scaled)
        variables = self.trainable_variables
        for variable in variables:
            variable.grad = None
        if variables:
            tape.backward([scaled], [np.ones((), scaled.dtype)])
            self.optimizer.apply([variable.grad for variable in variables], variables)
            for variable in variables:
                variable.grad = None
        else:
            warnings.warn("The model does not have any trainable weights.", stacklevel=2)
        return self._log(x, y, y_pred, sample_weight, loss)

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

    def _has_own_step(self):
        """Whether a subclass defines what happens to the labels."""
        steps = ("train_step", "test_step", "compute_loss")
        return any(getattr(type(self), step) is not getattr(Trainer, step) for step in steps)

    def _log(self, x, y, y_pred, sample_weight, loss):
        self._compilation.loss_tracker.update_state(value_of(loss), sample_weight=_batch_size(x))
        return self.compute_metrics(x, y, nested.map_structure(value_of, y_pred), sample_weight)

    # Loops ------------------------------------------------------------------------------------------------------------

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        validation_steps=None,
        validation_batch_size=None,
        validation_freq=1,
    ):
        """Trains the model.

        Args:
            x: inputs: an array; a list or dict of arrays, one for each input; or a generator or iterable of batches, which are
                tuples `(x, y)` or `(x, y, sample_weight)`.
            y: labels: an array, or a list or dict of arrays, one for each output.
            batch_size: number of samples in a batch, by default 32.
            epochs: how often the model sees all data; the number of the last epoch, where `initial_epoch` is not 0.
            verbose: 0 for silence, 1 for a progress bar, 2 for one line per epoch. "auto" is 1. Where the output is not a
                terminal, 1 is as 2.
            callbacks: list of callbacks.
            validation_split: float between 0 and 1, how much of the arrays is kept from training to validate with: their last
                part, before they are shuffled.
            validation_data: data to validate with after each epoch: a tuple `(x, y)` or `(x, y, sample_weight)`, or a
                generator or iterable of batches.
            shuffle: whether the samples come in a new order in each epoch; "batch" for a new order within each batch.
            class_weight: dict of classes and weights of their samples in the loss.
            sample_weight: array with a weight for each sample, or one for each output.
            initial_epoch: the number of the first epoch, when training is resumed.
            steps_per_epoch: number of batches in an epoch; the next epoch goes on where it ended. By default, all.
            validation_steps: number of batches to validate with, by default all.
            validation_batch_size: number of samples in a batch of them, by default `batch_size`.
            validation_freq: after how many epochs to validate, or a list of the epochs (from 1).

        Returns:
            A `History`. Its `history` is a dict with a list for the loss and each metric, one number per epoch.

        Raises:
            ValueError: if the data does not fit the model, or its parts have not as many samples; then no weight has changed.

        Example:

        >>> history = model.fit(x_train, y_train, batch_size=64, epochs=5, validation_split=0.1)
        >>> history.history["val_accuracy"][-1]
        0.98
        """
        self._check_compiled()
        if not isinstance(validation_freq, (int, list)):
            raise ValueError(
                f"Expected `validation_freq` to be a list or int. Received: validation_freq={validation_freq} of the type "
                f"{type(validation_freq)}."
            )
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split((x, y, sample_weight), validation_split)
        batches = Epochs(make_batches(x, y, sample_weight, batch_size, steps_per_epoch, shuffle, class_weight), steps_per_epoch)
        validation = None
        if validation_data is not None:
            parts = unpack_x_y_sample_weight(validation_data)
            validation = Epochs(make_batches(*parts, validation_batch_size or batch_size, validation_steps), validation_steps)
        self._prepare(batches)
        callbacks = self._list_callbacks(callbacks, batches, verbose, epochs, add_history=True)
        self.stop_training = False
        callbacks.on_train_begin()
        epoch_logs = {}
        for epoch in range(self._initial_epoch or initial_epoch, epochs):
            epoch_logs = self._train_epoch(epoch, batches, callbacks)
            if validation is not None and _is_due(epoch, validation_freq):
                logs = self._evaluate(validation, callbacks)
                epoch_logs.update((f"val_{name}", value) for name, value in logs.items())
            callbacks.on_epoch_end(epoch, epoch_logs)
            if self.stop_training:
                break
        if epochs > 0:
            self.optimizer.finalize_variable_values(self.trainable_variables)
        callbacks.on_train_end(epoch_logs)
        return self.history

    def _train_epoch(self, epoch, batches, callbacks):
        self.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        logs = {}
        for step, batch in enumerate(batches):
            callbacks.on_train_batch_begin(step)
            check_batch(self, batch)
            logs = _run(self.train_step, batch)
            callbacks.on_train_batch_end(step, logs)
            if self.stop_training:
                break
        return dict(logs)

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose="auto",
        sample_weight=None,
        steps=None,
        callbacks=None,
        return_dict=False,
        **kwargs,
    ):
        """Returns the loss and the metrics for data that the model is not trained on.

        Args:
            x, y, sample_weight: inputs, labels and weights, as for `fit`.
            batch_size: number of samples in a batch, by default 32.
            verbose: 0 for silence, 1 for a progress bar, 2 for one line. "auto" is 1.
            steps: number of batches, by default all.
            callbacks: list of callbacks.
            return_dict: whether to return a dict with names.

        Returns:
            The loss, if there are no metrics; else a list with the loss and the metrics, or a dict.

        Raises:
            ValueError: if the data does not fit the model.
        """
        if kwargs:
            raise ValueError(f"Arguments not recognized: {kwargs}")
        self._check_compiled()
        batches = Epochs(make_batches(x, y, sample_weight, batch_size, steps), steps)
        self._prepare(batches)
        callbacks = self._list_callbacks(callbacks, batches, verbose)
        logs = self._evaluate(batches, callbacks)
        return logs if return_dict else self._list_results(logs)

    def _evaluate(self, batches, callbacks):
        self.stop_evaluating = False
        callbacks.on_test_begin()
        self.reset_metrics()
        logs = {}
        for step, batch in enumerate(batches):
            callbacks.on_test_batch_begin(step)
            check_batch(self, batch)
            logs = _run(self.test_step, batch)
            callbacks.on_test_batch_end(step, logs)
            if self.stop_evaluating:
                break
        # Each validation is on the same samples.
        batches.rewind()
        logs = to_floats(logs)
        callbacks.on_test_end(logs)
        return logs

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Returns predictions.

        Args:
            x: inputs: an array, a list or dict of arrays, or a generator or iterable of batches.
            batch_size: number of samples in a batch, by default 32.
            verbose: 0 for silence, 1 for a progress bar, 2 for one line. "auto" is 1.
            steps: number of batches, by default all.
            callbacks: list of callbacks.

        Returns:
            An array, or a structure of arrays for several outputs.

        Raises:
            ValueError: if the inputs do not fit the model.
        """
        if verbose == 0 and not callbacks and steps is None and _fits_one_batch(x, batch_size):
            # Nobody to tell: for those who predict image by image, in a loop.
            return self.predict_on_batch(x)
        batches = Epochs(make_batches(x, batch_size=batch_size, steps=steps), steps)
        callbacks = self._list_callbacks(callbacks, batches, verbose)
        self.stop_predicting = False
        callbacks.on_predict_begin()
        outputs = []
        for step, batch in enumerate(batches):
            callbacks.on_predict_batch_begin(step)
            outputs.append(_to_plain_arrays(_run(self.predict_step, batch)))
            callbacks.on_predict_batch_end(step, {"outputs": outputs[-1]})
            if self.stop_predicting:
                break
        callbacks.on_predict_end()
        return nested.map_structure(lambda *parts: np.concatenate(parts), *outputs) if len(outputs) > 1 else outputs[0]

    # Single batches ---------------------------------------------------------------------------------------------------

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
        return _to_plain_arrays(_run(self.predict_step, batch_to_arrays((x,))))

    def _run_on_batch(self, step, x, y, sample_weight, class_weight, return_dict):
        self._check_compiled()
        x, y, sample_weight = batch_to_arrays((x, y, sample_weight))
        data = x, y, standardize_weights(y, sample_weight, class_weight)
        check_batch(self, data)
        self.reset_metrics()
        logs = to_floats(_run(step, data))
        return logs if return_dict else self._list_results(logs)

    # Helpers ----------------------------------------------------------------------------------------------------------

    def _prepare(self, batches):
        """Builds the model, and checks the first batch, before callbacks are told that it starts."""
        first = batches.peek()
        if first is None or _batch_size(unpack_x_y_sample_weight(first)[0]) == 0:
            raise ValueError("num_samples should be a positive integer value, but got num_samples=0\nThere is no data.")
        check_batch(self, first)

    def _list_callbacks(self, callbacks, batches, verbose, epochs=1, add_history=False):
        if isinstance(callbacks, CallbackList):
            return callbacks
        return CallbackList(
            callbacks,
            add_history=add_history,
            add_progbar=verbose != 0,
            model=self,
            verbose=verbose,
            epochs=epochs,
            steps=batches.num_batches,
        )

    def _list_results(self, logs):
        """Returns logs as a list, in the order of the metrics; one number as that number."""
        known = [inner.name for metric in self.metrics for inner in getattr(metric, "metrics", [metric])]
        results = [logs[name] for name in known if name in logs]
        results += [logs[name] for name in sorted(logs) if name not in known]
        return results[0] if len(results) == 1 else results


@memory.pooled
def _run(step, batch):
    return step(batch)


def _batch_size(x):
    return next(len(leaf) for leaf in nested.flatten(x) if leaf is not None)


def _fits_one_batch(x, batch_size):
    size = 32 if batch_size is None else batch_size
    return type(x) is np.ndarray and x.ndim > 0 and is_integer(size) and 0 < len(x) <= size


def _to_plain_arrays(outputs):
    return nested.map_structure(lambda output: np.asarray(value_of(output)), outputs)


def _is_due(epoch, frequency):
    """Whether to validate after an epoch, counted from 0."""
    return (epoch + 1) in frequency if isinstance(frequency, list) else (epoch + 1) % frequency == 0


def _check_scalar(loss):
    if loss.ndim:
        raise ValueError(
            f"The loss must be a scalar, to be made smaller. Received a loss of shape {loss.shape}.\nA `Loss` gives one for "
            "reduction='sum_over_batch_size'; a `compute_loss` of your own ends with `ops.mean(...)` or `ops.sum(...)`."
        )
