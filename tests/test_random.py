"""Random numbers: reproducible, of the right distribution, and those of Keras with its NumPy backend."""

import random as python_random

import numpy as np
import pytest

from convlayers import random

SHARED = np.random.default_rng(0)
DRAWS = {
    "normal": lambda seed: random.normal((4, 5), 1.0, 2.0, seed=seed),
    "truncated_normal": lambda seed: random.truncated_normal((4, 5), 1.0, 2.0, seed=seed),
    "uniform": lambda seed: random.uniform((4, 5), -1.0, 2.0, seed=seed),
    "uniform_by_kernel": lambda seed: random.uniform_by_kernel((4, 5), -1.0, 2.0, seed=seed),
    "randint": lambda seed: random.randint((4, 5), 0, 1000, seed=seed),
    "shuffle": lambda seed: random.shuffle(np.arange(20), seed=seed),
    "dropout": lambda seed: random.dropout(np.ones((4, 5)), 0.5, seed=seed),
    "beta": lambda seed: random.beta((4, 5), 2.0, 3.0, seed=seed),
    "gamma": lambda seed: random.gamma((4, 5), 2.0, seed=seed),
    "binomial": lambda seed: random.binomial((4, 5), 100, 0.5, seed=seed),
    "categorical": lambda seed: random.categorical(np.zeros((4, 50)), 5, seed=seed),
}


def same(a, b):
    return np.array_equal(a, b)


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
class TestSeeds:
    def test_an_int_gives_the_same_each_time(self, draw):
        assert same(draw(5), draw(5))
        assert not same(draw(5), draw(6))

    def test_a_generator_gives_others_each_time_and_the_same_in_each_run(self, draw):
        one, other = random.SeedGenerator(5), random.SeedGenerator(5)
        first, second = draw(one), draw(one)
        assert not same(first, second)
        assert same(first, draw(other))
        assert same(second, draw(other))

    def test_none_follows_from_set_random_seed(self, draw):
        random.set_random_seed(1)
        first, second = draw(None), draw(None)
        assert not same(first, second)
        random.set_random_seed(1)
        assert same(first, draw(None))
        assert same(second, draw(None))

    @pytest.mark.parametrize("seed", ["5", 1.5, True])
    def test_anything_else_is_refused(self, draw, seed):
        with pytest.raises(ValueError, match="Argument `seed` must be either an integer or an instance of `SeedGen"):
            draw(seed)


def test_numbers_are_those_of_keras_with_its_numpy_backend():
    # What keras/src/backend/numpy/random.py does with the seed 42.
    expected = np.random.default_rng(np.array([42, 0], "uint32")).normal(0.5, 2.0, (3, 4)).astype("float32")
    np.testing.assert_array_equal(random.normal((3, 4), 0.5, 2.0, seed=42), expected)
    seeds = random.SeedGenerator(42)
    seeds.next()
    expected = np.random.default_rng(np.array([42, 1], "uint32")).uniform(size=(3, 4)).astype("float32")
    np.testing.assert_array_equal(random.uniform((3, 4), seed=seeds), expected)


def test_set_random_seed_sets_python_and_numpy():
    random.set_random_seed(3)
    expected = python_random.random(), np.random.random()
    random.set_random_seed(3)
    assert (python_random.random(), np.random.random()) == expected
    with pytest.raises(ValueError, match="Expected `seed` argument to be an integer"):
        random.set_random_seed("3")


def test_seed_generators_have_a_config():
    seeds = random.SeedGenerator(5, name="mine")
    assert seeds.get_config() == {"seed": 5, "name": "mine"}
    np.testing.assert_array_equal(random.SeedGenerator.from_config(seeds.get_config()).next(), [5, 0])
    assert random.SeedGenerator().get_config()["seed"] is None
    with pytest.raises(ValueError, match=r"Argument `seed` must be an integer\. Received: seed=a"):
        random.SeedGenerator("a")


@pytest.mark.parametrize("seed", [-1, -(2**31), 2**31, 2**32 - 1, np.int64(7)])
def test_any_integer_is_a_seed(seed):
    assert same(random.normal((3,), seed=seed), random.normal((3,), seed=int(seed) % 2**32))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes(dtype):
    for draw in (random.normal, random.uniform, random.truncated_normal):
        assert draw((2, 3), dtype=dtype).dtype == dtype
    assert random.randint((2,), 0, 5, dtype="uint8").dtype == "uint8"
    with pytest.raises(ValueError, match=r"requires an integer `dtype`\. Received: dtype=float32"):
        random.randint((2,), 0, 5, dtype="float32")


