"""Initializers, against Keras and against their definitions."""

import inspect
import json
import math

import numpy as np
import pytest

from convlayers import initializers, random
from convlayers.variables import Variable

NAMES = [
    "Zeros",
    "Ones",
    "Constant",
    "Identity",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "GlorotUniform",
    "GlorotNormal",
    "HeUniform",
    "HeNormal",
    "LecunUniform",
    "LecunNormal",
    "Orthogonal",
]
RANDOM_NAMES = NAMES[4:]


# As Keras -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_signatures_are_those_of_keras(keras, name):
    ours = inspect.signature(getattr(initializers, name))
    theirs = inspect.signature(getattr(keras.initializers, name))
    assert [(p.name, p.default) for p in ours.parameters.values()] == [
        (p.name, p.default) for p in theirs.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD
    ]


@pytest.mark.parametrize("name", NAMES)
def test_configs_are_those_of_keras(keras, name):
    arguments = {"seed": 7} if name in RANDOM_NAMES else {}
    ours = initializers.serialize(getattr(initializers, name)(**arguments))
    theirs = keras.initializers.serialize(getattr(keras.initializers, name)(**arguments))
    assert ours == theirs


def test_a_gain_that_keras_forgets_is_written():
    assert initializers.Identity(gain=2.0).get_config() == {"gain": 2.0}


@pytest.mark.parametrize("name", NAMES)
def test_keras_reads_what_is_written(keras, name):
    encoded = json.loads(json.dumps(initializers.serialize(getattr(initializers, name)())))
    assert type(keras.initializers.get(encoded)).__name__ == name


def test_all_names_of_keras_are_known(keras):
    names = {name for name in dir(keras.initializers) if not name.startswith("_")}
    names -= {"Initializer", "STFT", "STFTInitializer", "stft"}
    assert names - set(dir(initializers)) == set()


def test_all_identifiers_of_keras_are_known(keras):
    from keras.src.initializers import ALL_OBJECTS_DICT

    for name, theirs in ALL_OBJECTS_DICT.items():
        if theirs.__name__ != "STFT":
            assert type(initializers.get(name)).__name__ == theirs.__name__


@pytest.mark.parametrize("shape", [(3, 4), (5,), (), (3, 3, 4, 8), (2, 3, 4, 5, 6)])
@pytest.mark.parametrize("axes", [(None, None), ((0,), (-1,)), ((0, -1), ()), ((0,), None)])
def test_fans_are_those_of_keras(keras, shape, axes):
    from keras.src.initializers.random_initializers import compute_fans

    if shape or not any(axes):
        assert initializers.random_values.compute_fans(shape, *axes) == compute_fans(shape, *axes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda of: of.VarianceScaling(scale=0), "Argument `scale` must be positive float. Received: scale=0"),
        (lambda of: of.VarianceScaling(mode="fan_inn"), "Invalid `mode` argument: fan_inn. Please use one of"),
        (lambda of: of.VarianceScaling(distribution="x"), "Invalid `distribution` argument: x.Please use one of"),
        (lambda of: of.HeNormal(seed="a"), "`seed` argument should be an instance of `keras.random.SeedGenerator()`"),
        (lambda of: of.Orthogonal()((3,)), "The tensor to initialize must be at least two-dimensional. Received:"),
        (lambda of: of.Identity()((3, 3, 3)), "Identity matrix initializer can only be used for 2D matrices. Rec"),
        (lambda of: of.get("he_norml"), "Could not interpret initializer identifier: he_norml"),
        (lambda of: of.get(3), "Could not interpret initializer identifier: 3"),
        (lambda of: of.get(np.ones((2, 3)))((3, 2)), "Expected `shape` to be (2, 3) for direct tensor as initializer."),
    ],
)
def test_errors_begin_as_in_keras(keras, make, message):
    for package in (keras.initializers, initializers):
        with pytest.raises(ValueError) as error:
            make(package)
        assert str(error.value).startswith(message)


# Values ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shape_and_dtype(name, dtype):
    values = getattr(initializers, name)()((6, 6), dtype=dtype)
    assert (values.shape, values.dtype) == ((6, 6), dtype)
    assert getattr(initializers, name)()((6, 6)).dtype == "float32"


