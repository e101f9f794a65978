"""The tape, by ops made up for the purpose and by NumPy's arithmetic."""

import gc
import threading
import weakref

import numpy as np
import pytest

from convlayers import ops
from convlayers.autograd import Tape, Tensor, differentiable, value_of
from convlayers.symbolic import KerasTensor
from convlayers.variables import Variable


@differentiable
def double(x):
    """Twice."""
    return 2 * x, lambda d_y: 2 * d_y


@differentiable
def product(x1, x2, scale=1.0):
    return x1 * x2 * scale, lambda d_y: (lambda: d_y * x2 * scale, lambda: d_y * x1 * scale)


@differentiable
def total(xs):
    return sum(xs), lambda d_y: tuple(d_y for _ in xs)


@differentiable
def halves(x):
    middle = len(x) // 2

    def backward(d_halves):
        parts = [np.zeros(middle) if d is None else d for d in d_halves]
        return np.concatenate(parts)

    return (x[:middle], x[middle:]), backward


@differentiable
def step(x):
    return np.sign(x), None


@pytest.fixture
def x():
    return np.array([1.0, 2.0, 3.0, 4.0])


def test_on_arrays_an_op_returns_an_array(x):
    assert type(double(x)) is np.ndarray
    assert type(product(x, x, scale=3.0)) is np.ndarray
    assert double.__name__ == "double"
    assert double.__doc__ == "Twice."
    with Tape() as tape:
        assert type(double(x)) is np.ndarray
    assert tape.backward([double(x)], [x]) == []


def test_chain_and_branches(x):
    with Tape() as tape:
        source = tape.watch(x)
        y = double(source)
        z = product(y, y)  # 4 x^2, through both arguments
        w = total([z, source, z])  # 8 x^2 + x
    assert isinstance(w, Tensor)
    np.testing.assert_allclose(w.value, 8 * x**2 + x)
    (gradient,) = tape.backward([w], [np.ones(4)], [source])
    np.testing.assert_allclose(gradient, 16 * x + 1)


def test_several_targets_and_sources(x):
    with Tape() as tape:
        a, b, unused = tape.watch(x), tape.watch(x + 1), tape.watch(x)
        targets = [product(a, b), double(a), x]
    gradients = tape.backward(targets, [np.ones(4), np.full(4, 10.0), np.ones(4)], [a, b, unused])
    np.testing.assert_allclose(gradients[0], x + 1 + 20)
    np.testing.assert_allclose(gradients[1], x)
    assert gradients[2] is None


def test_a_source_may_be_asked_for_twice(x):
    with Tape() as tape:
        source = tape.watch(x)
        y = double(source)
    first, second = tape.backward([y], [np.ones(4)], [source, source])
    np.testing.assert_array_equal(first, np.full(4, 2.0))
    np.testing.assert_array_equal(second, first)


def test_several_outputs(x):
    with Tape() as tape:
        source = tape.watch(x)
        _, second = halves(source)
        y = double(second)
    (gradient,) = tape.backward([y], [np.array([1.0, 10.0])], [source])
    np.testing.assert_allclose(gradient, [0, 0, 2, 20])


def test_no_gradient_passes_an_op_without_backward(x):
    with Tape() as tape:
        source = tape.watch(x)
        y = step(source)
    assert type(y) is np.ndarray
    assert tape.backward([y], [np.ones(4)], [source]) == [None]


def test_gradients_that_nobody_wants_are_not_computed(x):
    computed = []

    @differentiable
    def costly(x1, x2):
        return x1 + x2, lambda d_y: (lambda: computed.append(1) or d_y, lambda: computed.append(2) or d_y)

    with Tape() as tape:
        y = costly(x, tape.watch(x))
    tape.backward([y], [x])
    assert computed == [2]


def test_variables_add_up_their_gradients(x):
    kernel, fixed = Variable(x), Variable(x, trainable=False)
    for _ in range(2):
        with Tape() as tape:
            y = product(kernel, fixed)
        tape.backward([y], [np.ones(4)])
    np.testing.assert_allclose(kernel.grad, 2 * x)
    assert fixed.grad is None
    with Tape():
        assert type(double(fixed)) is np.ndarray