def test_distributions():
    numbers = random.normal((200_000,), 3.0, 2.0, seed=1)
    np.testing.assert_allclose([numbers.mean(), numbers.std()], [3.0, 2.0], atol=0.02)
    numbers = random.uniform((200_000,), -1.0, 3.0, seed=1)
    np.testing.assert_allclose([numbers.min(), numbers.max(), numbers.mean()], [-1.0, 3.0, 1.0], atol=0.02)
    numbers = random.uniform_by_kernel((200_000,), -1.0, 3.0, seed=1)
    np.testing.assert_allclose([numbers.min(), numbers.max(), numbers.mean()], [-1.0, 3.0, 1.0], atol=0.02)
    integers = random.randint((100_000,), 2, 6, seed=1)
    np.testing.assert_allclose(np.bincount(integers), [0, 0, 25_000, 25_000, 25_000, 25_000], atol=600)


def test_truncated_normal_ends_at_two_deviations():
    numbers = random.truncated_normal((200_000,), 3.0, 2.0, dtype="float64", seed=1)
    assert -1.0 <= numbers.min() < -0.99
    assert 6.99 < numbers.max() <= 7.0
    # The standard deviation of a normal distribution cut off at two of its own.
    np.testing.assert_allclose([numbers.mean(), numbers.std()], [3.0, 2.0 * 0.87962566103423978], atol=0.02)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0)])
def test_truncated_normal_of_few_numbers(shape):
    assert random.truncated_normal(shape, seed=1).shape == shape


def test_truncated_normal_of_nan_ends():
    assert np.isnan(random.truncated_normal((3,), 0.0, float("nan"), seed=1)).all()


@pytest.mark.parametrize("axis", [0, 1])
def test_shuffle_keeps_the_entries(axis):
    x = np.arange(60).reshape(6, 10)
    shuffled = random.shuffle(x, axis, seed=1)
    assert not same(shuffled, x)
    assert same(np.sort(shuffled, axis), x)
    assert same(x, np.arange(60).reshape(6, 10))


def test_seed_generators_count():
    seeds = random.SeedGenerator(5, name="mine")
    assert (seeds.state.name, seeds.state.path) == ("seed_generator_state", "mine/seed_generator_state")
    assert not seeds.state.trainable
    np.testing.assert_array_equal([seeds.next(), seeds.next()], [[5, 0], [5, 1]])
    np.testing.assert_array_equal(seeds.state.numpy(), [5, 2])
    seeds.state.assign([5, 0])
    np.testing.assert_array_equal(seeds.next(), [5, 0])
    with pytest.raises(ValueError, match="Unrecognized keyword arguments: "):
        random.SeedGenerator(sed=3)


def test_keras_gives_out_the_same_seeds(keras):
    for ordered in (True, False):
        ours, theirs = random.SeedGenerator(42), keras.random.SeedGenerator(42)
        for _ in range(3):
            np.testing.assert_array_equal(ours.next(ordered), keras.ops.convert_to_numpy(theirs.next(ordered)))


def test_more_distributions():
    numbers = random.gamma((100_000,), 3.0, seed=1)
    np.testing.assert_allclose([numbers.mean(), numbers.var()], [3.0, 3.0], rtol=0.05)
    numbers = random.beta((100_000,), 2.0, 3.0, seed=1)
    np.testing.assert_allclose([numbers.mean(), numbers.var()], [0.4, 0.04], rtol=0.05)
    numbers = random.binomial((100_000,), 10, 0.3, seed=1)
    np.testing.assert_allclose([numbers.mean(), numbers.var()], [3.0, 2.1], rtol=0.05)
    classes = random.categorical(np.log([[0.2, 0.8, 1e-30]]), 100_000, seed=1)
    np.testing.assert_allclose(np.bincount(classes[0]) / 100_000, [0.2, 0.8], atol=0.01)


def test_mistakes():
    with pytest.raises(ValueError, match=r"`keras.random.uniform` requires a floating point `dtype`. Received: dtype=int32"):
        random.uniform((2,), dtype="int32")
    with pytest.raises(ValueError, match="`logits` should be a 2-D tensor with shape"):
        random.categorical(np.zeros(3), 2)
    with pytest.raises(ValueError, match="requires an integer `dtype`"):
        random.categorical(np.zeros((1, 3)), 2, dtype="float32")


@pytest.mark.parametrize("time", ["first", "second"])
def test_generators_that_tests_share_begin_anew(time):
    assert SHARED.integers(1000) == 850
