"""What the named leaves of a family have of their own, other defaults, and what the base class says for them."""

import inspect
import types


def documented(leaf):
    """Completes what a leaf says of itself: a class decorator.

    The base class describes the arguments, once for all leaves. In the docstring of a leaf, "Args: those of `_Conv`." becomes
    that section, and what else the base class has after it is put before the example. So `help(Conv2D)` tells all. And where
    arguments are missing, Python's message names `Conv2D.__init__()`.
    """
    if "__init__" not in vars(leaf):
        leaf.__init__ = with_defaults(leaf.__init__)
    leaf.__init__.__qualname__ = f"{leaf.__qualname__}.__init__"
    base = leaf.__mro__[1]
    if leaf.__doc__ is None or base.__doc__ is None:  # python -OO
        return leaf
    _, marker, sections = inspect.cleandoc(base.__doc__).partition("Args:\n")
    arguments, _, others = sections.partition("\n\n")
    text = inspect.cleandoc(leaf.__doc__).replace(f"Args: those of `{base.__name__}`.", marker + arguments)
    leaf.__doc__ = text.replace("Example:", f"{others}\n\nExample:")
    return leaf


def with_defaults(init, **defaults):
    """Returns the `__init__` of a base class with other default values, and for the rest unchanged.

    The arguments of `Conv1D`, `Conv2D` and `Conv3D` are those of their base class `_Conv`. Only defaults differ, for instance
    `strides=1` and `strides=(1, 1)`, and the leaf says only that:

        class Conv2D(_Conv):
            rank = 2
            __init__ = with_defaults(_Conv.__init__, strides=(1, 1), dilation_rate=(1, 1))

    `inspect.signature(Conv2D)` and `help(Conv2D)` then show the signature that Keras has, and a call costs nothing more.

    Args:
        init: a function.
        defaults: the parameters that get another default value, or their first. Those after a parameter with a default must
            have one too.
    """
    code = init.__code__
    names = code.co_varnames[: code.co_argcount]
    known = dict(zip(reversed(names), reversed(init.__defaults__ or ()), strict=False))
    known.update(defaults)
    copy = types.FunctionType(code, init.__globals__, init.__name__, None, init.__closure__)
    copy.__defaults__ = tuple(known[name] for name in names if name in known)
    copy.__kwdefaults__ = init.__kwdefaults__
    return copy


class ConstructorSignature:
    """What `inspect.signature` finds for a class: the arguments of its `__init__`.

    Without it, Python before 3.11.3 takes those of a `__new__` that the class inherits.
    """

    def __get__(self, instance, owner):
        if instance is not None:
            raise AttributeError("__signature__")  # an object is called by `__call__`
        signature = inspect.signature(owner.__init__)
        return signature.replace(parameters=list(signature.parameters.values())[1:])
