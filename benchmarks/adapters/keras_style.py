"""What convlayers and Keras share: a case in Keras's words. Subclasses say how it runs and differentiates."""

import numpy as np

from benchmarks.adapters.work import CHECKED_STEPS, Work
from benchmarks.keeping_case import KeepingCase
from benchmarks.layer_case import LayerCase
from benchmarks.model_case import initial_weights

POOLING_CLASSES = {
    "max_pool": "MaxPooling",
    "average_pool": "AveragePooling",
    "adaptive_max_pool": "AdaptiveMaxPooling",
    "adaptive_average_pool": "AdaptiveAveragePooling",
}
# Layers whose names do not say that they ask where the channels are, and by which argument they do.
WITH_AXIS = ("BatchNormalization", "GroupNormalization")
WITH_DATA_FORMAT = ("Flatten", "Resizing", "RandomFlip", "RandomRotation", "RandomBrightness", "RandomContrast")


class KerasStyleAdapter:
    """Builds layers and models with `self.keras`, a module that offers what Keras does."""

    data_format = "channels_last"

    def __init__(self, keras):
        self.keras = keras

    def lacks(self, case):
        layers = self.keras.layers
        missing = sorted(name for name in _class_names(case) if not hasattr(layers, name))
        return f"{self.name} has no {', '.join(missing)}" if missing else None

    def prepare(self, case, dtype, direction):
        if isinstance(case, LayerCase):
            return self.layer_work(case, dtype, direction)
        if isinstance(case, KeepingCase):
            return self.keeping_work(case, dtype, direction)
        return self.model_work(case, dtype)

    # Layers --------------------------------------------------------------------------------------------------------

    def build_layer(self, case, arrays, dtype):
        """Returns the built layer with the case's weights."""
        layer = getattr(self.keras.layers, _class_name(case))(**_arguments(case), data_format=self.data_format, dtype=dtype)
        layer.build(self.in_format(arrays.x).shape)
        if not case.pooling:
            layer.set_weights([arrays.kernel, arrays.bias])
        return layer

    def in_format(self, array):
        """Returns an array of the case, channels last, in this adapter's data format."""
        return array if self.data_format == "channels_last" else np.ascontiguousarray(np.moveaxis(array, -1, 1))

    def shape_in_format(self, shape):
        """The same for a shape without the batch."""
        return shape if self.data_format == "channels_last" else (shape[-1], *shape[:-1])

    def format_options(self, kind):
        """Returns the arguments that tell a layer of this class about the data format."""
        if self.data_format == "channels_last":
            return {}
        if kind in WITH_AXIS:
            return {"axis": 1}
        if kind == "PReLU":
            return {"shared_axes": [2, 3]}
        return {"data_format": self.data_format} if kind.endswith("2D") or kind in WITH_DATA_FORMAT else {}

    def from_format(self, array):
        """The way back."""
        return array if self.data_format == "channels_last" else np.moveaxis(array, 1, -1)

    # Models --------------------------------------------------------------------------------------------------------

    def build_model(self, model, dtype):
        """Returns the compiled model with its initial weights."""
        inputs = self.keras.Input(shape=self.shape_in_format(model.input_shape), dtype=dtype)
        outputs = self._apply(model.placed(), inputs, dtype)
        built = self.keras.Model(inputs, outputs)
        for name, weights in initial_weights(model, dtype).items():
            built.get_layer(name).set_weights(weights)
        built.compile(optimizer=self._optimizer(model), loss="sparse_categorical_crossentropy")
        return built

    def _apply(self, layers, x, dtype):
        for layer in layers:
            if layer.kind == "Residual":
                main, shortcut = (self._apply(layer.options[way], x, dtype) for way in ("main", "shortcut"))
                added = self.keras.layers.Add(name=f"{layer.name}_add", dtype=dtype)([main, shortcut])
                x = self.keras.layers.Activation("relu", name=f"{layer.name}_relu", dtype=dtype)(added)
            else:
                options = layer.options | self.format_options(layer.kind)
                x = getattr(self.keras.layers, layer.kind)(name=layer.name, dtype=dtype, **options)(x)
        return x

    def _optimizer(self, model):
        optimizers = self.keras.optimizers
        if model.optimizer == "sgd":
            return optimizers.SGD(model.learning_rate, momentum=0.9, nesterov=True)
        return {"rmsprop": optimizers.RMSprop, "adam": optimizers.Adam}[model.optimizer](model.learning_rate)

    def model_work(self, case, dtype):
        # To which `train_on_batch` and `predict` convert what they are given.
        self.keras.config.set_floatx(dtype)
        x, labels = case.arrays(dtype)
        x = self.in_format(x)
        model = self.build_model(case.model, dtype)
        runs = {
            "train_on_batch": lambda: model.train_on_batch(x, labels),
            "predict": lambda: model.predict(x, batch_size=case.batch, verbose=0),
            "call": self.caller(model, x),
        }

        def answers():
            checked = self.build_model(case.model.repeatable(), dtype)
            results = {"predictions": np.asarray(checked.predict(x, batch_size=case.batch, verbose=0))}
            if case.action == "train_on_batch":
                results["losses"] = np.ravel([checked.train_on_batch(x, labels) for _ in range(CHECKED_STEPS)])
            return results

        return Work(runs[case.action], answers)


def _arguments(case):
    if case.adaptive:
        return {"output_size": case.window}
    arguments = {"padding": case.padding, "strides": case.strides}
    if case.pooling:
        return {**arguments, "pool_size": case.window}
    arguments |= {"kernel_size": case.window, "dilation_rate": case.dilation}
    if case.layer == "conv":
        arguments |= {"filters": case.filters, "groups": case.groups}
    elif case.transposed:
        arguments["filters"] = case.filters
    return arguments


def _class_names(case):
    if isinstance(case, KeepingCase):
        return {case.kind}
    return {_class_name(case)} if isinstance(case, LayerCase) else {leaf.kind for leaf in case.model.leaves()}


def _class_name(case):
    if case.pooling:
        return f"{POOLING_CLASSES[case.layer]}{case.rank}D"
    if case.transposed:
        return f"Conv{case.rank}DTranspose"
    return f"{'DepthwiseConv' if case.layer == 'depthwise' else 'Conv'}{case.rank}D"
