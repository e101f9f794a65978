"""What scripts set about devices, of which there is one: sessions of TensorFlow 1, and strategies for several devices."""

import contextlib
import types

from convlayers import ops


class ConfigProto(types.SimpleNamespace):
    """Settings of a session. They are taken, and have no effect."""

    def __init__(self, **settings):
        super().__init__(**{"gpu_options": types.SimpleNamespace(), **settings})


class Options:
    """Settings of a data set, and settings in them, whatever they are called. They are taken, and have no effect."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        vars(self)[name] = Options()
        return vars(self)[name]


ANY_POLICY = Options()


class Session:
    """What a script makes to set how much memory of a GPU is used. Nothing runs in it.

    Args:
        config: settings, without effect.
    """

    def __init__(self, target="", graph=None, config=None):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def close(self):
        """Does nothing."""

    def run(self, *args, **kwargs):
        """Not supported.

        Raises:
            NotImplementedError: with what to call instead.
        """
        raise NotImplementedError(
            "Nothing runs in a session of TensorFlow 1: there are no graphs. Call the model, or `model.predict`. A variable's "
            "value is `keras.backend.get_value(x)`, and `keras.backend.function(inputs, outputs)` is a part of a model."
        )


class TPUClusterResolver:
    """Looks for a TPU, and finds none, as on any machine without: scripts go on with another strategy then.

    Raises:
        ValueError: always.
    """

    def __init__(self, tpu=None, **kwargs):
        raise ValueError("There is no TPU: convlayers computes on the CPU. Use `tf.distribute.get_strategy()`.")

    @classmethod
    def connect(cls, tpu=None, **kwargs):
        """Finds none either."""
        return cls(tpu)


class ReduceOp:
    """The first argument of `reduce`."""

    MEAN = "mean"
    SUM = "sum"


class Strategy:
    """How a model is trained on all devices: here, on the only one.

    Args:
        devices, kwargs: taken for compatibility, without effect.
    """

    num_replicas_in_sync = 1

    def __init__(self, devices=None, **kwargs):
        pass

    def scope(self):
        """Returns a context in which nothing is different."""
        return contextlib.nullcontext(self)

    def run(self, fn, args=(), kwargs=None):
        """Returns what a function returns."""
        return fn(*args, **(kwargs or {}))

    def experimental_distribute_dataset(self, dataset):
        """Returns the data set, all of which is for the one device."""
        return dataset

    def reduce(self, reduce_op, value, axis=None):
        """Returns the value that the one device has: as it is, or its sum or mean along an axis."""
        return value if axis is None else {"mean": ops.mean, "sum": ops.sum}[reduce_op](value, axis=axis)


def list_devices(device_type=None):
    """Returns the devices: one CPU."""
    return [] if device_type not in (None, "CPU") else ["/physical_device:CPU:0"]


def no_effect(*args, **kwargs):
    """Does nothing: there is one device, and nothing to set."""


def device(device_name):
    """Returns a context in which nothing is different."""
    return contextlib.nullcontext()


def is_gpu_available(*args, **kwargs):
    """Returns False."""
    return False


def gpu_device_name():
    """Returns the name of no device."""
    return ""
