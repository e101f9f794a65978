"""Rows of the table: products of matrices."""

from tests.ops.rows.row import Row, numbers


def rows():
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
