"""The update kernels against the same rules in NumPy, with float64."""

import math
from importlib import import_module

import numpy as np
import pytest

from convlayers import _native
from convlayers._native.isa import INSTRUCTION_SETS, choose

BUILT = [row.name for row in INSTRUCTION_SETS if row.base is None and row.name in _native.built]
ISAS = [isa for isa in BUILT if choose([isa], _native.cpu.features())]
# Around the lanes of a sum (64), a block (4096), and with work for two threads.
SIZES = [0, 1, 63, 64, 65, 129, 4095, 4096, 4097, 8193, 100_000]
TOLERANCE = {"float32": 2e-6, "float64": 1e-14}


def sgd(w, g, m, rate, momentum, nesterov):
    if m is None:
        return w - rate * g, None
    m = momentum * m - rate * g
    return (w + momentum * m - rate * g if nesterov else w + m), m


def rmsprop(w, g, v, m, a, rate, rho, momentum, epsilon):
    v = rho * v + (1 - rho) * g**2
    variance = v
    if a is not None:
        a = rho * a + (1 - rho) * g
        variance = v - a**2
    step = rate * g / np.sqrt(variance + epsilon)
    if m is not None:
        step = m = momentum * m + step
    return w - step, v, m, a


def adam(w, g, m, v, v_max, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    variance = v
    if v_max is not None:
        variance = v_max = np.maximum(v, v_max)
    return w - rate * m / (np.sqrt(variance) + epsilon), m, v, v_max


def lion(w, g, m, rate, beta_1, beta_2):
    return w - rate * np.sign(beta_1 * m + (1 - beta_1) * g), beta_2 * m + (1 - beta_2) * g


def adagrad(w, g, s, rate, epsilon):
    s = s + g**2
    return w - rate * g / np.sqrt(s + epsilon), s


def adadelta(w, g, v, d, rate, rho, epsilon):
    v = rho * v + (1 - rho) * g**2
    step = np.sqrt(d + epsilon) / np.sqrt(v + epsilon) * g
    return w - rate * step, v, rho * d + (1 - rho) * step**2


def ftrl(w, g, s, z, rate, power, l1, l2, shrinkage):
    total = s + g**2
    z = z + g + 2 * shrinkage * w - (total**power - s**power) / rate * w
    return (np.clip(z, -l1, l1) - z) / (total**power / rate + 2 * l2), total, z


def adamax(w, g, m, u, rate, beta_1, beta_2, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    u = np.maximum(beta_2 * u, np.abs(g))
    return w - rate * m / (u + epsilon), m, u


def nadam(w, g, m, v, m_rate, g_rate, beta_1, beta_2, correction, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    return w - (m_rate * m + g_rate * g) / (np.sqrt(v / correction) + epsilon), m, v


def schedule_free(w, g, z, v, rate, beta_1, beta_2, correction, epsilon, share):
    v = beta_2 * v + (1 - beta_2) * g**2
    average = (w - (1 - beta_1) * z) / beta_1
    z = z - rate * g / (np.sqrt(v / correction) + epsilon)
    average = (1 - share) * average + share * z
    return (1 - beta_1) * z + beta_1 * average, z, v


def lamb(step, g, m, v, beta_1, beta_2, m_correction, v_correction, epsilon):
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g**2
    return m / m_correction / (np.sqrt(v / v_correction) + epsilon), m, v


def average(mean, w, momentum):
    return (momentum * mean + (1 - momentum) * w,)


# kernel, rule, which arrays besides w and g there are, settings
CASES = {
    "sgd": ("sgd_update", sgd, [False], (0.1, 0.0, False)),
    "momentum": ("sgd_update", sgd, [True], (0.1, 0.9, False)),
    "nesterov": ("sgd_update", sgd, [True], (0.1, 0.9, True)),
    "rmsprop": ("rmsprop_update", rmsprop, [True, False, False], (0.01, 0.9, 0.0, 1e-7)),
    "rmsprop_momentum": ("rmsprop_update", rmsprop, [True, True, False], (0.01, 0.9, 0.5, 1e-7)),
    "rmsprop_centered": ("rmsprop_update", rmsprop, [True, False, True], (0.01, 0.9, 0.0, 1e-2)),
    "rmsprop_both": ("rmsprop_update", rmsprop, [True, True, True], (0.01, 0.9, 0.5, 1e-2)),
    "adam": ("adam_update", adam, [True, True, False], (0.01, 0.9, 0.999, 1e-7)),
    "amsgrad": ("adam_update", adam, [True, True, True], (0.01, 0.9, 0.999, 1e-7)),
    "lion": ("lion_update", lion, [True], (0.01, 0.9, 0.99)),
    "adagrad": ("adagrad_update", adagrad, [True], (0.1, 1e-7)),
    "adadelta": ("adadelta_update", adadelta, [True, True], (0.1, 0.95, 1e-7)),
    "ftrl": ("ftrl_update", ftrl, [True, True], (0.5, 0.5, 3.0, 0.2, 0.1)),
    "ftrl_power": ("ftrl_update", ftrl, [True, True], (0.5, 0.25, 3.0, 0.2, 0.1)),
    "adamax": ("adamax_update", adamax, [True, True], (0.01, 0.9, 0.3, 1e-7)),
    "nadam": ("nadam_update", nadam, [True, True], (0.01, 0.02, 0.9, 0.999, 0.5, 1e-7)),
    "schedule_free": ("schedule_free_update", schedule_free, [True, True], (0.01, 0.9, 0.999, 0.5, 1e-7, 0.25)),
    "lamb": ("lamb_direction", lamb, [True, True], (0.9, 0.999, 0.5, 0.25, 1e-7)),
    "average": ("average_update", average, [], (0.75,)),
}
# What weight decay is part of.
UPDATES = [case for case in CASES if CASES[case][0].endswith("_update") and case != "average"]


@pytest.fixture(params=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture(params=ISAS)
def kernels(request, dtype):
    return import_module(f"convlayers._native.{request.param}.optimizer_{dtype}")


@pytest.fixture
def threads():
    yield _native.runtime.set_thread_cap
    _native.runtime.set_thread_cap(_native.runtime.unlimited)


def make_arrays(present, size, dtype):
    """Returns w, g and the other arrays, of numbers that an optimizer can meet: no sum of squares is below 0."""
    rng = np.random.default_rng(size)
    w, g = (rng.standard_normal(size).astype(dtype) for _ in range(2))
    starts = (9, 2, 2)[: len(present)]
    slots = [(start + rng.random(size)).astype(dtype) for start in starts]
    return [w, g, *(slot if there else None for slot, there in zip(slots, present, strict=True))]


def run(kernels, case, arrays):
    """Updates a single variable."""
    name, _, _, settings = CASES[case]
    getattr(kernels, name)(*([array] if array is not None else None for array in arrays), *settings)


def copies(arrays, dtype=None):
    return [None if array is None else array.astype(dtype or array.dtype) for array in arrays]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("case", CASES)
def test_updates(kernels, dtype, case, size):
    _, rule, present, settings = CASES[case]
    arrays = make_arrays(present, size, dtype)
    expected = rule(*copies(arrays, "float64"), *settings)
    w, g, *slots = updated = copies(arrays)
    g.flags.writeable = False
    run(kernels, case, updated)
    np.testing.assert_array_equal(g, arrays[1])
    for result, wanted in zip([w, *slots], expected, strict=True):
        assert (result is None) == (wanted is None)
        if result is not None:
            np.testing.assert_allclose(result, wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("case", UPDATES)
def test_weights_decay_before_the_rule_sees_them(kernels, dtype, case):
    name, rule, present, settings = CASES[case]
    rows = [make_arrays(present, size, dtype) for size in (5000, 70)]
    factors = [0.75, 1.0]
    expected = []
    for (w, *others), factor in zip(rows, factors, strict=True):
        expected.append(rule(w.astype("float64") * factor, *copies(others, "float64"), *settings))
    columns = [None if column[0] is None else list(column) for column in zip(*rows, strict=True)]
    getattr(kernels, name)(*columns, *settings, factors)
    for (w, _, *slots), wanted in zip(rows, expected, strict=True):
        for result, value in zip([w, *slots], wanted, strict=True):
            if value is not None:
                np.testing.assert_allclose(result, value, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_written_around_the_arrays(kernels, dtype, case):
    name, _, present, settings = CASES[case]
    for size in (1, 63, 4097):
        # Between bands of a number that no update makes.
        wide = [None if x is None else np.pad(x, 40, constant_values=-123) for x in make_arrays(present, size, dtype)]
        getattr(kernels, name)(*(None if x is None else [x[40:-40]] for x in wide), *settings)
        for x in wide:
            assert x is None or (np.all(x[:40] == -123) and np.all(x[-40:] == -123))


@pytest.mark.parametrize("case", CASES)
def test_all_variables_in_one_call(kernels, dtype, case):
    name, _, present, settings = CASES[case]
    # Of any shape, with none and one number among them; the blocks of all are shared by threads.
    shapes = [(3, 3, 16, 100), (0, 5), (), (4097,), (100, 1000)]
    one_by_one = [make_arrays(present, math.prod(shape), dtype) for shape in shapes]
    together = [
        [None if x is None else x.reshape(shape) for x in copies(row)] for row, shape in zip(one_by_one, shapes, strict=True)
    ]
    columns = [None if column[0] is None else list(column) for column in zip(*together, strict=True)]
    getattr(kernels, name)(*columns, *settings)
    for row, expected in zip(together, one_by_one, strict=True):
        run(kernels, case, expected)
        for result, wanted in zip(row, expected, strict=True):
            assert result is wanted is None or result.tobytes() == wanted.tobytes()


def test_arrays_with_gaps_are_refused(kernels, dtype):
    w, g = np.zeros(4, dtype), np.zeros((4, 2), dtype)[:, 0]
    with pytest.raises(ValueError, match="contiguous"):
        kernels.sgd_update([w], [g], None, 0.1, 0.0, False)
    g = np.zeros(4, dtype)
    w.flags.writeable = False
    with pytest.raises(ValueError, match="written to"):
        kernels.sgd_update([w], [g], None, 0.1, 0.0, False)


@pytest.mark.parametrize("case", CASES)
def test_the_number_of_threads_does_not_show(kernels, dtype, case, threads):
    arrays = make_arrays(CASES[case][2], 100_000, dtype)
    results = []
    for count in (1, 2, 4):
        threads(count)
        results.append(copies(arrays))
        run(kernels, case, results[-1])
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            assert one is None or one.tobytes() == two.tobytes()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("place", [0, 70, 199])
def test_nan_stays_where_it_is(kernels, dtype, case, place):
    arrays = make_arrays(CASES[case][2], 200, dtype)
    arrays[1][place] = np.nan
    run(kernels, case, arrays)
    for array in arrays:
        if array is not None:
            assert np.flatnonzero(np.isnan(array)).tolist() == [place]


@pytest.mark.parametrize("size", SIZES)
def test_sum_of_squares(kernels, dtype, size):
    x = make_arrays([], size, dtype)[0]
    x.flags.writeable = False
    wanted = np.sum(x.astype("float64") ** 2)
    assert kernels.sum_of_squares(x) == pytest.approx(wanted, rel=TOLERANCE[dtype])


def test_sum_of_squares_does_not_depend_on_threads(kernels, dtype, threads):
    x = make_arrays([], 300_000, dtype)[0]
    sums = set()
    for count in (1, 2, 3):
        threads(count)
        sums.add(kernels.sum_of_squares(x))
    assert len(sums) == 1


def test_sum_of_squares_of_nan_and_infinity(kernels, dtype):
    x = np.ones(5000, dtype)
    x[4321] = np.nan
    assert np.isnan(kernels.sum_of_squares(x))
    x[4321] = -np.inf
    assert kernels.sum_of_squares(x) == np.inf
