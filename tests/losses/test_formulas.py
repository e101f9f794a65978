"""Every loss against its formula, written as loops in float64, and its gradient against central differences."""

import itertools
import math

import numpy as np
import pytest

from convlayers import losses
from convlayers.autograd import Tape
from tests.losses.cases import CASES
from tests.ops.gradients import numerical_gradient

RNG = np.random.default_rng(5)
Y_TRUE = RNG.integers(0, 2, (4, 3)).astype("float64")
Y_PRED = RNG.uniform(0.05, 0.95, (4, 3))
EPSILON = 1e-7


def mean_of(function):
    """Returns a formula: the mean of what a function of single numbers returns."""

    def formula(y_true, y_pred):
        return math.fsum(function(t, p) for t, p in zip(y_true.flat, y_pred.flat, strict=True)) / y_true.size

    return formula


def mean_of_rows(function):
    """Returns a formula: the mean of what a function of rows returns."""

    def formula(y_true, y_pred):
        return math.fsum(function(t, p) for t, p in zip(y_true, y_pred, strict=True)) / len(y_true)

    return formula


def cosine(t, p):
    length = math.sqrt(sum(t * t)) * math.sqrt(sum(p * p))
    return -sum(t * p) / length if length else 0.0


def divergence(t, p):
    t = [max(a, EPSILON) for a in t]
    return sum(a * math.log(a / b) for a, b in zip(t, p, strict=True))


def focal(t, p):
    p = p / sum(p)
    return sum(-0.25 * (1 - b) ** 2 * a * math.log(b) for a, b in zip(t, p, strict=True))


def right(t, p):
    return p if t else 1 - p


FORMULAS = {
    "MeanAbsolutePercentageError": mean_of(lambda t, p: 100 * abs((t - p) / max(t, EPSILON))),
    "MeanSquaredLogarithmicError": mean_of(lambda t, p: (math.log(max(t, EPSILON) + 1) - math.log(p + 1)) ** 2),
    "CosineSimilarity": mean_of_rows(cosine),
    "Huber": mean_of(lambda t, p: (t - p) ** 2 / 2 if abs(t - p) <= 1 else abs(t - p) - 0.5),
    "LogCosh": mean_of(lambda t, p: math.log(math.cosh(t - p))),
    "Hinge": mean_of(lambda t, p: max(0, 1 - (2 * t - 1) * p)),
    "SquaredHinge": mean_of(lambda t, p: max(0, 1 - (2 * t - 1) * p) ** 2),
    "CategoricalHinge": mean_of_rows(lambda t, p: max(0, max((1 - t) * p) - sum(t * p) + 1)),
    "KLDivergence": mean_of_rows(divergence),
    "Poisson": mean_of(lambda t, p: p - t * math.log(p + EPSILON)),
    "BinaryFocalCrossentropy": mean_of(lambda t, p: (1 - right(t, p)) ** 2 * -math.log(right(t, p))),
    "CategoricalFocalCrossentropy": mean_of_rows(focal),
    "Dice": lambda t, p: 1 - 2 * np.sum(t * p) / (np.sum(t) + np.sum(p) + EPSILON),
    "Tversky": lambda t, p: 1 - np.sum(t * p) / (0.5 * np.sum(t) + 0.5 * np.sum(p) + EPSILON),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas(name):
    wanted = FORMULAS[name](Y_TRUE, Y_PRED)
    assert getattr(losses, name)(dtype="float64")(Y_TRUE, Y_PRED) == pytest.approx(wanted, rel=1e-12)
    assert getattr(losses, name)()(Y_TRUE, Y_PRED) == pytest.approx(wanted, rel=1e-5)


def test_generalized_cross_entropy():
    labels = np.array([0, 2, 1, 1])
    wanted = np.mean([(1 - Y_PRED[i, label] ** 0.3) / 0.3 for i, label in enumerate(labels)])
    assert losses.CategoricalGeneralizedCrossEntropy(0.3, dtype="float64")(labels, Y_PRED) == pytest.approx(wanted, rel=1e-12)


def test_ctc_adds_up_all_ways_to_write_the_labels():
    logits = RNG.standard_normal((2, 4, 3))
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    labels = np.array([[1, 2], [1, 1]])
    for sample in range(2):
        total = 0
        for path in itertools.product(range(3), repeat=4):
            written = [label for label, _ in itertools.groupby(path) if label]
            if written == list(labels[sample]):
                total += math.prod(p[sample, time, label] for time, label in enumerate(path))
        loss = losses.ctc(labels[sample : sample + 1], logits[sample : sample + 1])
        assert loss[0] == pytest.approx(-math.log(total), rel=1e-12)


def test_ctc_of_too_many_labels_is_infinite_and_has_no_gradient():
    logits = RNG.standard_normal((1, 2, 3))
    with Tape() as tape:
        x = tape.watch(logits)
        loss = losses.ctc(np.array([[1, 1]]), x)
    assert loss.value[0] == np.inf
    assert not tape.backward([loss], [np.ones(1)], [x])[0].any()


# Where a loss has a corner just where the numbers are, differences are no gradients: at the distance of a vector from itself.
@pytest.mark.parametrize("case", [case for case in CASES if case not in ("mape_of_zeros", "circle_column")])
def test_gradients_by_differences(case):
    name, arguments, y_true, y_pred = CASES[case]
    loss = getattr(losses, name)(dtype="float64", **arguments)
    y_pred = y_pred.astype("float64")[:3]
    y_true = y_true[:3]
    with Tape() as tape:
        x = tape.watch(y_pred)
        value = loss(y_true, x)
    (gradient,) = tape.backward([value], [np.ones(())], [x])
    wanted = numerical_gradient(lambda p: loss(y_true, p), y_pred, h=1e-5)
    np.testing.assert_allclose(gradient, wanted, rtol=1e-6, atol=1e-8 * max(1, np.abs(wanted).max()))
