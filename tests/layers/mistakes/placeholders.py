"""Mistakes with placeholders."""

from tests.layers.mistakes.mistake import wrong_argument

PLACEHOLDERS = [
    wrong_argument("no shape", lambda L: L.Input(), "You must pass a `shape` argument."),
    wrong_argument(
        "two shapes",
        lambda L: L.Input((3,), batch_shape=(1, 3)),
        "You cannot pass both `shape` and `batch_shape` at the same time.",
    ),
    wrong_argument(
        "two batch sizes",
        lambda L: L.Input(batch_shape=(None, 3), batch_size=3),
        "You cannot pass both `batch_size` and `batch_shape` at the same time.",
    ),
    wrong_argument(
        "float batch size",
        lambda L: L.Input((3,), batch_size=2.5),
        "Cannot convert '(2.5, 3)' to a shape. Found invalid dimension '2.5' of type '<class 'float'>'. ",
    ),
    wrong_argument(
        "float size",
        lambda L: L.Input((3.5,)),
        "Cannot convert '(3.5,)' to a shape. Found invalid dimension '3.5' of type '<class 'float'>'. ",
    ),
    wrong_argument(
        "nan size",
        lambda L: L.Input((float("nan"),)),
        "Cannot convert '(nan,)' to a shape. Found invalid dimension 'nan' of type '<class 'float'>'. ",
    ),
    wrong_argument("an int", lambda L: L.Input(3), "Cannot convert '3' to a shape."),
    wrong_argument(
        "negative size", lambda L: L.Input((-3,)), "Cannot convert '(-3,)' to a shape. Negative dimensions are not allowed."
    ),
    wrong_argument("dtype typo", lambda L: L.Input((3,), dtype="flaot"), "Invalid dtype: flaot"),
    wrong_argument(
        "sparse", lambda L: L.Input((3,), sparse=True), "`sparse=True` is not supported with the numpy backend", None
    ),
    wrong_argument(
        "ragged", lambda L: L.Input((3,), ragged=True), "`ragged=True` is not supported with the numpy backend", None
    ),
    wrong_argument(
        "no tensor",
        lambda L: L.Input(tensor=3),
        "Argument `input_tensor` must be a KerasTensor. Received invalid type: input_tensor=3 (of type <class 'int'>)",
    ),
    wrong_argument(
        "another tensor",
        lambda L: L.Input((3,), tensor=L.Input((4,))),
        "When providing the `input_tensor` argument, you cannot provide an incompatible `shape` argument.",
    ),
]
