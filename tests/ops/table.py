"""One table of ops: each row is an op with arguments, to be checked for its gradients and against Keras.

Arrays are float64. They keep away from places where a function has a corner: those have tests of their own.
"""

from dataclasses import dataclass, field

import numpy as np

from convlayers import nested

_rng = np.random.default_rng(1)
# Irregular numbers from -2 to 2, none near another or near a multiple of 0.5, where the corners of activations are.
_grid = np.arange(-1.98, 2, 0.02) + 0.005 * np.sin(np.arange(199))
_grid = _grid[np.abs(_grid - np.round(2 * _grid) / 2) > 0.004]


def words(text):
    return text.split()


def numbers(*shape):
    """Distinct numbers between -2 and 2."""
    return _rng.choice(_grid, shape, replace=False)


def positive(*shape):
    """Distinct numbers between 0.2 and 2.2, none of them among `numbers`."""
    return np.abs(numbers(*shape)) + 0.205


def fractions(*shape):
    """Distinct numbers between -0.9 and 0.9."""
    return numbers(*shape) * 0.45


def probabilities(*shape):
    """Rows of numbers that add up to 1."""
    x = positive(*shape)
    return x / x.sum(axis=-1, keepdims=True)


LABELS = np.array([2, 0, 1])
MASK = np.array([[True, False, True, False]])


@dataclass(frozen=True)
class Row:
    name: str
    arguments: tuple
    kwargs: dict = field(default_factory=dict)
    like_keras: bool = True  # whether keras.ops has it, and it works there with these arguments

    @property
    def id(self):
        shapes = nested.map_structure(lambda x: getattr(x, "shape", x), self.arguments)
        return f"{self.name}{shapes}{self.kwargs or ''}".replace(" ", "")


def _rows_of_one_array():
    anywhere = words(
        "exp exp2 expm1 sin cos arctan arcsinh sinh cosh tanh sigmoid negative absolute abs square relu relu6 "
        "softplus softsign silu swish log_sigmoid leaky_relu hard_sigmoid hard_silu hard_swish elu selu gelu celu "
        "tanh_shrink hard_tanh hard_shrink soft_shrink sparse_plus sparse_sigmoid squareplus softmax log_softmax glu "
        "logsumexp sum mean max min var std prod amax amin ravel flip transpose sort cumsum norm normalize copy"
    )
    above_zero = ["log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal", "cbrt"]
    below_one = ["arcsin", "arccos", "arctanh", "tan"]
    for names, make in ((anywhere, numbers), (above_zero, positive), (below_one, fractions)):
        for name in names:
            yield Row(name, (make(2, 3, 4),))
    yield Row("arccosh", (positive(2, 3) + 1,))


def _rows_of_two_arrays():
    shapes = [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1, 3), (4, 1)), ((), (2, 3)), ((2, 3), ())]
    names = words("add subtract multiply divide true_divide maximum minimum logaddexp arctan2 divide_no_nan")
    for name in names:
        for one, other in shapes:
            yield Row(name, (numbers(*one), positive(*other)))
        yield Row(name, (numbers(2, 3), 1.3))
        yield Row(name, (1.3, positive(2, 3)))
        yield Row(name, (numbers(2, 3), 3))
    for one, other in shapes:
        yield Row("power", (positive(*one), numbers(*other)))
        yield Row("mod", (numbers(*one) * 3, positive(*other)))
        yield Row("where", (_rng.random((2, 1, 1)) > 0.5, numbers(*one), numbers(*other)))
        yield Row("clip", (numbers(*one), numbers(*other) - 1.0, numbers(*other) + 1.0), like_keras=False)
    yield Row("power", (numbers(2, 3), 2))
    yield Row("power", (numbers(2, 3), 3.0))
    yield Row("power", (2.0, numbers(2, 3)))
    yield Row("clip", (numbers(2, 3), -0.7, 0.9))
    yield Row("where", (MASK, numbers(3, 4), 0.5))


