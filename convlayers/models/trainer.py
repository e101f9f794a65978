"""Training, evaluation and prediction: the loops around the steps."""

import itertools
import warnings

import numpy as np

from convlayers import config, nested
from convlayers.callbacks.callback_list import CallbackList, to_floats
from convlayers.data.batch_parts import batch_size_of, split
from convlayers.data.epochs import Epochs
from convlayers.data.packing import unpack_x_y_sample_weight
from convlayers.data.sources import make_batches
from convlayers.models.batch_check import check_batch, check_labels
from convlayers.models.steps import Steps, run_step, to_plain_arrays
from convlayers.optimizers import Optimizer
from convlayers.validation import is_integer

_NO_DATA = "num_samples should be a positive integer value, but got num_samples=0\nThere is no data."


class Trainer(Steps):
    """The part of `Model` that trains it."""

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
            x: inputs: an array or something that can become one, such as a `DataFrame` of pandas; a list or dict of arrays, one
                for each input; or batches, which are tuples `(x, y)` or `(x, y, sample_weight)`: a `PyDataset`, a generator, or
                another iterable, such as a `DataLoader` of PyTorch or a `tf.data.Dataset`.
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
            class_weight: dict of classes and weights of their samples in the loss; for several outputs a dict or list of such
                dicts, as `y` is.
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
        limit = config.max_epochs()
        if limit and limit < epochs:
            warnings.warn(f"Limiting epochs to {limit}", stacklevel=2)
            epochs = limit
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split((x, y, sample_weight), validation_split)
        at_once = self.steps_per_execution
        batches = make_batches(x, y, sample_weight, batch_size, steps_per_epoch, shuffle, class_weight)
        batches = Epochs(batches, steps_per_epoch, at_once)
        validation = None
        if validation_data is not None:
            parts = unpack_x_y_sample_weight(validation_data)
            validation = make_batches(*parts, validation_batch_size or batch_size, validation_steps)
            validation = Epochs(validation, validation_steps, at_once)
        self._prepare(batches)
        if validation is not None and validation.labels is not None:
            self._prepare(validation)
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
        if epochs > 0 and isinstance(self.optimizer, Optimizer):
            self.optimizer.finalize_variable_values(self.trainable_variables)
        callbacks.on_train_end(epoch_logs)
        return self.history

    def _train_epoch(self, epoch, batches, callbacks):
        self.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        logs = {}
        for first, last, group in self._executions(batches):
            callbacks.on_train_batch_begin(first)
            for batch in group:
                check_batch(self, batch)
                logs = run_step(self.train_step, batch)
            callbacks.on_train_batch_end(last, logs)
            if self.stop_training:
                break
        return self._last_logs(logs)

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
        batches = Epochs(make_batches(x, y, sample_weight, batch_size, steps), steps, self.steps_per_execution)
        self._prepare(batches)
        callbacks = self._list_callbacks(callbacks, batches, verbose)
        logs = self._evaluate(batches, callbacks)
        return logs if return_dict else self._list_results(logs)

    def _evaluate(self, batches, callbacks):
        self.stop_evaluating = False
        callbacks.on_test_begin()
        self.reset_metrics()
        logs = {}
        for first, last, group in self._executions(batches):
            callbacks.on_test_batch_begin(first)
            for batch in group:
                check_batch(self, batch)
                logs = run_step(self.test_step, batch)
            callbacks.on_test_batch_end(last, logs)
            if self.stop_evaluating:
                break
        # Each validation is on the same samples.
        batches.rewind()
        logs = to_floats(self._last_logs(logs))
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
            ValueError: if the inputs do not fit the model, or there are none.
        """
        if verbose == 0 and not callbacks and steps is None and _fits_one_batch(x, batch_size):
            # Nobody to tell: for those who predict image by image, in a loop.
            return self.predict_on_batch(x)
        batches = Epochs(make_batches(x, batch_size=batch_size, steps=steps), steps, self.steps_per_execution)
        callbacks = self._list_callbacks(callbacks, batches, verbose)
        self.stop_predicting = False
        callbacks.on_predict_begin()
        outputs = []
        for first, last, group in self._executions(batches):
            callbacks.on_predict_batch_begin(first)
            outputs.append(_join([to_plain_arrays(run_step(self.predict_step, batch)) for batch in group]))
            callbacks.on_predict_batch_end(last, {"outputs": outputs[-1]})
            if self.stop_predicting:
                break
        callbacks.on_predict_end()
        if not outputs:
            raise ValueError(_NO_DATA)
        return _join(outputs)

    # Helpers ----------------------------------------------------------------------------------------------------------

    def _prepare(self, batches):
        """Builds the model, and checks the first batch and all labels at hand, before callbacks are told that it starts.

        As in Keras, where a model has to be built for it, the first batch is made twice; data is told that an epoch has ended.
        """
        was_prepared = self._is_prepared()
        if was_prepared:
            batches.start_over()
        first = batches.peek()
        if first is None or batch_size_of(unpack_x_y_sample_weight(first)[0]) == 0:
            raise ValueError(_NO_DATA)
        check_batch(self, first)
        check_labels(self, batches.labels)
        if not was_prepared:
            batches.start_over()

    def _executions(self, batches):
        """Yields as many batches at once as `steps_per_execution` says, with the numbers of the first and the last of them."""
        size = self.steps_per_execution
        if size == 1:
            for step, batch in enumerate(batches):
                yield step, step, (batch,)
            return
        step, iterator = 0, iter(batches)
        while group := list(itertools.islice(iterator, size)):
            # As in Keras, the number of the last is that of a full group, at the end of the data too.
            yield step, step + size - 1, group
            step += size

    def _last_logs(self, logs):
        """Returns the logs of an epoch: the results of the metrics, unless a step of a user's own has logs of its own."""
        if logs is None:
            raise TypeError(
                "'NoneType' object is not iterable\n`train_step` and `test_step` return a dict of names and numbers. One "
                "returned None: is a `return` missing at its end?"
            )
        metrics = self._compilation.metrics
        if metrics is not None and not metrics.built:  # Such a step need not look at them.
            return dict(logs)
        results = self.get_metrics_result()
        return dict(results if results.keys() == logs.keys() else logs)

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


def _join(outputs):
    return nested.map_structure(lambda *parts: np.concatenate(parts), *outputs) if len(outputs) > 1 else outputs[0]


def _fits_one_batch(x, batch_size):
    size = 32 if batch_size is None else batch_size
    return type(x) is np.ndarray and x.ndim > 0 and is_integer(size) and 0 < len(x) <= size


def _is_due(epoch, frequency):
    """Whether to validate after an epoch, counted from 0."""
    return (epoch + 1) in frequency if isinstance(frequency, list) else (epoch + 1) % frequency == 0
