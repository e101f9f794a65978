"""What arguments of layers and callbacks were called in Keras 1 and 2, as tables, and their translation.

`accept_old_arguments()` puts the translation in front of the `__init__` of each class. It is called when a script is to find
convlayers under Keras's name; without it, layers are as strict as Keras 3 is.
"""

import functools
import inspect

from convlayers import validation
from convlayers.legacy.old_spelling import warn_of, warn_once
from convlayers.saving.legacy import keras1
from convlayers.symbolic import KerasTensor

# The names of today for those of then, class by class: those of Keras 1, which its files have as well, and the rest.
_IN_SCRIPTS_ONLY = {
    "AlphaDropout": {"p": "rate"},
    "Flatten": {"dim_ordering": "data_format"},
    "InputLayer": {"batch_input_shape": "batch_shape", "input_dtype": "dtype", "input_shape": "shape"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "ReduceLROnPlateau": {"epsilon": "min_delta"},
    "Reshape": {"dims": "target_shape"},
}
RENAMED_ARGUMENTS = {**keras1.ARGUMENTS, **_IN_SCRIPTS_ONLY}

# Arguments that say nothing today.
DROPPED_ARGUMENTS = {
    "BatchNormalization": ("mode", "fused", "virtual_batch_size"),
    "Embedding": ("dropout",),
    "ModelCheckpoint": ("period",),
    "TensorBoard": ("batch_size", "embeddings_data", "embeddings_layer_names", "write_grads"),
}

# Arguments that had a default.
DEFAULTS = {"AveragePooling1D": {"pool_size": 2}, "AveragePooling2D": {"pool_size": 2}, "AveragePooling3D": {"pool_size": 2}}


# What TensorFlow calls number types besides.
_TYPES = {"double": "float64", "float": "float32", "half": "float16"}


def accept_names_of_types():
    """Lets number types have TensorFlow's names for them: `K.cast(x, "float")`."""
    validation.OTHER_NAMES_OF_DTYPES.update(_TYPES)


def accept_old_arguments(classes):
    """Lets classes take the arguments of Keras 1 and 2, with a warning for each."""
    for cls in classes:
        cls.__init__ = _translating(cls.__name__, cls.__init__)


def accept_names_of_weights(kind):
    """Lets `add_weight` take the name first, as in Keras 2: `add_weight("kernel", shape=(3, 3))`."""
    add_weight = kind.add_weight

    @functools.wraps(add_weight)
    def named(self, *args, **kwargs):
        if args and isinstance(args[0], str):
            warn_of("add_weight(name, ...)", "`add_weight(..., name=name)`")
            args, kwargs = args[1:], {**kwargs, "name": args[0]}
        return add_weight(self, *args, **kwargs)

    kind.add_weight = named


def _translating(class_name, init):
    @functools.wraps(init)
    def __init__(self, *args, **kwargs):
        args, kwargs, later = translate(class_name, args, kwargs)
        init(self, *args, **kwargs)
        if "array" in later:
            vars(self)["held_array"] = later.pop("array")
        if later:
            build = functools.partial(_build_and_settle, self, later)
            build.__signature__ = inspect.signature(self.build)
            object.__setattr__(self, "build", build)

    __init__.__signature__ = inspect.signature(init)
    return __init__


def _build_and_settle(layer, later, input_shape):
    """Stands for the `build` of a layer until it is called."""
    object.__delattr__(layer, "build")
    if "output_shape" in later:
        layer.output_padding = _padding_for(layer, input_shape, later["output_shape"])
    layer.build(input_shape)
    if "weights" in later:
        layer.set_weights(later["weights"])


def _padding_for(layer, input_shape, output_shape):
    """Returns the `output_padding` of a transposed convolution with which its outputs are of a shape, None for any."""
    layer.output_padding = (0,) * layer.rank
    smallest = layer.compute_output_shape(input_shape)
    spatial = slice(1, -1) if layer.data_format == "channels_last" else slice(2, None)
    sizes = list(zip(output_shape[spatial], smallest[spatial], strict=True))
    return None if any(None in pair for pair in sizes) else tuple(wanted - least for wanted, least in sizes)


def translate(class_name, args, kwargs):
    """Returns the arguments of today for those that a script has.

    Args:
        class_name: the layer's name, as "Conv2D".
        args, kwargs: the arguments.

    Returns:
        `(args, kwargs, later)`; the last has what is needed when the layer is built: the argument `weights` of Keras 2, and
        `output_shape` of Keras 1; and the array that an input holds.
    """
    kwargs = {**kwargs}
    _join_sizes(kwargs)
    for old, new in RENAMED_ARGUMENTS.get(class_name, {}).items():
        if old in kwargs and new not in kwargs:
            warn_of(f"{class_name}({old}=...)", f"`{new}=...`")
            kwargs[new] = _value_today(new, kwargs.pop(old))
    for name in DROPPED_ARGUMENTS.get(class_name, ()):
        if name in kwargs:
            warn_of(f"{class_name}({name}=...)", "nothing in its place: it has no effect")
            del kwargs[name]
    for name, value in DEFAULTS.get(class_name, {}).items():
        if not args and name not in kwargs:
            warn_of(f"{class_name}()", f"`{class_name}({name}={value})`")
            kwargs[name] = value
    _take_input_shape(class_name, kwargs)
    later = {}
    _take_input_array(kwargs, later)
    _warn_of_sizes(class_name, args)
    if "weights" in kwargs and class_name != "Embedding":  # which has the argument today
        later["weights"] = kwargs.pop("weights")
        warn_of(f"{class_name}(weights=...)", "`layer.set_weights(weights)` after the layer is built")
    if "output_shape" in kwargs and class_name == "Conv2DTranspose":
        later["output_shape"] = kwargs.pop("output_shape")
        warn_of(f"{class_name}(output_shape=...)", "`output_padding=...` where the shape is not that by default")
    return args, kwargs, later


def _value_today(name, value):
    if isinstance(value, dict) and name == "padding":  # `ZeroPadding2D({"top_pad": 1, ...})`
        return tuple(value.values())
    values = keras1.VALUES.get("kernel_initializer" if name.endswith("initializer") else name, {})
    return values.get(value, value) if isinstance(value, str) else value


def _join_sizes(kwargs):
    for new, alternatives in keras1.JOINED.items():
        for names in alternatives:
            if all(name in kwargs for name in names):
                warn_of(", ".join(f"{name}=..." for name in names), f"`{new}=({', '.join(names)})`")
                kwargs[new] = tuple(kwargs.pop(name) for name in names)


def _take_input_shape(class_name, kwargs):
    if "batch_input_shape" in kwargs:
        warn_of(f"{class_name}(batch_input_shape=...)", "`keras.Input(batch_shape=...)` before the layer")
        kwargs["input_shape"] = tuple(kwargs.pop("batch_input_shape"))[1:]
    if class_name == "InputLayer" and validation.is_integer(kwargs.get("shape")):
        warn_of("Input(shape=n)", "`shape=(n,)`")
        kwargs["shape"] = (kwargs["shape"],)
    if class_name in ("Conv1D", "Embedding") and "input_length" in kwargs:
        warn_of(f"{class_name}(input_length=...)", "`keras.Input(shape)` before the layer")
        length = kwargs.pop("input_length")
        if class_name == "Conv1D" and "input_dim" in kwargs:
            kwargs["input_shape"] = (length, kwargs.pop("input_dim"))


def _take_input_array(kwargs, later):
    """Lets what takes arrays like one be made by it, as in Keras 2. `K.function` gives it the array."""
    array = kwargs.get("input_tensor")
    if array is not None and not isinstance(array, KerasTensor):
        warn_of("Input(tensor=array)", "`Input(batch_shape=array.shape)`, and give the array to the model")
        kwargs.update(input_tensor=None, shape=None, batch_size=None, batch_shape=tuple(array.shape), dtype=array.dtype)
        later["array"] = array


def _warn_of_sizes(class_name, args):
    """Warns of what was the size of the window in Keras 1, and is a size and a stride today."""
    sizes = args[1:3]
    if class_name == "Conv2D" and len(sizes) == 2 and all(type(size) is int and size > 1 for size in sizes):
        rows, columns = sizes
        warn_once(
            "Conv2D(filters, rows, columns)",
            f"`Conv2D({args[0]}, {rows}, {columns})` has a window of {rows}x{rows} and strides of {columns}. In Keras 1 it had "
            f"a window of {rows}x{columns}, which is `Conv2D({args[0]}, ({rows}, {columns}))` today. If strides are meant, "
            f"write `strides={columns}`.",
        )


def classes_in(module, base):
    """Returns the classes in a module that derive from another."""
    values = {getattr(module, name) for name in dir(module) if not name.startswith("_") and name[0].isupper()}
    return {value for value in values if isinstance(value, type) and issubclass(value, base)}
