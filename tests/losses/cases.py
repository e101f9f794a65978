"""Losses, their arguments, and labels and predictions for them: what is compared with Keras."""

import numpy as np

RNG = np.random.default_rng(0)
LOGITS = RNG.standard_normal((6, 5)).astype("float32")
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(-1, keepdims=True)
LABELS = np.array([0, 1, 4, 2, 3, 1])
ONE_HOT = np.eye(5)[LABELS]
IMAGE_LOGITS = RNG.standard_normal((2, 3, 4, 5)).astype("float32")
IMAGE_LABELS = RNG.integers(0, 5, (2, 3, 4))

UNIT = LOGITS / np.linalg.norm(LOGITS, axis=-1, keepdims=True)
POSITIVE = np.abs(IMAGE_LOGITS) + 0.1
SEQUENCES = np.array([[1, 2, 2, 0], [3, 0, 0, 0], [1, 1, 4, 2], [0, 0, 0, 0], [4, 3, 2, 1], [2, 2, 0, 0]])
SEQUENCE_LOGITS = RNG.standard_normal((6, 7, 5)).astype("float32")

# name, arguments, labels, predictions
CASES = {
    "mse": ("MeanSquaredError", {}, ONE_HOT, LOGITS),
    "mae": ("MeanAbsoluteError", {}, ONE_HOT, LOGITS),
    "mse_of_ints": ("MeanSquaredError", {}, LABELS, LOGITS[:, :1]),
    "mse_of_images": ("MeanSquaredError", {}, IMAGE_LOGITS[::-1], IMAGE_LOGITS),
    "binary": ("BinaryCrossentropy", {}, ONE_HOT, PROBABILITIES),
    "binary_column": ("BinaryCrossentropy", {}, LABELS > 2, PROBABILITIES[:, :1]),
    "binary_logits": ("BinaryCrossentropy", {"from_logits": True}, ONE_HOT, LOGITS),
    "binary_smooth": ("BinaryCrossentropy", {"label_smoothing": 0.2, "axis": 0}, ONE_HOT, PROBABILITIES),
    "categorical": ("CategoricalCrossentropy", {}, ONE_HOT, PROBABILITIES),
    "categorical_logits": ("CategoricalCrossentropy", {"from_logits": True}, ONE_HOT, LOGITS),
    "categorical_smooth": ("CategoricalCrossentropy", {"label_smoothing": 0.2}, ONE_HOT, PROBABILITIES),
    "categorical_axis": ("CategoricalCrossentropy", {"axis": 0}, ONE_HOT, PROBABILITIES),
    "sparse": ("SparseCategoricalCrossentropy", {}, LABELS, PROBABILITIES),
    "sparse_column": ("SparseCategoricalCrossentropy", {}, LABELS[:, None], PROBABILITIES),
    "sparse_floats": ("SparseCategoricalCrossentropy", {}, LABELS.astype("float32"), PROBABILITIES),
    "sparse_logits": ("SparseCategoricalCrossentropy", {"from_logits": True}, LABELS, LOGITS),
    "sparse_ignore": ("SparseCategoricalCrossentropy", {"ignore_class": 1}, LABELS, PROBABILITIES),
    "sparse_images": ("SparseCategoricalCrossentropy", {"from_logits": True}, IMAGE_LABELS, IMAGE_LOGITS),
    "sparse_images_ignore": (
        "SparseCategoricalCrossentropy",
        {"from_logits": True, "ignore_class": 2},
        IMAGE_LABELS,
        IMAGE_LOGITS,
    ),
    "mape": ("MeanAbsolutePercentageError", {}, LOGITS[::-1], LOGITS),
    "mape_of_zeros": ("MeanAbsolutePercentageError", {}, ONE_HOT, LOGITS * 1e-6),
    "msle": ("MeanSquaredLogarithmicError", {}, ONE_HOT, LOGITS),
    "msle_of_images": ("MeanSquaredLogarithmicError", {}, POSITIVE[::-1], POSITIVE),
    "cosine": ("CosineSimilarity", {}, ONE_HOT, LOGITS),
    "cosine_axis": ("CosineSimilarity", {"axis": 0}, ONE_HOT, LOGITS),
    "huber": ("Huber", {}, ONE_HOT, 2 * LOGITS),
    "huber_delta": ("Huber", {"delta": 0.3}, ONE_HOT, LOGITS),
    "huber_of_images": ("Huber", {"delta": 1.5}, IMAGE_LOGITS[::-1], IMAGE_LOGITS),
    "log_cosh": ("LogCosh", {}, ONE_HOT, 3 * LOGITS),
    "hinge": ("Hinge", {}, ONE_HOT, LOGITS),
    "hinge_of_signs": ("Hinge", {}, 2 * ONE_HOT - 1, LOGITS),
    "hinge_of_numbers": ("Hinge", {}, 0.5 * ONE_HOT, LOGITS),
    "squared_hinge": ("SquaredHinge", {}, ONE_HOT, LOGITS),
    "categorical_hinge": ("CategoricalHinge", {}, ONE_HOT, LOGITS),
    "kl_divergence": ("KLDivergence", {}, PROBABILITIES[::-1], PROBABILITIES),
    "kl_divergence_one_hot": ("KLDivergence", {}, ONE_HOT, PROBABILITIES),
    "poisson": ("Poisson", {}, LABELS[:, None] * ONE_HOT, PROBABILITIES),
    "binary_focal": ("BinaryFocalCrossentropy", {}, ONE_HOT, PROBABILITIES),
    "binary_focal_logits": ("BinaryFocalCrossentropy", {"from_logits": True, "gamma": 1.0}, ONE_HOT, LOGITS),
    "binary_focal_balanced": (
        "BinaryFocalCrossentropy",
        {"apply_class_balancing": True, "alpha": 0.4, "label_smoothing": 0.1},
        ONE_HOT,
        PROBABILITIES,
    ),
    "focal": ("CategoricalFocalCrossentropy", {}, ONE_HOT, PROBABILITIES),
    "focal_logits": ("CategoricalFocalCrossentropy", {"from_logits": True, "gamma": 3.0}, ONE_HOT, LOGITS),
    "focal_smooth": ("CategoricalFocalCrossentropy", {"label_smoothing": 0.2, "alpha": 0.1}, ONE_HOT, PROBABILITIES),
    "focal_axis": ("CategoricalFocalCrossentropy", {"axis": 0}, ONE_HOT, PROBABILITIES),
    "generalized": ("CategoricalGeneralizedCrossEntropy", {}, LABELS, PROBABILITIES),
    "generalized_q": ("CategoricalGeneralizedCrossEntropy", {"q": 0.1}, LABELS, PROBABILITIES),
    "dice": ("Dice", {}, ONE_HOT, PROBABILITIES),
    "dice_axis": ("Dice", {"axis": -1}, ONE_HOT, PROBABILITIES),
    "dice_images": ("Dice", {"axis": (1, 2, 3)}, np.sign(POSITIVE - 0.5).clip(0), np.tanh(POSITIVE)),
    "tversky": ("Tversky", {}, ONE_HOT, PROBABILITIES),
    "tversky_weights": ("Tversky", {"alpha": 0.2, "beta": 0.7, "axis": -1}, ONE_HOT, PROBABILITIES),
    "circle": ("Circle", {}, LABELS, UNIT),
    "circle_column": ("Circle", {"gamma": 16, "margin": 0.2, "remove_diagonal": False}, LABELS[:, None], UNIT),
    "ctc": ("CTC", {}, SEQUENCES, SEQUENCE_LOGITS),
}
