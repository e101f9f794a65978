import os
import time
import warnings

import numpy as np

from convlayers import config
from convlayers.autograd import value_of
from convlayers.callbacks.callback import Callback
from convlayers.callbacks.event_writer import EventWriter
from convlayers.callbacks.learning_rates import learning_rates_for_logs


class TensorBoard(Callback):
    """Writes logs for TensorBoard: losses, metrics and learning rates, and weights if wanted.

    Needs the package `tensorboard` or `tensorboardX`.

    Args:
        log_dir: path of the folder. It gets the folders "train" and "validation".
        histogram_freq: int, the epochs from one histogram of all weights to the next; 0 for none.
        write_graph: whether to write the configuration of the model, which TensorBoard shows as a graph.
        write_images: whether to write weights as images too, with the histograms.
        write_steps_per_second: whether to write the speed of training.
        update_freq: "epoch"; or the number of batches after which the logs are written as well, "batch" for each.
        profile_batch: 0. There is no profiler.
        embeddings_freq: int, the epochs after which the weights are saved for the projector; 0 for never.
        embeddings_metadata: accepted as in Keras.

    Raises:
        ImportError: at the start of training, if no such package is installed.
        ValueError: if `profile_batch` is not 0.

    Example:

    model.fit(x, y, epochs=10, callbacks=[TensorBoard("logs")])      # and then, in a shell: tensorboard --logdir logs
    """

    def __init__(
        self,
        log_dir="logs",
        histogram_freq=0,
        write_graph=True,
        write_images=False,
        write_steps_per_second=False,
        update_freq="epoch",
        profile_batch=0,
        embeddings_freq=0,
        embeddings_metadata=None,
    ):
        super().__init__()
        if profile_batch:
            raise ValueError(
                "Profiling is not yet available with the numpy backend. Please open a PR if you'd like to add this feature. "
                f"Received: profile_batch={profile_batch} (must be 0)"
            )
        self.log_dir = str(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._global_train_batch = 0
        self._writers = {}

    def set_model(self, model):
        super().set_model(model)
        self._writers = {}
        if self.write_graph and type(model).__name__ in ("Functional", "Sequential"):
            try:
                self._train_writer.text("keras", "graph_keras_model", model.to_json(), 0)
            except (TypeError, ValueError) as error:
                warnings.warn(f"Model failed to serialize as JSON. Ignoring... {error}", stacklevel=2)

    @property
    def _train_writer(self):
        return self._writer("train")

    @property
    def _val_writer(self):
        return self._writer("validation")

    def _writer(self, folder):
        """Returns the writer for a folder. Its file is made only when there is something to write."""
        if folder not in self._writers:
            self._writers[folder] = EventWriter(os.path.join(self.log_dir, folder))
        return self._writers[folder]

    def on_train_begin(self, logs=None):
        self._global_train_batch = 0

    def on_train_end(self, logs=None):
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def on_train_batch_begin(self, batch, logs=None):
        self._global_train_batch += 1
        self._batch_start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        if self.update_freq == "epoch" or self._global_train_batch % self.update_freq:
            return
        values = {f"batch_{name}": value for name, value in (logs or {}).items()}
        if self.write_steps_per_second:
            values["batch_steps_per_second"] = 1 / (time.perf_counter() - self._batch_start)
        _write(self._train_writer, values, self._global_train_batch)

    def on_test_end(self, logs=None):
        values = {f"evaluation_{name}_vs_iterations": value for name, value in (logs or {}).items()}
        if self.model.optimizer is not None and values:
            _write(self._val_writer, values, self._iterations())

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch_start = time.perf_counter(), self._iterations()

    def on_epoch_end(self, epoch, logs=None):
        if logs:
            self._write_epoch(epoch, logs)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self.model.save_weights(os.path.join(self.log_dir, "train", f"keras_embedding.ckpt-{epoch}.weights.h5"))

    def _iterations(self):
        return int(value_of(self.model.optimizer.iterations))

    def _write_epoch(self, epoch, logs):
        values = {f"epoch_{name}": value for name, value in logs.items() if not name.startswith("val_")}
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        values.update({f"epoch_{name}": rate for name, rate in learning_rates_for_logs(optimizer).items()})
        if self.write_steps_per_second:
            start, iterations = self._epoch_start
            values["epoch_steps_per_second"] = (self._iterations() - iterations) / (time.perf_counter() - start)
        _write(self._train_writer, values, epoch)
        validation = {f"epoch_{name[4:]}": value for name, value in logs.items() if name.startswith("val_")}
        if validation:
            _write(self._val_writer, validation, epoch)

    def _write_weights(self, epoch):
        for layer in self.model.layers:
            for weight in layer.weights:
                self._train_writer.histogram(f"{weight.path}/histogram", weight.value, epoch)
                images = _to_images(weight.value) if self.write_images else None
                if images is not None:
                    self._train_writer.images(f"{weight.path}/image", images, epoch)
        self._train_writer.flush()


def _write(writer, values, step):
    for name, value in values.items():
        writer.scalar(name, value, step)


def _to_images(weight):
    """Returns weights as images of shape `(n, h, w, c)`, or None where they are none."""
    images = np.squeeze(weight)
    if images.ndim == 1:
        images = images.reshape(1, -1, 1, 1)
    elif images.ndim == 2:
        images = (images.T if images.shape[0] > images.shape[1] else images)[np.newaxis, :, :, np.newaxis]
    elif images.ndim == 3:
        is_last = config.image_data_format() == "channels_last"
        images = (images.transpose(2, 0, 1) if is_last else images)[..., np.newaxis]
    return images if images.ndim == 4 and images.shape[-1] in (1, 3, 4) else None