def _rows_of_reductions():
    for name in ["sum", "mean", "max", "min", "var", "std", "logsumexp", "norm"]:
        for axis in (0, 1, -1, (0, 1), [0, 2], (0, 1, 2)):
            if name == "norm" and (axis == (0, 1, 2)):
                continue
            yield Row(name, (numbers(2, 3, 4),), {"axis": axis})
            yield Row(name, (numbers(2, 3, 4),), {"axis": axis, "keepdims": True})
    for axis in (0, 1, -1):
        yield Row("prod", (numbers(2, 3, 4),), {"axis": axis})
        yield Row("cumsum", (numbers(2, 3, 4),), {"axis": axis})
        yield Row("sort", (numbers(2, 3, 4),), {"axis": axis})
        yield Row("softmax", (numbers(2, 3, 4),), {"axis": axis})
        yield Row("log_softmax", (numbers(2, 3, 4),), {"axis": axis})
        # Keras's own does not add up to 1: that of (0.5, 0.6, 0.1) is (0, 0, 0).
        yield Row("sparsemax", (numbers(2, 3, 4),), {"axis": axis}, like_keras=False)
    yield Row("prod", (numbers(2, 3, 4),), {"axis": (0, 2), "keepdims": True}, like_keras=False)
    yield Row("average", (numbers(2, 3, 4),), {"axis": 1})
    yield Row("average", (numbers(2, 3, 4), -1, positive(4)))
    yield Row("average", (numbers(2, 3, 4), 1, positive(3)), like_keras=False)
    yield Row("average", (numbers(2, 3), None, positive(2, 3)), like_keras=False)
    yield Row("softmax", (numbers(2, 3, 4),), {"axis": (1, 2)})
    yield Row("softmax", (numbers(2, 3, 4),), {"axis": None})
    yield Row("max", (numbers(2, 3),), {"initial": 1.25})
    yield Row("min", (numbers(2, 3),), {"axis": 1, "initial": -0.25})
    yield Row("top_k", (numbers(3, 5), 2), like_keras=False)  # with PyTorch, indices are int64
    for order in (1, 2, 3, np.inf, -np.inf):
        yield Row("norm", (numbers(2, 3, 4),), {"ord": order, "axis": 1})
    yield Row("norm", (positive(2, 3),), {"ord": 0.5, "axis": 1})
    for order in ("fro", 1, -1, np.inf, -np.inf):
        yield Row("norm", (numbers(2, 3, 4),), {"ord": order, "axis": (2, 0)})
        yield Row("norm", (numbers(2, 3, 4),), {"ord": order, "axis": (0, 1), "keepdims": True})


def _rows_of_shapes():
    x = numbers(2, 3, 4)
    yield Row("reshape", (x, (4, -1)))
    yield Row("reshape", (x, 24), like_keras=False)
    yield Row("transpose", (x,), {"axes": (1, 2, 0)})
    yield Row("transpose", (x,), {"axes": (-1, 0, 1)})
    yield Row("moveaxis", (x, 0, -1))
    yield Row("moveaxis", (x, (0, 1), (2, 0)))
    yield Row("swapaxes", (x, 0, 2))
    yield Row("squeeze", (numbers(2, 1, 3, 1),))
    yield Row("squeeze", (numbers(2, 1, 3, 1),), {"axis": 1})
    yield Row("expand_dims", (x, 1))
    yield Row("expand_dims", (x, (0, -1)))
    yield Row("broadcast_to", (numbers(3, 1), (2, 3, 4)))
    yield Row("flip", (x,), {"axis": 1})
    yield Row("roll", (x, 2), {"axis": 1})
    yield Row("roll", (x, 5))
    yield Row("repeat", (x, 2), {"axis": 1})
    yield Row("repeat", (x, 3))
    yield Row("repeat", (x, np.array([1, 0, 2])), {"axis": 1})
    yield Row("tile", (x, (2, 1, 3)))
    yield Row("tile", (numbers(2, 3), (2, 1, 3)))
    yield Row("tile", (x, 2), like_keras=False)
    yield Row("pad", (x, 1), like_keras=False)
    yield Row("pad", (x, ((0, 1), (2, 0), (1, 1))), {"constant_values": 0.5})
    yield Row("pad", (x, ((1, 1), (2, 1), (3, 2))), {"mode": "symmetric"}, like_keras=False)
    yield Row("pad", (x, ((0, 0), (2, 1), (3, 2))), {"mode": "reflect"})
    yield Row("pad", (x, ((0, 0), (5, 4), (1, 1))), {"mode": "edge"}, like_keras=False)
    yield Row("pad", (x, ((0, 0), (1, 2), (4, 1))), {"mode": "wrap"}, like_keras=False)
    yield Row("concatenate", ([numbers(2, 3), numbers(4, 3), numbers(1, 3)],))
    yield Row("concatenate", ([numbers(2, 3), numbers(2, 1)],), {"axis": -1})
    yield Row("stack", ([numbers(2, 3), numbers(2, 3)],))
    yield Row("stack", ([numbers(2, 3), numbers(2, 3)],), {"axis": -1})
    yield Row("hstack", ([numbers(2, 3), numbers(2, 1)],))
    yield Row("vstack", ([numbers(3), numbers(3)],))
    yield Row("append", (numbers(2, 3), numbers(4)))
    yield Row("append", (numbers(2, 3), numbers(2, 2)), {"axis": 1})
    yield Row("split", (numbers(4, 6), 3), {"axis": 1})
    yield Row("split", (numbers(4, 6), [1, 4]), {"axis": -1})
    yield Row("unstack", (x,), {"axis": 1})
    yield Row("unstack", (x, 4), {"axis": -1})


