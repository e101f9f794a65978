"""Mistakes with embeddings and equations."""

from tests.layers.mistakes.mistake import IMAGE, Mistake, wrong_argument


def _positive(name, value, kind):
    return f"`{name}` must be a positive integer. Received: {name}={value} (of type {kind})."


CORE = [
    wrong_argument("input_dim=0", lambda L: L.Embedding(0, 2), _positive("input_dim", 0, "int")),
    wrong_argument("input_dim=True", lambda L: L.Embedding(True, 2), _positive("input_dim", True, "bool")),
    wrong_argument("output_dim=2.0", lambda L: L.Embedding(3, 2.0), _positive("output_dim", 2.0, "float")),
    wrong_argument(
        "weights of another shape",
        lambda L: L.Embedding(3, 2, weights=IMAGE, name="layer"),
        "Layer layer weight shape (3, 2) is not compatible with provided weight shape (2, 4, 4, 3).",
    ),
    Mistake(
        "Embedding: lora_rank",
        lambda L: L.Embedding(3, 2, lora_rank=2),
        NotImplementedError,
        "`lora_rank` is not supported.",
        None,
    ),
    wrong_argument(
        "no equation",
        lambda L: L.EinsumDense("ab", 3)(IMAGE),
        "Invalid einsum equation 'ab'. Equations must be in the form [X],[Y]->[Z], ...[X],[Y]->...[Z], or [X]...,[Y]->[Z]....",
    ),
    wrong_argument(
        "other sizes in an equation",
        lambda L: L.EinsumDense("abcd,de->abce", (4, 5, 6))(IMAGE),
        "Input shape and output shape do not match at shared dimension 'c'. Input shape is 4, and output shape is 5.",
    ),
]
