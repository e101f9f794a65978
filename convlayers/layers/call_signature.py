"""What the `call` of a layer takes, and which of it `build` and `compute_output_shape` want to know the shapes of."""

import inspect
import weakref

from convlayers import nested
from convlayers.layers.call_arguments import consists_of_arrays, shape_of

_NAMED = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.KEYWORD_ONLY,
)


class CallSignature:
    """The arguments of a `call`.

    Attributes:
        signature: as `inspect` has it, without `self`.
        names: the names of the arguments.
        takes_one: whether one positional argument is enough.
        takes_training: whether there is an argument `training`.
        training_default: its default.
        takes_mask: whether there is an argument `mask`.
        mask_names: {"x": "x_mask"} for each argument with a mask of its own.
    """

    def __init__(self, call):
        self.signature = inspect.signature(call)
        parameters = self.signature.parameters
        self.names = list(parameters)
        required = [p for p in parameters.values() if p.default is p.empty and p.kind in _NAMED]
        self.takes_one = len(required) < 2 and any(p.kind is not p.KEYWORD_ONLY for p in (required or parameters.values()))
        self.takes_training = "training" in parameters
        self.training_default = parameters["training"].default if self.takes_training else None
        if self.training_default is inspect.Parameter.empty:
            self.training_default = None
        self.takes_mask = "mask" in parameters
        self.mask_names = {name: f"{name}_mask" for name in self.names if f"{name}_mask" in parameters}
        kinds = {p.kind for p in parameters.values()}
        self._is_simple = kinds <= {inspect.Parameter.POSITIONAL_OR_KEYWORD}
        self._required = {p.name for p in required}

    def bind(self, args, kwargs):
        """Returns the arguments of a call by name.

        Raises:
            TypeError: if one is missing, or one too many.
        """
        if self._is_simple and len(args) <= len(self.names):
            # What `inspect` would find, in a tenth of the time, where there is nothing to be said against it.
            given = dict(zip(self.names, args, strict=False))
            bound = {**given, **kwargs}
            if len(bound) == len(args) + len(kwargs) and self._required <= bound.keys() <= set(self.names):
                return {name: bound[name] for name in self.names if name in bound}
        return self.signature.bind(*args, **kwargs).arguments


_known = weakref.WeakKeyDictionary()


def signature_of(call):
    """Returns the `CallSignature` of a method, `call` or another, which is found once for all layers of a class."""
    function = getattr(call, "__func__", call)
    if function not in _known:
        _known[function] = CallSignature(call)
    return _known[function]


def shapes_for(method, arguments, layer):
    """Returns what to call `build` or `compute_output_shape` with, as keyword arguments: the shapes of inputs.

    A method with one argument gets the shape of the first input. One with several says by their names which it wants:
    `x_shape` is that of the argument `x` of `call`.

    Args:
        method: the method of the layer.
        arguments: the arguments of a call, by name.
        layer: the layer.

    Raises:
        ValueError: if the names do not fit.
    """
    shapes = {
        f"{name}_shape": nested.map_structure(shape_of, argument)
        for name, argument in arguments.items()
        if name not in ("mask", "args", "kwargs") and consists_of_arrays(argument)
    }
    names = [p.name for p in signature_of(method).signature.parameters.values() if p.kind in _NAMED]
    if len(names) == 1:
        return {names[0]: next(iter(shapes.values()), None)}
    for name in names:
        _check_name(name, method.__name__, layer)
    return {name: shapes[name] for name in names if name in shapes}


def _check_name(name, method_name, layer):
    rule = (
        f"For a `{method_name}()` method with more than one argument, all arguments should have a `_shape` suffix and match an "
        f"argument from `call()`. E.g. `{method_name}(self, foo_shape, bar_shape)`  For layer '{type(layer).__name__}', "
    )
    if not name.endswith("_shape"):
        raise ValueError(f"{rule}Received `{method_name}()` argument `{name}`, which does not end in `_shape`.")
    argument = name.removesuffix("_shape")
    if argument not in signature_of(layer.call).names:
        raise ValueError(
            f"{rule}received `{method_name}()` argument `{name}`, but `call()` does not have argument `{argument}`."
        )