def test_constants():
    np.testing.assert_array_equal(initializers.Zeros()((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(initializers.Ones()((2, 3)), np.ones((2, 3)))
    np.testing.assert_array_equal(initializers.Constant(2.5)((2, 3)), np.full((2, 3), 2.5))
    np.testing.assert_array_equal(initializers.Identity(3.0)((2, 3)), 3.0 * np.eye(2, 3))
    assert initializers.Ones()((2,), dtype="int32").dtype == "int32"


def expected_scaling(name, shape, seed):
    """Returns what the definition gives with the generator that Keras's NumPy backend would use."""
    window = math.prod(shape[:-2])
    fan_in, fan_out = window * shape[-2], window * shape[-1]
    variance = {"Glorot": 2 / (fan_in + fan_out), "He": 2 / fan_in, "Lecun": 1 / fan_in}[name.removesuffix("Uniform")]
    limit = math.sqrt(3 * variance)
    return np.random.default_rng([seed, 0]).uniform(-limit, limit, shape)


@pytest.mark.parametrize("name", ["GlorotUniform", "HeUniform", "LecunUniform"])
@pytest.mark.parametrize("shape", [(5, 7), (3, 3, 4, 8)])
def test_uniform_scalings(name, shape):
    values = getattr(initializers, name)(seed=9)(shape, dtype="float64")
    np.testing.assert_allclose(values, expected_scaling(name, shape, 9), rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "variance"),
    [
        ("GlorotNormal", 2 / (9 * 40 + 9 * 60)),
        ("HeNormal", 2 / (9 * 40)),
        ("LecunNormal", 1 / (9 * 40)),
        ("GlorotUniform", 2 / (9 * 40 + 9 * 60)),
        ("HeUniform", 2 / (9 * 40)),
        ("LecunUniform", 1 / (9 * 40)),
    ],
)
def test_scalings_have_the_variance_that_they_promise(name, variance):
    values = getattr(initializers, name)(seed=1)((3, 3, 40, 60), dtype="float64")
    np.testing.assert_allclose(values.var(), variance, rtol=0.03)
    np.testing.assert_allclose(values.mean(), 0, atol=0.02 * math.sqrt(variance))


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("distribution", ["normal", "truncated_normal", "untruncated_normal", "uniform"])
def test_variance_scaling(mode, distribution):
    fan = {"fan_in": 300, "fan_out": 100, "fan_avg": 200}[mode]
    values = initializers.VarianceScaling(3.0, mode, distribution, seed=1)((300, 100), dtype="float64")
    np.testing.assert_allclose(values.var(), 3.0 / fan, rtol=0.03)
    cut = abs(values).max() / values.std()
    assert (cut < 2.4) == (distribution != "untruncated_normal")


def test_given_axes_count():
    values = initializers.HeUniform(seed=1, input_axes=[0], output_axes=[1])((3, 3, 5, 7), dtype="float64")
    assert abs(values).max() <= math.sqrt(6 / 3)
    assert abs(values).max() > 0.95 * math.sqrt(6 / 3)


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (6, 2), (3, 3, 2, 5), (1, 1, 2, 7)])
def test_orthogonal(shape):
    values = initializers.Orthogonal(gain=2.0, seed=1)(shape, dtype="float64").reshape(-1, shape[-1])
    product = values.T @ values if values.shape[0] >= values.shape[1] else values @ values.T
    np.testing.assert_allclose(product, 4.0 * np.eye(len(product)), atol=1e-12)


# Seeds ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RANDOM_NAMES)
def test_seeds(name):
    cls = getattr(initializers, name)
    one = cls(seed=1)
    np.testing.assert_array_equal(one((4, 5)), one((4, 5)))
    np.testing.assert_array_equal(one((4, 5)), cls(seed=1)((4, 5)))
    assert not np.array_equal(one((4, 5)), cls(seed=2)((4, 5)))
    assert not np.array_equal(cls()((4, 5)), cls()((4, 5)))


def test_a_seed_generator_gives_others_each_time():
    initializer = initializers.HeNormal(seed=random.SeedGenerator(3, name="seeds"))
    first, second = initializer((4, 5)), initializer((4, 5))
    assert not np.array_equal(first, second)
    again = initializers.get(json.loads(json.dumps(initializers.serialize(initializer))))
    np.testing.assert_array_equal(again((4, 5)), first)


def test_no_seed_follows_from_set_random_seed():
    random.set_random_seed(5)
    first = initializers.get("glorot_uniform")((4, 5))
    random.set_random_seed(5)
    np.testing.assert_array_equal(initializers.get("glorot_uniform")((4, 5)), first)


