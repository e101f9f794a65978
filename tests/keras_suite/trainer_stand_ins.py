"""Stand-ins for what Keras's tests of training ask for."""

import types
import unittest

from convlayers.data import sources
from convlayers.data.batch_parts import batch_to_arrays, class_weight_to_sample_weights
from convlayers.data.epochs import Epochs
from convlayers.data.py_dataset import PyDataset
from convlayers.models import compile_loss, compile_metrics, trainer

# `trainer_test.py` asks which of Keras's backends runs it. With this name the fewest of its tests are left out.
BACKEND = "tensorflow"


class Trainer(trainer.Trainer):
    """What makes a model of any layer."""

    def __init__(self):
        self._initialize_training()

    def _has_call(self):
        return True


def add_private_names():
    """Gives trainers the names that Keras has for what a model was compiled with."""
    for private, name in {"_loss_tracker": "loss_tracker", "_compile_loss": "loss", "_compile_metrics": "metrics"}.items():
        setattr(trainer.Trainer, private, property(lambda self, name=name: getattr(self._compilation, name)))


class _Adapter:
    """A kind of data, under the names of Keras's adapters."""

    def get_numpy_iterator(self):
        return iter(self)

    def get_tf_dataset(self):
        raise unittest.SkipTest("data sets of TensorFlow are made by TensorFlow")


class ArrayDataAdapter(sources.ArrayBatches, _Adapter):
    def __init__(self, x, y=None, sample_weight=None, batch_size=None, steps=None, shuffle=False, class_weight=None):
        super().__init__(*batch_to_arrays((x, y, sample_weight)), batch_size, steps, shuffle, class_weight)
        self.partial_batch_size = self.num_samples % self.batch_size
        self.has_partial_batch = self.partial_batch_size > 0


class GeneratorDataAdapter(sources.IterableBatches, _Adapter):
    pass


class PyDatasetAdapter(sources.NumberedBatches, _Adapter):
    def __init__(self, x, class_weight=None, shuffle=False):
        super().__init__(x, shuffle, class_weight)


class EpochIterator:
    """Goes through the batches of an epoch as the loops of training do."""

    def __init__(self, x, y=None, sample_weight=None, batch_size=None, steps_per_epoch=None, shuffle=False):
        self.data_adapter = sources.make_batches(x, y, sample_weight, batch_size, steps_per_epoch, shuffle)
        self._epochs = Epochs(self.data_adapter, steps_per_epoch)

    def __iter__(self):
        return ((step, step, [batch]) for step, batch in enumerate(self._epochs))

    enumerate_epoch = __iter__


def _module(name, **names):
    def make():
        module = types.ModuleType(name)
        module.__path__ = []
        vars(module).update(names)
        return module

    return name, make


_ADAPTERS = {
    "array_data_adapter": {"ArrayDataAdapter": ArrayDataAdapter},
    "data_adapter_utils": {"class_weight_to_sample_weights": class_weight_to_sample_weights},
    "generator_data_adapter": {"GeneratorDataAdapter": GeneratorDataAdapter},
    "py_dataset_adapter": {"PyDataset": PyDataset, "PyDatasetAdapter": PyDatasetAdapter},
}
_FOLDER = "keras.src.trainers.data_adapters"
STAND_INS = dict(
    [
        _module("keras.src.backend.common.symbolic_scope", in_symbolic_scope=lambda: False),
        _module("keras.src.backend.tensorflow.trainer", TensorFlowTrainer=Trainer),
        _module(
            "keras.src.trainers.compile_utils",
            CompileLoss=compile_loss.CompileLoss,
            CompileMetrics=compile_metrics.CompileMetrics,
        ),
        _module("keras.src.trainers.epoch_iterator", EpochIterator=EpochIterator),
        _module(_FOLDER, get_data_adapter=sources.make_batches, GeneratorDataAdapter=sources.IterableBatches),
        *(_module(f"{_FOLDER}.{name}", **names) for name, names in _ADAPTERS.items()),
    ]
)