def _rows_of_places():
    x = numbers(4, 3, 2)
    yield Row("get_item", (x, 1))
    yield Row("get_item", (x, (slice(1, None, 2), ..., 0)))
    yield Row("get_item", (x, (None, slice(None, None, -1))), like_keras=False)
    yield Row("get_item", (x, (np.array([0, 2, 0]), 1)))
    yield Row("get_item", (x, np.array([3, 3, -1])))
    yield Row("get_item", (x, np.array([True, False, True, True])))
    yield Row("take", (x, np.array([[0, 2], [2, -1]])), {"axis": 1})
    yield Row("take", (x, np.array([5, 5, 0])))
    yield Row("take", (x, 1), {"axis": 0})
    yield Row("take_along_axis", (x, np.array([[[0], [1], [1]]] * 4)), {"axis": -1})
    yield Row("take_along_axis", (x, np.array([3, 3, 1])), like_keras=False)
    yield Row("slice", (x, (1, 0, 1), (2, 3, 1)))
    yield Row("slice_update", (x, (1, 0, 1), numbers(2, 3, 1)))
    yield Row("diagonal", (numbers(3, 4),))
    yield Row("diagonal", (x,), {"offset": -1, "axis1": 1, "axis2": 2})
    yield Row("diagonal", (x,), {"offset": 1, "axis1": 2, "axis2": 0})
    yield Row("tril", (numbers(3, 4),), {"k": 1})
    yield Row("triu", (x,))


def _rows_of_products():
    shapes = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((5, 2, 3), (3,))]
    for one, other in [*shapes, ((3,), (5, 3, 4)), ((5, 1, 2, 3), (2, 3, 4))]:
        yield Row("matmul", (numbers(*one), numbers(*other)))
    for one, other in [*shapes, ((2, 3), (5, 3, 4)), ((2, 3), ())]:
        # Keras with PyTorch multiplies stacks of matrices here; with its other backends it does as NumPy.
        yield Row("dot", (numbers(*one), numbers(*other)), like_keras=other != (5, 3, 4))
    yield Row("inner", (numbers(2, 3), numbers(4, 3)))
    yield Row("outer", (numbers(2), numbers(3)))
    yield Row("tensordot", (numbers(2, 3, 4), numbers(3, 4, 5)))
    yield Row("tensordot", (numbers(2, 3), numbers(4)), {"axes": 0})
    yield Row("tensordot", (numbers(2, 3, 4), numbers(4, 5, 2)), {"axes": ([2, 0], [0, 2])})
    yield Row("tensordot", (numbers(2, 3, 4), numbers(5, 3)), {"axes": (1, -1)})
    for subscripts, *shapes in (
        ("ij,jk->ik", (2, 3), (3, 4)),
        ("ij,jk", (2, 3), (3, 4)),
        ("bhwc,cd->bhwd", (2, 3, 2, 4), (4, 5)),
        ("...ij,...jk->...ik", (2, 3, 4), (4, 5)),
        ("...ij,...jk->...ik", (2, 3, 4), (1, 4, 5)),
        ("ij->i", (2, 3)),
        ("ij->", (2, 3)),
        ("ii->i", (3, 3)),
        ("ii", (3, 3)),
        ("iij,j->i", (3, 3, 2), (2,)),
        ("i,j,k->kij", (2,), (3,), (4,)),
        ("ij,ij,i->j", (2, 3), (2, 3), (2,)),
    ):
        yield Row("einsum", (subscripts, *(numbers(*shape) for shape in shapes)))