# Round trips ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_round_trip(name):
    initializer = getattr(initializers, name)(**({"seed": 7} if name in RANDOM_NAMES else {}))
    for again in (initializers.get(initializers.serialize(initializer)), initializer.clone()):
        assert type(again) is type(initializer)
        np.testing.assert_array_equal(again((4, 4)), initializer((4, 4)))


@pytest.mark.parametrize("value", [3, 0.5, np.arange(6.0).reshape(2, 3), [1.0, 2.0]])
def test_constant_round_trip(value):
    initializer = initializers.Constant(value)
    again = initializers.get(json.loads(json.dumps(initializers.serialize(initializer))))
    shape = np.shape(value) or (2, 2)
    np.testing.assert_array_equal(again(shape), initializer(shape))


def test_arguments():
    assert initializers.get(None) is None
    function = lambda shape, dtype=None: np.ones(shape, dtype)  # noqa: E731
    assert initializers.get(function) is function
    assert isinstance(initializers.get(initializers.HeNormal), initializers.HeNormal)
    instance = initializers.Zeros()
    assert initializers.get(instance) is instance


@pytest.mark.parametrize("wrap", [np.asarray, Variable])
def test_an_array_is_the_value_itself(wrap):
    array = np.arange(6.0).reshape(2, 3)
    values = initializers.get(wrap(array))((2, 3), dtype="float32")
    assert values.dtype == "float32"
    np.testing.assert_array_equal(values, array)


# Fourier transforms ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["real", "imag"])
@pytest.mark.parametrize("window", [None, "hann", "hamming", "blackman", "bartlett", "boxcar"])
@pytest.mark.parametrize("scaling", [None, "density", "spectrum"])
def test_fourier_transforms_follow_keras(keras, side, window, scaling):
    # Keras asks SciPy for windows by name, so it gets them as numbers here.
    names = {None: None, "boxcar": np.ones, "hann": np.hanning}
    numbers = names.get(window, getattr(np, str(window), None))
    numbers = None if numbers is None else numbers(16)
    kernel = initializers.STFT(side, window, scaling)((16, 1, 9), "float32")
    for ours in (kernel, initializers.STFT(side, numbers, scaling)((16, 1, 9), "float32")):
        expected = keras.ops.convert_to_numpy(keras.initializers.STFT(side, numbers, scaling)((16, 1, 9), "float32"))
        # Keras computes angles in float32.
        np.testing.assert_allclose(ours, expected, atol=2e-5)
        assert ours.dtype == "float32"


def test_a_periodic_window_is_a_part_of_an_endless_one():
    kernel = initializers.STFT("real", "hann", None, periodic=True)((8, 1, 5))
    # The first band is the window itself, and that of a sine squared.
    np.testing.assert_allclose(kernel[:, 0, 0], np.sin(np.pi * np.arange(8) / 8) ** 2, atol=1e-6)


@pytest.mark.parametrize("window", [None, "hann", [1.0, 2.0], np.array([1.0, 2.0])], ids=str)
def test_fourier_transforms_have_a_config(window):
    encoded = json.loads(json.dumps(initializers.serialize(initializers.STFT("imag", window, "spectrum"))))
    copy = initializers.get(encoded)
    assert (type(copy), copy.side, copy.scaling) == (initializers.STFT, "imag", "spectrum")
    np.testing.assert_array_equal(copy((2, 1, 3)), initializers.STFT("imag", window, "spectrum")((2, 1, 3)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"side": "left"}, "side should be 'real' or 'imag', not left"),
        ({"window": "hannn"}, "Unknown window type. Received: window=hannn\nDid you mean 'hann'?"),
        ({"scaling": "l2"}, "Scaling is invalid, it must be `None`, 'density' or 'spectrum'. Received scaling=l2"),
    ],
    ids=str,
)
def test_mistakes_with_fourier_transforms(arguments, message):
    with pytest.raises(ValueError) as caught:
        initializers.STFT(**arguments)
    assert str(caught.value) == message


def test_windows_of_scipy():
    windows = pytest.importorskip("scipy.signal.windows")
    ours, theirs = (initializers.STFT("real", window, None)((16, 1, 9)) for window in ("tukey", windows.tukey(16)))
    np.testing.assert_array_equal(ours, theirs)


def test_a_window_is_as_long_as_a_frame():
    with pytest.raises(ValueError, match=r"The shape of `window` must be equal to \[frame_length\]"):
        initializers.STFT(window=[1.0, 2.0])((3, 1, 3))