def test_a_gradient_given_is_not_changed(x):
    d_y = np.ones(4)
    with Tape() as tape:
        source = tape.watch(x)
        y = ops.add(source, source)
        z = ops.add(y, y)
    (gradient,) = tape.backward([z], [d_y], [source])
    np.testing.assert_array_equal(gradient, np.full(4, 4.0))
    np.testing.assert_array_equal(d_y, np.ones(4))


def test_gradients_have_the_dtype_of_their_arrays(x):
    kernel = Variable(x, dtype="float16")
    with Tape() as tape:
        a, b = tape.watch(x.astype("float32")), tape.watch(x)
        y = product(double(a), b)  # float64
        z = double(double(kernel))
    gradients = tape.backward([y, z], [np.ones(4), np.ones(4)], [a, b])
    assert (gradients[0].dtype, gradients[1].dtype, kernel.grad.dtype) == ("float32", "float64", "float16")


def test_arrays_behind_arguments_that_are_not_given(x):
    @differentiable
    def affine(x1, offset=None, factor=None):
        return x1 * value_of(factor), lambda d_y: (d_y * factor, None, (d_y * x1).sum())

    factor = Variable(2.0)
    with Tape() as tape:
        y = affine(x, factor=factor)
    tape.backward([y], [np.ones_like(x)])
    assert factor.grad == x.sum()


def test_arrays_as_keyword_arguments(x):
    with Tape() as tape:
        a, b = tape.watch(x), tape.watch(x + 1)
        y = product(x2=b, scale=2.0, x1=a)
    gradients = tape.backward([y], [np.ones(4)], [a, b])
    np.testing.assert_allclose(gradients, [2 * (x + 1), 2 * x])


def test_a_list_of_tensors_in_the_place_of_an_array(x):
    with Tape() as tape:
        a, b = tape.watch(x), tape.watch(x + 1)
        y = product([a, b, x], [[1.0], [10.0], [100.0]])
        z = product(x, [a, a, a])
    assert y.shape == (3, 4)
    gradients = tape.backward([y, z], [np.ones((3, 4)), np.ones((3, 4))], [a, b])
    np.testing.assert_allclose(gradients[0], 1.0 + 3 * x)
    np.testing.assert_allclose(gradients[1], np.full(4, 10.0))


def test_outside_of_a_tape_nothing_is_recorded(x):
    source = Tape.watch(x)
    assert type(double(source)) is np.ndarray


def test_the_innermost_tape_records(x):
    with Tape() as outer:
        a = outer.watch(x)
        with Tape() as inner:
            b = inner.watch(x)
            y = product(a, b)
        assert outer.backward([y], [x], [a]) == [None]
        gradients = inner.backward([y], [np.ones(4)], [a, b])
    np.testing.assert_allclose(gradients, [x, x])


def test_each_thread_has_its_own_tape(x):
    results = []
    with Tape() as tape:
        source = tape.watch(x)
        thread = threading.Thread(target=lambda: results.append(double(source)))
        thread.start()
        thread.join()
        y = double(source)
    assert type(results[0]) is np.ndarray
    assert isinstance(y, Tensor)


def test_an_error_ends_the_tape(x):
    with pytest.raises(ZeroDivisionError), Tape():
        raise ZeroDivisionError
    assert type(double(Tape.watch(x))) is np.ndarray


def test_backward_again(x):
    with Tape() as tape:
        source = tape.watch(x)
        y = product(source, source)
    (first,) = tape.backward([y], [np.ones(4)], [source], retain=True)
    (second,) = tape.backward([y], [np.ones(4)], [source])
    np.testing.assert_array_equal(first, second)
    assert tape.backward([y], [np.ones(4)], [source]) == [None]


def test_backward_gives_back_memory(x):
    class Kept(np.ndarray):
        pass

    references = []

    @differentiable
    def keeping(x):
        kept = x.view(Kept)
        references.append(weakref.ref(kept))
        return x, lambda d_y: d_y * kept

    with Tape() as tape:
        y = keeping(keeping(tape.watch(x)))
    assert all(reference() is not None for reference in references)
    tape.backward([y], [np.ones(4)])
    gc.collect()
    assert all(reference() is None for reference in references)


