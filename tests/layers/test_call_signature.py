"""The arguments of a `call` by name. The oracle is `inspect`."""

import inspect
import itertools

import pytest

from convlayers.layers.call_signature import CallSignature

CALLS = [
    lambda inputs: None,
    lambda inputs, training=None: None,
    lambda inputs, states, training=None, mask=None: None,
    lambda inputs, *, mask=None: None,
    lambda inputs, /, mask=None: None,
    lambda *inputs, training=None: None,
    lambda inputs, **kwargs: None,
    lambda: None,
]
NAMES = ("inputs", "states", "training", "mask", "other")


@pytest.mark.parametrize("call", CALLS, ids=lambda call: str(inspect.signature(call)))
def test_arguments_are_bound_as_python_does(call):
    signature = inspect.signature(call)
    bound = 0
    for count, length in itertools.product(range(4), range(3)):
        for names in itertools.permutations(NAMES, length):
            args, kwargs = tuple(range(count)), dict.fromkeys(names, "x")
            try:
                expected = signature.bind(*args, **kwargs).arguments
            except TypeError as error:
                with pytest.raises(TypeError, match=str(error)):
                    CallSignature(call).bind(args, kwargs)
            else:
                assert list(CallSignature(call).bind(args, kwargs).items()) == list(expected.items())
                bound += 1
    assert bound
