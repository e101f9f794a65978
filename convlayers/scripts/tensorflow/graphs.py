"""What scripts do about graphs, of which there are none: functions are called as they are."""

import contextlib
import typing

import numpy as np

from convlayers import ops
from convlayers.autograd import value_of
from convlayers.nested import flatten, map_structure
from convlayers.scripts.tensorflow.dtypes import float32
from convlayers.scripts.tensorflow.eager import as_eager, eager


class TensorSpec(typing.NamedTuple):
    """A shape and a number type: what scripts give to `tf.function`, where it has no effect."""

    shape: tuple
    dtype: str = float32
    name: str | None = None


def function(func=None, **kwargs):
    """Returns the function itself: there are no graphs to make of it."""
    return func if func is not None else function


def executing_eagerly():
    """Returns True: there are no graphs."""
    return True


def name_scope(name, *args, **kwargs):
    """Returns a context in which nothing is different: there is no graph whose parts have names."""
    return contextlib.nullcontext(name)


def cond(pred, true_fn=None, false_fn=None, name=None):
    """Returns what one of two functions returns."""
    return true_fn() if value_of(pred) else false_fn()


def custom_gradient(f):
    """Returns a function whose gradient is computed by what `f` returns as its second result."""
    return eager(ops.custom_gradient(f))


def map_fn(fn, elems, **kwargs):
    """Returns what a function makes of each element along the first axis, behind one another."""
    parts = [fn(map_structure(lambda x, place=place: x[place], elems)) for place in range(len(flatten(elems)[0]))]
    return map_structure(lambda *results: ops.stack(results), *parts)


def call_python(func, inp, Tout, **kwargs):
    """Returns what a function of arrays returns, in the number types that are asked for."""
    return map_structure(ops.cast, func(*(as_eager(np.asarray(value_of(x))) for x in inp)), Tout)
