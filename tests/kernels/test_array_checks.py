"""What kernels that ask NumPy for addresses say to arrays that they cannot read, or write to."""

import numpy as np
import pytest

PLACES = np.zeros((1, 1), np.intp)
START, NO_PLACES = np.zeros(1, np.intp), None


def _calls(native):
    """Returns for each kernel a function of the arrays that it reads and writes, and their shapes; the last is written to."""
    one = native.array([[1]])
    return {
        "activation": (lambda x, y: native.elementwise.activation_forward(0, x, y), [(2, 3), (2, 3)]),
        "leaky_relu": (lambda x, y: native.elementwise.leaky_relu_forward(0.5, x, y), [(2, 3), (2, 3)]),
        "concatenate": (lambda x, y: native.concatenate.concatenate([x, x], y), [(2, 3), (2, 6)]),
        "global_max": (native.global_pool.global_max_pool_forward, [(2, 4, 3), (2, 3)]),
        "global_average": (native.global_pool.global_average_pool_forward, [(2, 4, 3), (2, 3)]),
        "take": (
            lambda x, y: native.take.take(x, PLACES, PLACES, PLACES, 0, y),
            [(2, 1, 1, 1, 3), (2, 1, 1, 1, 3)],
        ),
        "resize": (
            lambda x, y: native.resize.resize(x, START, one, START, one, START, one, y),
            [(2, 1, 1, 1, 3), (2, 1, 1, 1, 3)],
        ),
        "warp": (
            lambda x, y: native.warp.warp_forward(x, np.eye(1, 8), NO_PLACES, 1, 0, 0, y),
            [(2, 4, 4, 3), (2, 4, 4, 3)],
        ),
        "group_normalization": (
            lambda x, y: native.normalize_groups.group_normalization_forward(
                x, None, None, 1e-3, native.empty((2, 3)), native.empty((2, 3)), y
            ),
            [(2, 4, 3), (2, 4, 3)],
        ),
    }


OF_ANY_AXES = ("activation", "leaky_relu")
NAMES = [
    "activation",
    "leaky_relu",
    "concatenate",
    "global_max",
    "global_average",
    "take",
    "resize",
    "warp",
    "group_normalization",
]


@pytest.fixture(params=NAMES)
def call(native, request):
    function, (read, written) = _calls(native)[request.param]
    return function, native.array(np.ones(read)), native.empty(written)


def test_arrays_as_expected(call):
    function, x, y = call
    function(x, y)
    assert np.isfinite(y).all()


@pytest.mark.parametrize("place", [0, 1])
def test_number_type(call, place):
    function, *arrays = call
    arrays[place] = arrays[place].astype("float64" if arrays[place].dtype == "float32" else "float32")
    with pytest.raises(ValueError, match="Expected a contiguous array of float"):
        function(*arrays)


@pytest.mark.parametrize("place", [0, 1])
def test_byte_order(call, place):
    function, *arrays = call
    arrays[place] = arrays[place].astype(arrays[place].dtype.newbyteorder())
    with pytest.raises(ValueError, match="Expected a contiguous array of float"):
        function(*arrays)


@pytest.mark.parametrize("place", [0, 1])
def test_gaps(call, place):
    function, *arrays = call
    arrays[place] = np.repeat(arrays[place], 2, axis=-1)[..., ::2]
    with pytest.raises(ValueError, match="contiguous=False"):
        function(*arrays)


@pytest.mark.parametrize("call", [name for name in NAMES if name not in OF_ANY_AXES], indirect=True)
@pytest.mark.parametrize("place", [0, 1])
def test_number_of_axes(call, place):
    function, *arrays = call
    for wrong in (arrays[place][np.newaxis], arrays[place].max(keepdims=True).reshape(())):
        with pytest.raises(ValueError, match="axes"):
            function(*arrays[:place], wrong, *arrays[place + 1 :])


@pytest.mark.parametrize("place", [0, 1])
def test_no_array(call, place):
    function, *arrays = call
    arrays[place] = None
    with pytest.raises((TypeError, ValueError)):
        function(*arrays)


def test_read_only(call):
    function, x, y = call
    y.flags.writeable = False
    with pytest.raises(ValueError, match="written to"):
        function(x, y)


def test_places_are_indices(native):
    x, y = native.array(np.ones((2, 1, 1, 1, 3))), native.empty((2, 1, 1, 1, 3))
    for wrong in (PLACES.astype(np.int32), PLACES[0], PLACES.astype(float)):
        with pytest.raises(ValueError, match="Expected a contiguous array of int"):
            native.take.take(x, PLACES, PLACES, wrong, 0, y)
    one = native.array([[1]])
    with pytest.raises(ValueError, match="Expected a contiguous array of int"):
        native.resize.resize(x, START, one, START.astype(np.int32), one, START, one, y)


def test_transformations_are_float64(native):
    x, y = native.array(np.ones((2, 4, 4, 3))), native.empty((2, 4, 4, 3))
    with pytest.raises(ValueError, match="Expected a contiguous array of float64"):
        native.warp.warp_forward(x, np.eye(1, 8, dtype="float32"), None, 1, 0, 0, y)
