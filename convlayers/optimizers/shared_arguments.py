"""The arguments that all optimizers have in common, so that none has to repeat them."""

import functools
import inspect

from convlayers.optimizers.optimizer import Optimizer

_SHARED = list(inspect.signature(Optimizer.__init__).parameters.values())[2:]  # without `self` and the learning rate


def with_shared_arguments(init):
    """Decorates the `__init__` of an optimizer: its `**shared` become the arguments of `Optimizer`, by their names.

        class SGD(Optimizer):
            @with_shared_arguments
            def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, **shared):
                super().__init__(learning_rate, **shared)

    `inspect.signature(SGD)` and `help(SGD)` then show Keras's signature, and arguments may be passed by position in its order:
    `weight_decay` is the fourth.
    """
    own = [parameter for parameter in inspect.signature(init).parameters.values() if parameter.name != "shared"]
    names = {parameter.name for parameter in own}
    signature = inspect.Signature([*own, *(parameter for parameter in _SHARED if parameter.name not in names)])

    @functools.wraps(init)
    def __init__(*args, **kwargs):
        arguments = signature.bind(*args, **kwargs).arguments
        unknown = arguments.pop("kwargs", {})
        init(**arguments, **unknown)

    __init__.__signature__ = signature
    return __init__
