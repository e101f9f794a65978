"""Layers of Keras 1, where sizes were arguments of their own: `Convolution2D(32, 3, 3)`, and of Keras 2, by other names."""

from convlayers import layers
from convlayers.layers.merging.merge import Merge
from convlayers.legacy.old_spelling import warn_of, warn_once
from convlayers.saving.legacy import keras1


class _Renamed(type):
    """The class of classes that stand for another: they make layers of it, and layers of it are theirs."""

    def __call__(cls, *args, **kwargs):
        today = _today(cls)
        if today is None:
            return super().__call__(*args, **kwargs)
        if today is layers.Conv2DTranspose and len(args) > 3:
            args, kwargs = (*args[:3], *args[4:]), {**kwargs, "output_shape": args[3]}
        sizes = args[1 : 1 + today.rank]
        if len(sizes) == today.rank > 1 and all(type(size) is int for size in sizes):
            written = f"{cls.__name__}({', '.join(map(str, (args[0], *sizes)))})"
            warn_once(
                cls.__name__,
                f"`{written}` is from older versions of Keras. Today, write `{today.__name__}({args[0]}, {sizes})`.",
            )
            args = (args[0], sizes, *args[1 + today.rank :])
        else:
            warn_of(cls.__name__, f"`{today.__name__}`")
        return today(*args, **kwargs)

    def __instancecheck__(cls, instance):
        today = _today(cls)
        return super().__instancecheck__(instance) if today is None else isinstance(instance, today)


def _today(cls):
    """Returns the class that one stands for, None for a subclass of such a class in a script."""
    base = cls.__mro__[1]
    return None if isinstance(base, _Renamed) else base


def ThresholdedReLU(theta=1.0, **kwargs):
    """Returns a layer that sets to 0 what is below `theta`."""
    warn_of("ThresholdedReLU(theta=...)", "`ReLU(threshold=...)`")
    return layers.ReLU(threshold=theta, **kwargs)


def merge(inputs, mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None, name=None, **kwargs):
    """Merges tensors in the way that `mode` says.

    Args:
        inputs: list of tensors.
        mode: "sum", "mul", "ave", "max", "concat", "dot", "cos", or a function of the list.
        concat_axis: the axis along which "concat" puts them behind one another.
        dot_axes: the axes that "dot" and "cos" sum over.
        name: the layer's name.
        output_shape, output_mask, kwargs: taken for compatibility, without effect.

    Raises:
        ValueError: for another mode.
    """
    if callable(mode):
        warn_of("merge(mode=function)", "`Lambda(function)(inputs)`")
        return layers.Lambda(mode, name=name)(inputs)
    if mode not in keras1.MERGE_MODES:
        raise ValueError(f"Invalid merge mode. Expected one of: {list(keras1.MERGE_MODES)}. Received: mode={mode}")
    today = keras1.MERGE_MODES[mode]
    arguments = {
        "concat": {"axis": concat_axis},
        "dot": {"axes": dot_axes},
        "cos": {"axes": dot_axes, "normalize": True},
    }.get(mode, {})
    written = "".join(f"{key}={value}, " for key, value in arguments.items()).removesuffix(", ")
    warn_of(f"merge(mode={mode!r})", f"`{today}({written})(inputs)`")
    return getattr(layers, today)(name=name, **arguments)(inputs)


class OwnMerge(Merge):
    """`_Merge`: the base of layers of a script's own that combine arrays. Subclasses define `_merge_function(inputs)`."""

    def _merge(self, inputs):
        return self._merge_function(inputs)


# What old scripts find in `keras.layers`.
ADDED = {
    old: _Renamed(old, (getattr(layers, today),), {"__doc__": f"`{today}`, as Keras 1 named it."})
    for old, today in keras1.CLASSES.items()
} | {"ThresholdedReLU": ThresholdedReLU, "_Merge": OwnMerge}
