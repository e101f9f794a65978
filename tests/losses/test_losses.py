"""Losses against loops in float64, under a tape, with masks, weights and bad arguments."""

import numpy as np
import pytest

from convlayers import losses, ops
from convlayers.autograd import Tape
from convlayers.losses.matching import squeeze_or_expand_to_same_rank
from convlayers.losses.reduction import apply_mask, reduce_weighted_values
from convlayers.masks import set_keras_mask

RNG = np.random.default_rng(1)
# Away from 0 and 1, where logarithms are steep, and numbers that float32 has as well.
SCORES = RNG.uniform(0.2, 0.9, (4, 3)).astype("float32").astype("float64")
PROBABILITIES = SCORES / SCORES.sum(-1, keepdims=True)
LABELS = [2, 0, 1, 1]
ONE_HOT = np.eye(3)[LABELS]


def softmax(row):
    exponentials = [np.exp(x) for x in row]
    return [x / sum(exponentials) for x in exponentials]


def cross_entropy(rows, labels):
    return np.mean([-np.log(row[label]) for row, label in zip(rows, labels, strict=True)])


def binary_cross_entropy(rows, targets):
    pairs = [(p, t) for row, target in zip(rows, targets, strict=True) for p, t in zip(row, target, strict=True)]
    return np.mean([-np.log(p) if t else -np.log(1 - p) for p, t in pairs])


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "wanted"),
    [
        (losses.MeanSquaredError, ONE_HOT, SCORES, np.mean([(a - b) ** 2 for a, b in zip(ONE_HOT.flat, SCORES.flat)])),  # noqa: B905
        (losses.MeanAbsoluteError, ONE_HOT, SCORES, np.mean([abs(a - b) for a, b in zip(ONE_HOT.flat, SCORES.flat)])),  # noqa: B905
        (losses.BinaryCrossentropy, ONE_HOT, SCORES, binary_cross_entropy(SCORES, ONE_HOT)),
        (losses.CategoricalCrossentropy, ONE_HOT, PROBABILITIES, cross_entropy(PROBABILITIES, LABELS)),
        (losses.SparseCategoricalCrossentropy, LABELS, PROBABILITIES, cross_entropy(PROBABILITIES, LABELS)),
    ],
)
def test_values(loss, y_true, y_pred, wanted):
    assert loss(dtype="float64")(y_true, y_pred) == pytest.approx(wanted, rel=1e-12)
    assert loss()(y_true, y_pred) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("loss", [losses.CategoricalCrossentropy, losses.SparseCategoricalCrossentropy])
def test_logits(loss):
    labels = ONE_HOT if loss is losses.CategoricalCrossentropy else LABELS
    wanted = cross_entropy([softmax(row) for row in 9 * SCORES], LABELS)
    assert loss(from_logits=True, dtype="float64")(labels, 9 * SCORES) == pytest.approx(wanted, rel=1e-12)


def test_lists_of_numbers_are_arrays():
    assert losses.MeanSquaredError()([[0, 1], [0, 0]], [[1.0, 1.0], [1.0, 0.0]]) == 0.5
    assert losses.mean_squared_error([0, 1], [1.0, 1.0]) == 0.5


def test_the_result_is_a_scalar_on_the_tape():
    with Tape() as tape:
        x = tape.watch(PROBABILITIES.astype("float32"))
        loss = losses.SparseCategoricalCrossentropy()(LABELS, x)
    assert loss.shape == () and loss.dtype == "float32"
    assert loss.value == losses.SparseCategoricalCrossentropy()(LABELS, PROBABILITIES)


@pytest.mark.parametrize("arguments", [{}, {"ignore_class": 1}])
@pytest.mark.parametrize("weights", [None, [0.5, 2, 0, 1]])
def test_gradients_by_differences(arguments, weights):
    loss = losses.SparseCategoricalCrossentropy(dtype="float64", **arguments)
    with Tape() as tape:
        x = tape.watch(PROBABILITIES)
        value = loss(LABELS, x, weights)
    (gradient,) = tape.backward([value], [np.ones(())], [x])
    step = 2e-4
    for place in np.ndindex(PROBABILITIES.shape):
        moved = [PROBABILITIES.copy() for _ in range(4)]
        for array, factor in zip(moved, (-2, -1, 1, 2), strict=True):
            array[place] += factor * step
        far_below, below, above, far_above = (loss(LABELS, array, weights) for array in moved)
        slope = (far_below - 8 * below + 8 * above - far_above) / (12 * step)
        assert gradient[place] == pytest.approx(slope, abs=1e-8)


