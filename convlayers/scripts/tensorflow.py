"""The module that a script gets by `import tensorflow as tf`: `tf.keras`, and the few other names that Keras scripts use.

All of them are in `_NAMES`. A name stands for a function or class of this package, written "module.name"; "own" is
`tensorflow_parts.py`. Where TensorFlow calls arguments otherwise, a dict with their names here is behind it.
"""

import functools
import importlib
import types

from convlayers.scripts.eager import eager

_AXIS = {"input_tensor": "x"}


def _same(names, **arguments):
    return {name: (f"ops.{name}", arguments) for name in names.split()}


_NAMES = {
    "": {
        "__version__": "own.VERSION",
        **_same("abs add divide equal exp greater less maximum minimum multiply ones round sigmoid sign sqrt square subtract"),
        **_same("tanh zeros"),
        # Types of numbers are their names here.
        **{name: f"own.{name}" for name in ("bool", "float16", "float32", "float64", "int32", "int64", "string", "uint8")},
        "GradientTape": "own.GradientTape",
        "Tensor": "autograd.Operand",
        "Variable": ("variables.Variable", {"initial_value": "initializer"}),
        "argmax": "own.argmax",
        "argmin": "own.argmin",
        "cast": "ops.cast",
        "clip_by_value": ("ops.clip", {"t": "x", "clip_value_min": "x_min", "clip_value_max": "x_max"}),
        "concat": ("ops.concatenate", {"values": "xs"}),
        "constant": "own.constant",
        "convert_to_tensor": ("ops.convert_to_tensor", {"value": "x"}),
        "device": "own.device",
        "expand_dims": ("ops.expand_dims", {"input": "x"}),
        "fill": "own.fill",
        "function": "own.function",
        "gather": "own.gather",
        "get_logger": "own.get_logger",
        "identity": ("ops.convert_to_tensor", {"input": "x"}),
        "linspace": "ops.linspace",
        "newaxis": "own.newaxis",
        "matmul": ("ops.matmul", {"a": "x1", "b": "x2"}),
        "one_hot": ("ops.one_hot", {"indices": "x", "depth": "num_classes"}),
        "ones_like": ("ops.ones_like", {"input": "x"}),
        "pad": "own.pad",
        "pow": "ops.power",
        "range": ("ops.arange", {"limit": "stop", "delta": "step"}),
        "reduce_all": ("ops.all", {"input_tensor": "x"}),
        "reduce_any": ("ops.any", {"input_tensor": "x"}),
        "reduce_max": ("ops.max", _AXIS),
        "reduce_mean": ("ops.mean", _AXIS),
        "reduce_min": ("ops.min", _AXIS),
        "reduce_prod": ("ops.prod", _AXIS),
        "reduce_sum": ("ops.sum", _AXIS),
        "reshape": ("ops.reshape", {"tensor": "x", "shape": "newshape"}),
        "shape": ("ops.shape", {"input": "x"}),
        "split": ("ops.split", {"value": "x", "num_or_size_splits": "indices_or_sections"}),
        "squeeze": ("ops.squeeze", {"input": "x"}),
        "stack": ("ops.stack", {"values": "x"}),
        "stop_gradient": ("ops.stop_gradient", {"input": "variable"}),
        "tile": ("ops.tile", {"input": "x", "multiples": "repeats"}),
        "transpose": ("ops.transpose", {"a": "x", "perm": "axes"}),
        "where": ("ops.where", {"x": "x1", "y": "x2"}),
        "zeros_like": ("ops.zeros_like", {"input": "x"}),
    },
    "config": {
        "list_logical_devices": "own.list_devices",
        "list_physical_devices": "own.list_devices",
        "run_functions_eagerly": "own.no_effect",
        "set_visible_devices": "own.no_effect",
    },
    "config.experimental": {
        "list_physical_devices": "own.list_devices",
        "set_memory_growth": "own.no_effect",
    },
    "data": {
        "AUTOTUNE": "own.AUTOTUNE",
        "Dataset": "scripts.datasets.Dataset",
    },
    "data.experimental": {"AUTOTUNE": "own.AUTOTUNE"},
    "image": {
        "flip_left_right": "own.flip_left_right",
        "grayscale_to_rgb": "own.grayscale_to_rgb",
        "random_flip_left_right": "own.random_flip_left_right",
        "resize": ("ops.image.resize", {"method": "interpolation"}),
        "rgb_to_grayscale": "ops.image.rgb_to_grayscale",
    },
    "math": {
        **_same("abs add ceil cos divide equal exp floor greater less log maximum minimum multiply rsqrt round sigmoid sign"),
        **_same("sin sqrt square subtract tanh"),
        "argmax": "own.argmax",
        "pow": "ops.power",
        "reduce_max": ("ops.max", _AXIS),
        "reduce_mean": ("ops.mean", _AXIS),
        "reduce_min": ("ops.min", _AXIS),
        "reduce_std": ("ops.std", _AXIS),
        "reduce_sum": ("ops.sum", _AXIS),
        "reduce_variance": ("ops.var", _AXIS),
    },
    "nn": {
        **_same("elu relu relu6 selu sigmoid silu softplus softsign swish tanh", features="x"),
        "dropout": ("random.dropout", {"x": "inputs"}),
        "gelu": "own.gelu",
        "l2_normalize": "ops.normalize",
        "leaky_relu": ("ops.leaky_relu", {"features": "x", "alpha": "negative_slope"}),
        "log_softmax": ("ops.log_softmax", {"logits": "x"}),
        "softmax": ("ops.softmax", {"logits": "x"}),
    },
    "random": {
        "normal": "random.normal",
        "set_seed": "own.set_seed",
        "shuffle": ("random.shuffle", {"value": "x"}),
        "truncated_normal": "random.truncated_normal",
        "uniform": "random.uniform",
    },
    "test": {
        "gpu_device_name": "own.gpu_device_name",
        "is_built_with_cuda": "own.is_gpu_available",
        "is_gpu_available": "own.is_gpu_available",
    },
}

