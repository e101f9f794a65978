"""`tf.Variable`, and what variables have and give in scripts."""

import functools

from convlayers import ops
from convlayers.autograd import value_of
from convlayers.ops import operators
from convlayers.scripts.tensorflow.eager import EagerArray, as_eager, eager
from convlayers.variables import Variable


class _KindsOfVariables(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, Variable)


class AnyVariable(metaclass=_KindsOfVariables):
    """`tf.Variable`: makes a `Variable` of the arguments that TensorFlow has. All variables are instances of it.

    Args:
        initial_value: array or number, or a function without arguments that returns one.
        trainable: whether gradients are computed for it.
        validate_shape, caching_device, variable_def, import_scope, synchronization, aggregation, shape: taken for
            compatibility, without effect.
        name: its name, in which a "/" becomes "_".
        dtype: the number type; by default that of the value.
        constraint: function of the variable, or None.
    """

    def __new__(
        cls,
        initial_value=None,
        trainable=None,
        validate_shape=True,
        caching_device=None,
        name=None,
        variable_def=None,
        dtype=None,
        import_scope=None,
        constraint=None,
        synchronization=None,
        aggregation=None,
        shape=None,
    ):
        value = initial_value() if callable(initial_value) else initial_value
        name = name and name.replace("/", "_")
        return Variable(value, dtype=dtype, trainable=trainable is not False, name=name, constraint=constraint)


def extend_variables():
    """Lets what operators make of variables have the method `numpy()`, and lets parts of variables be assigned to."""
    names = [*operators.BINARY, *(f"r{name}" for name in operators.BINARY), *operators.COMPARISONS, *operators.UNARY]
    for name in ("array_ufunc", *names):
        setattr(Variable, f"__{name}__", eager(getattr(Variable, f"__{name}__")))
    Variable.__bool__ = lambda variable: bool(variable.value)
    Variable.__iter__ = lambda variable: iter(as_eager(ops.unstack(variable)))
    Variable.__getitem__ = _part_of(Variable.__getitem__)
    Variable.scatter_nd_update = _scatter_nd_update
    for name, reduction in _SCATTERED.items():
        setattr(Variable, f"scatter_{name}", _of_slices(reduction))
    Variable.scatter_sub = lambda variable, sparse_delta, use_locking=False, name=None: variable.scatter_add(-sparse_delta)
    Variable.read_value = lambda variable: as_eager(variable.numpy())


def _part_of(get_item):
    get_item = eager(get_item)

    def __getitem__(variable, key):
        part = get_item(variable, key)
        if type(part) is EagerArray:
            part.assign = functools.partial(_assign_part, variable, key)
        return part

    return __getitem__


def _assign_part(variable, key, value):
    whole = variable.numpy()
    whole[key] = value_of(value)
    return variable.assign(whole)


def _scatter_nd_update(variable, indices, updates, name=None):
    """Writes numbers in the places that the last axis of `indices` has."""
    return variable.assign(ops.scatter_update(variable, indices, updates))


class IndexedSlices:
    """Some slices of an array along its first axis. Gradients are never of this class here: they have all their numbers.

    Args:
        values: array of the slices.
        indices: array of one axis with their places.
        dense_shape: the shape of the whole array, or None.
    """

    def __init__(self, values, indices, dense_shape=None):
        self.values = values
        self.indices = indices
        self.dense_shape = dense_shape

    def __neg__(self):
        return IndexedSlices(ops.negative(self.values), self.indices, self.dense_shape)


def _of_slices(reduction):
    """Returns a method that brings slices to their places in a variable."""

    def scatter(variable, sparse_delta, use_locking=False, name=None):
        indices = ops.expand_dims(sparse_delta.indices, -1)
        return variable.assign(ops.scatter_update(variable, indices, sparse_delta.values, reduction))

    return scatter


# What there is of `variable.scatter_update(slices)` and its like, and how each number is combined with that of the variable.
_SCATTERED = {"add": "add", "max": "max", "min": "min", "mul": "mul", "update": None}