def test_ignored_samples_take_no_part_whatever_is_predicted_for_them():
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    predictions = PROBABILITIES.copy()
    predictions[1] = np.nan
    labels = [2, -1, 1, 1]
    with Tape() as tape:
        x = tape.watch(predictions)
        value = loss(labels, x)
    (gradient,) = tape.backward([value], [np.ones((), "float32")], [x])
    kept = [0, 2, 3]
    assert value.value == pytest.approx(cross_entropy(PROBABILITIES[kept], [labels[i] for i in kept]), rel=1e-6)
    assert not gradient[1].any() and np.isfinite(gradient).all()


def test_an_empty_batch_has_no_loss(keras):
    for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight"):
        for shape in ((0, 3), (0, 4, 3)):
            ours, theirs = (
                package.MeanSquaredError(reduction)(np.zeros(shape), np.zeros(shape)) for package in (losses, keras.losses)
            )
            assert ours.shape == tuple(theirs.shape)
            np.testing.assert_array_equal(ours, theirs)
    assert losses.SparseCategoricalCrossentropy()(np.zeros(0), np.zeros((0, 3))).shape == (0,)


def test_one_weight_counts_for_a_whole_sample_even_if_batch_and_width_are_equal():
    y_true, y_pred = np.zeros((3, 3, 1)), np.ones((3, 3, 1))
    values = losses.MeanSquaredError(reduction=None)(y_true, y_pred, sample_weight=[1, 2, 3])
    np.testing.assert_array_equal(values, [[1, 1, 1], [2, 2, 2], [3, 3, 3]])
    image_loss = losses.MeanSquaredError()(np.zeros((2, 3, 4, 1)), np.ones((2, 3, 4, 1)), sample_weight=[1, 3])
    assert image_loss == 2


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
def test_a_masked_batch_is_the_batch_without_what_is_masked(reduction):
    values, weights, mask = RNG.random(5), RNG.random(5), np.array([True, False, True, True, False])
    for kept in (None, weights):
        masked = reduce_weighted_values(values, kept, mask, reduction)
        shorter = reduce_weighted_values(values[mask], None if kept is None else kept[mask], None, reduction)
        assert masked == pytest.approx(shorter)
    assert reduce_weighted_values(values, None, np.zeros(5, bool), reduction) == 0


def test_a_mask_may_have_one_axis_more_than_the_weights():
    mask = np.array([[True], [False]])
    weights = apply_mask([1.0, 2.0], mask, "float32", "sum")
    np.testing.assert_array_equal(weights.reshape(-1), [1, 0])


@pytest.mark.parametrize(
    ("shapes", "wanted"),
    [
        (((3,), (3, 1)), ((3, 1), (3, 1))),
        (((3, 1), (3,)), ((3, 1), (3, 1))),
        (((3, 2), (3, 2, 1)), ((3, 2), (3, 2))),
        (((3, 2, 1), (3, 2)), ((3, 2), (3, 2))),
        (((3,), (3, 2)), ((3,), (3, 2))),
        (((3,), (3, 1, 1)), ((3,), (3, 1, 1))),
    ],
)
def test_ranks_are_matched(shapes, wanted):
    pair = squeeze_or_expand_to_same_rank(*map(np.zeros, shapes))
    assert tuple(array.shape for array in pair) == wanted


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
def test_masked_predictions_do_not_count(reduction):
    predictions, mask = SCORES.copy(), np.array([True, False, True, True])
    set_keras_mask(predictions, mask)
    # The very array keeps its mask, so its dtype must be that of the loss.
    loss = losses.MeanSquaredError(reduction, dtype="float64")
    assert loss(ONE_HOT, predictions) == pytest.approx(loss(ONE_HOT[mask], SCORES[mask]))
    with Tape() as tape:
        x = tape.watch(predictions)
        value = loss(ONE_HOT, x)
    (gradient,) = tape.backward([value], [np.ones(())], [x])
    assert not gradient[1].any() and gradient[mask].all()


def test_two_masks_leave_what_both_leave():
    predictions = PROBABILITIES.copy()
    set_keras_mask(predictions, np.array([True, False, True, True]))
    loss = losses.LossFunctionWrapper(losses.sparse_categorical_crossentropy, dtype="float64", ignore_class=1)
    assert loss(LABELS, predictions) == pytest.approx(cross_entropy(PROBABILITIES[:1], LABELS[:1]))


# Losses of users ------------------------------------------------------------------------------------------------------


def test_a_loss_of_the_user_trains():
    class Cubic(losses.Loss):
        def call(self, y_true, y_pred):
            return ops.mean(ops.power(ops.abs(ops.subtract(y_true, y_pred)), 3), axis=-1)

    with Tape() as tape:
        x = tape.watch(np.array([[1.0, -2.0]], "float32"))
        loss = Cubic()([[0, 0]], x)
    assert loss.value == 4.5
    np.testing.assert_allclose(tape.backward([loss], [np.ones((), "float32")], [x])[0], [[1.5, -6]])