def _rows_with_parameters():
    x = numbers(3, 4)
    yield Row("leaky_relu", (x,), {"negative_slope": 0.3})
    yield Row("elu", (x,), {"alpha": 0.7})
    yield Row("celu", (x,), {"alpha": 0.7})
    yield Row("gelu", (x,), {"approximate": False})
    yield Row("mish", (x,), like_keras=False)
    yield Row("threshold", (x, 0.3, -1.0))
    yield Row("soft_shrink", (x,), {"threshold": 0.3})
    yield Row("hard_shrink", (x,), {"threshold": 0.3})
    yield Row("squareplus", (x,), {"b": 2})
    yield Row("glu", (x,), {"axis": 1})
    yield Row("cast", (x, "float64"))
    yield Row("convert_to_tensor", (x,))
    yield Row("array", (x,))
    yield Row("moments", (numbers(2, 3, 4), [0, 2]))
    yield Row("moments", (numbers(2, 3, 4), [1]), {"keepdims": True})
    for axis in (1, -1, 2):
        of_axis = np.empty((2, 3, 4)).shape[axis]
        vectors = [numbers(of_axis), positive(of_axis)]
        yield Row("batch_normalization", (numbers(2, 3, 4), *vectors, axis))
        vectors += [axis, numbers(of_axis), numbers(of_axis), 1e-2]
        yield Row("batch_normalization", (numbers(2, 3, 4), *vectors))
    yield Row("layer_normalization", (numbers(2, 3, 4),))
    yield Row("layer_normalization", (numbers(2, 3, 4), numbers(4), numbers(4)), {"epsilon": 1e-2})
    yield Row("layer_normalization", (numbers(2, 3, 4), numbers(3, 4), numbers(3, 4)), {"axis": [1, 2]})
    yield Row("layer_normalization", (numbers(2, 3, 4), numbers(3), None), {"axis": 1}, like_keras=False)
    yield Row("rms_normalization", (numbers(2, 3, 4),))
    yield Row("rms_normalization", (numbers(2, 3, 4),), {"axis": 1}, like_keras=False)
    yield Row("rms_normalization", (numbers(2, 3, 4), numbers(4)))
    for order in (1, 2, 3):
        yield Row("normalize", (numbers(2, 3, 4),), {"axis": 1, "order": order})
    yield Row("normalize", (numbers(2, 3, 4),), {"axis": (0, 2)})


def _rows_of_crossentropies():
    for from_logits in (True, False):
        x = numbers(3, 4) if from_logits else probabilities(3, 4)
        kwargs = {"from_logits": from_logits}
        yield Row("categorical_crossentropy", (probabilities(3, 4), x), kwargs)
        yield Row("categorical_crossentropy", (np.eye(4, dtype="int32")[LABELS], x), kwargs)
        yield Row("categorical_crossentropy", (probabilities(3, 4), x), {**kwargs, "axis": 0})
        yield Row("sparse_categorical_crossentropy", (LABELS, x), kwargs)
        yield Row("sparse_categorical_crossentropy", (LABELS[:, np.newaxis], x), kwargs)
        yield Row("sparse_categorical_crossentropy", (LABELS.astype("uint8"), x), kwargs)
        y = numbers(3, 4) if from_logits else (fractions(3, 4) + 1) / 2
        yield Row("binary_crossentropy", (fractions(3, 4) ** 2, y), kwargs)
    yield Row("sparse_categorical_crossentropy", (LABELS, positive(3, 4)))
    yield Row("sparse_categorical_crossentropy", (LABELS[:, np.newaxis], positive(3, 3, 1)), {"axis": 1})
    yield Row("sparse_categorical_crossentropy", (np.array(1), positive(4)))


ROWS = [
    row
    for make in (
        _rows_of_one_array,
        _rows_of_two_arrays,
        _rows_of_reductions,
        _rows_of_shapes,
        _rows_of_places,
        _rows_of_products,
        _rows_with_parameters,
        _rows_of_crossentropies,
    )
    for row in make()
]