def test_numpy_functions_do_not_lose_gradients(x):
    for function in (np.array, np.sum, np.spacing, np.linalg.norm):
        with pytest.raises(TypeError, match=r"which would lose its gradient. Use the function .* in `convlayers.ops`"):
            function(Tape.watch(x))


def test_value_of(x):
    variable = Variable(x)
    assert value_of(variable) is variable.value
    assert value_of(Tensor(x)) is x
    assert value_of(x) is x
    symbol = KerasTensor((2,))
    assert value_of(symbol) is symbol


def test_symbolic_tensors_add_a_node_to_the_graph(x):
    symbol = KerasTensor((None, 4), "float64")
    y = product(double(symbol), x, scale=3.0)
    assert isinstance(y, KerasTensor)
    assert (y.shape, y.dtype) == ((None, 4), "float64")
    node = y.node
    assert node.operation(np.ones((2, 4)), x, scale=3.0).shape == (2, 4)
    assert node.kwargs == {"scale": 3.0}
    assert node.inputs[0].node.operation.function is double
    assert total([symbol, symbol]).shape == (None, 4)
    assert product([symbol, symbol], 2.0).shape == (2, None, 4)


# Arrays that the tape may write to ------------------------------------------------------------------------------------


@differentiable(new_gradients=True)
def triple(x):
    return 3 * x, lambda d_y: 3 * d_y


@pytest.fixture
def negate():
    """An op that writes its gradient where it may, and a list with what it was told each time."""
    told = []

    @differentiable(overwrites=True)
    def negate(x):
        def backward(d_y, owned):
            told.append(owned)
            return np.negative(d_y, out=d_y if owned else None)

        return -x, backward

    return negate, told


@pytest.mark.parametrize(("behind", "owned"), [(triple, True), (double, False)])
def test_a_backward_pass_may_overwrite_only_what_is_promised_to_be_new(negate, x, behind, owned):
    negate, told = negate
    with Tape() as tape:
        source = tape.watch(x)
        y = behind(negate(source))
    (gradient,) = tape.backward([y], [np.ones(4)], [source])
    assert told == [owned]
    np.testing.assert_array_equal(gradient, np.full(4, -3.0 if owned else -2.0))


def test_a_gradient_given_or_shared_is_not_overwritten(negate, x):
    negate, told = negate
    d_y = np.ones(4)
    with Tape() as tape:
        a, b = tape.watch(x), tape.watch(x)
        y = negate(ops.add(negate(a), negate(b)))
    gradients = tape.backward([y], [d_y], [a, b])
    assert told == [False, False, False]
    np.testing.assert_array_equal(gradients, np.ones((2, 4)))
    np.testing.assert_array_equal(d_y, np.ones(4))


def test_a_sum_of_gradients_belongs_to_the_tape(negate, x):
    negate, told = negate
    d_y = np.ones(4)
    with Tape() as tape:
        source = tape.watch(x)
        y = negate(source)
        targets = [y, triple(y), double(y), triple(y)]
    (gradient,) = tape.backward(targets, [d_y] * 4, [source])
    assert told == [True]
    np.testing.assert_array_equal(gradient, np.full(4, -9.0))
    np.testing.assert_array_equal(d_y, np.ones(4))


def test_sums_of_numbers_without_axes(negate):
    negate, _ = negate
    with Tape() as tape:
        source = tape.watch(np.array(2.0))
        y = negate(source)
        z = total([triple(y), triple(y), triple(y)])
    (gradient,) = tape.backward([z], [np.array(1.0)], [source])
    assert gradient == -9


def test_several_outputs_are_owned_each_by_itself(x):
    told = []

    @differentiable(overwrites=True)
    def twice(x):
        def backward(d_outputs, owned):
            told.append(owned)
            return d_outputs[0] + d_outputs[1]

        return (x, x), backward

    with Tape() as tape:
        source = tape.watch(x)
        first, second = twice(source)
        targets = [triple(first), double(second)]
    (gradient,) = tape.backward(targets, [np.ones(4)] * 2, [source])
    assert told == [(True, False)]
    np.testing.assert_array_equal(gradient, np.full(4, 5.0))