# What scripts do with TensorFlow that Keras has another way for.
_ADVICE = {
    "ConfigProto": "There are no sessions: leave it out.",
    "Session": "There are no sessions: call the model, or `model.predict`.",
    "compat": "Names of TensorFlow 1 are not there: use those of TensorFlow 2, or of `keras`.",
    "contrib": "Names of TensorFlow 1 are not there: use those of TensorFlow 2, or of `keras`.",
    "distribute": "There is one device: leave the strategy and its scope out.",
    "get_default_graph": "There are no graphs: leave it out.",
    "global_variables_initializer": "Variables have values from the start: leave it out.",
    "lite": "Models are saved by `model.save('model.keras')`, which Keras can convert.",
    "placeholder": "Use `keras.Input(shape)`.",
    "saved_model": "Models are saved by `model.save('model.keras')`.",
    "set_random_seed": "Use `tf.random.set_seed(seed)` or `keras.utils.set_random_seed(seed)`.",
}


class _Face(types.ModuleType):
    """A module of TensorFlow."""

    __path__ = ()

    def __init__(self, path):
        super().__init__(f"tensorflow.{path}" if path else "tensorflow")
        self._path = path

    def __getattr__(self, name):
        if self._path == "" and name == "keras":
            return importlib.import_module("tensorflow.keras")
        path = f"{self._path}.{name}".lstrip(".")
        if path in _NAMES:
            return importlib.import_module(f"tensorflow.{path}")
        if name not in _NAMES.get(self._path, ()):
            raise AttributeError(_refusal(f"module '{self.__name__}' has no attribute '{name}'.", path))
        entry = _NAMES[self._path][name]
        place, arguments = entry if isinstance(entry, tuple) else (entry, {})
        module, _, attribute = place.replace("own.", "scripts.tensorflow_parts.").rpartition(".")
        value = getattr(importlib.import_module(f"convlayers.{module}"), attribute)
        value = _with_names(value, arguments) if arguments else value
        value = eager(value) if isinstance(value, types.FunctionType) else value
        setattr(self, name, value)
        return value

    def __dir__(self):
        return sorted({*vars(self), *_NAMES.get(self._path, ())})


def _with_names(function, arguments):
    """Returns a function that takes its arguments by TensorFlow's names too."""

    @functools.wraps(function)
    def renamed(*args, name=None, **kwargs):
        return function(*args, **{arguments.get(key, key): value for key, value in kwargs.items()})

    return renamed


def find_tensorflow(name):
    """Returns the module that a script imports as `name`.

    Raises:
        ModuleNotFoundError: if there is none, with what to do instead.
    """
    path = name.partition(".")[2]
    if path not in (*_NAMES, "python"):
        raise ModuleNotFoundError(_refusal(f"No module named '{name}'.", path))
    if path not in _faces:
        _faces[path] = _Face(path)
    return _faces[path]


_faces = {}


def _refusal(first_line, path):
    advice = _ADVICE.get(path.split(".")[0], "`keras.ops` has the functions on arrays, under the names of NumPy.")
    return f"{first_line}\nThe script runs with convlayers, which has `tf.keras` and little else of TensorFlow. {advice}"