def test_a_function_of_several_outputs():
    def both(y_true, y_pred):
        return ops.add(losses.mean_squared_error(y_true["a"], y_pred["a"]), losses.mean_squared_error(y_true["b"], y_pred["b"]))

    loss = losses.LossFunctionWrapper(both, name="both")
    zeros = {"a": np.zeros((2, 1)), "b": np.zeros(2)}
    assert loss(zeros, {"a": np.ones((2, 1)), "b": 2 * np.ones((2, 1))}) == 5


def test_the_base_class_has_no_rule():
    with pytest.raises(NotImplementedError):
        losses.Loss()(ONE_HOT, ONE_HOT)


# Names and errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alias", ["mse", "MSE", "mean_squared_error"])
def test_aliases(alias):
    assert losses.get(alias) is losses.mean_squared_error


def test_get():
    loss = losses.BinaryCrossentropy(from_logits=True)
    assert losses.get(loss) is loss
    assert losses.get(None) is None
    assert losses.get("BinaryCrossentropy").from_logits is False
    assert losses.get({"class_name": "BinaryCrossentropy", "config": {"from_logits": True}}).from_logits is True


@pytest.mark.parametrize(
    "loss",
    [
        losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1, axis=1, reduction="sum", name="mine"),
        losses.CategoricalCrossentropy(label_smoothing=0.1),
        losses.SparseCategoricalCrossentropy(ignore_class=255),
        losses.MeanSquaredError(reduction=None),
        losses.LossFunctionWrapper(losses.mean_absolute_error, name="mine"),
        losses.LossFunctionWrapper(losses.poisson, name="mine"),
        losses.BinaryFocalCrossentropy(True, alpha=0.4, gamma=1.0),
        losses.CategoricalFocalCrossentropy(alpha=0.4, axis=1),
        losses.CategoricalGeneralizedCrossEntropy(0.2),
        losses.Dice(axis=(1, 2)),
        losses.Tversky(0.2, 0.8),
        losses.Circle(gamma=20.0, remove_diagonal=False),
        losses.CTC("sum"),
    ],
)
def test_round_trip(loss):
    again = losses.deserialize(losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    assert again.fn is loss.fn


@pytest.mark.parametrize(
    ("loss", "y_true", "message"),
    [
        (losses.CategoricalCrossentropy(), LABELS, r"must have the same shape. Received: (?s:.*)sparse_categorical"),
        (losses.CategoricalCrossentropy(), np.ones((4, 1)), "must have the same shape. Received: target.shape="),
        (losses.BinaryCrossentropy(), np.ones((4, 2)), "must have the same shape. Received: target.shape="),
        (losses.SparseCategoricalCrossentropy(), ONE_HOT, r"up until the last dimension: (?s:.*)categorical_crossent"),
        (losses.SparseCategoricalCrossentropy(), [1, 2, 3, 0], r"Received a label value of 3 .* \[0, 3\)"),
        (losses.MeanSquaredError(), np.ones((4, 2)), "^Labels and predictions must have the same shape(?s:.*)as many units"),
        (losses.KLDivergence(), np.ones(5), r"^Labels and predictions must have the same shape. Received: y_true.shape=\(5,\)"),
        (
            losses.CTC(),
            LABELS,
            "^Targets `y_true` are expected to be a tensor of shape `\\(batch_size, max_length\\)` in integer",
        ),
        (losses.CTC(), [LABELS], "^Logits `y_pred` are expected to be a tensor of shape"),
        (losses.SparseCategoricalCrossentropy(), [1, 2, -1, 0], r"Received a label value of -1 .* \[0, 3\)"),
    ],
)
def test_labels_that_do_not_fit(loss, y_true, message):
    with pytest.raises(ValueError, match=message):
        loss(y_true, PROBABILITIES)


def test_predictions_of_pixels_for_labels_of_samples():
    with pytest.raises(ValueError, match=r"^Labels and predictions must have the same shape(?s:.*)Flatten or GlobalAverage"):
        losses.MeanSquaredError()(np.zeros(3), np.zeros((3, 6, 6, 1)))


def test_q_is_between_0_and_1():
    with pytest.raises(ValueError, match=r"^q must be in the interval \(0, 1\)"):
        losses.CategoricalGeneralizedCrossEntropy(1)


def test_weights_that_do_not_fit():
    with pytest.raises(ValueError, match=r"Expected shape \(4,\).*Received: sample_weight.shape=\(3,\)"):
        losses.MeanSquaredError()(ONE_HOT, SCORES, sample_weight=[1, 2, 3])


def test_one_class_is_warned_of():
    with pytest.warns(SyntaxWarning, match="Consider using 'binary_crossentropy' if you only have 2 classes"):
        losses.categorical_crossentropy(np.ones((4, 1)), np.ones((4, 1)))


def test_the_dtype_cannot_be_set():
    with pytest.raises(AttributeError):
        losses.MeanSquaredError().dtype = "float64"
