"""How layers are built and called: shapes, arguments, contexts, masks and losses. As in Keras."""

import numpy as np
import pytest

from convlayers import Input, layers

X = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")


def test_shapes_go_to_the_arguments_that_ask_for_them(library):
    class Two(library.layers.Layer):
        def build(self, second_shape, first_shape):
            self.shapes = tuple(first_shape), tuple(second_shape)

        def call(self, first, second, mask=None):
            return first

        def compute_output_shape(self, first_shape, second_shape):
            return (*first_shape, second_shape[-1])

    layer = Two()
    layer(X, second=X[:, :2])
    assert layer.shapes == ((2, 3), (2, 2))
    assert tuple(layer(library.Input((3,)), library.Input((2,))).shape) == (None, 3, 2)


def test_shapes_that_nobody_has(library):
    class NoSuffix(library.layers.Layer):
        def build(self, a_shape, b):
            """Never called."""

        def call(self, a, b):
            return a

    class NoArgument(NoSuffix):
        def build(self, a_shape, c_shape):
            """Never called."""

    with pytest.raises(ValueError, match=r"argument `b`, which does not end in `_shape`"):
        NoSuffix()(X, X)
    with pytest.raises(ValueError, match=r"`c_shape`, but `call\(\)` does not have argument `c`"):
        NoArgument()(X, X)


@pytest.mark.parametrize(
    ("args", "kwargs", "line"),
    [
        ((), {}, "missing a required argument: 'a'"),
        ((X,), {}, "missing a required argument: 'b'"),
        ((X, X, X), {}, "too many positional arguments"),
        ((X, X), {"d": 3}, "got an unexpected keyword argument 'd'"),
    ],
)
def test_arguments_that_do_not_fit(args, kwargs, line, library):
    class Two(library.layers.Layer):
        def call(self, a, b):
            return a

    with pytest.raises(TypeError, match=line):
        Two()(*args, **kwargs)


def test_training_may_have_no_default(library):
    class Negating(library.layers.Layer):
        def call(self, x, training):
            return -x if training else x

    layer = Negating()
    for x in X, library.Input((3,)):
        assert tuple(layer(x, training=True).shape)[1:] == (3,)
    for training in True, False:
        np.testing.assert_array_equal(np.asarray(layer(X, training=training)), -X if training else X)


def test_build_without_anything_to_build_the_parts_with(library):
    class Holder(library.layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense = library.layers.Dense(2)

    with pytest.warns(UserWarning, match=r"the layer does not have a `build"):
        Holder().build((2, 3))


def _block(library):
    """Returns a class of layers that says the shapes of its outputs, and has layers inside that only `call` can build."""

    class Block(library.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.dense = library.layers.Dense(4, name="dense")

        def call(self, inputs):
            return self.dense(inputs)

        def compute_output_shape(self, input_shape):
            return (*input_shape[:-1], 4)

    return Block


def test_layers_inside_are_built_also_where_shapes_are_found_without_call(library):
    block = _block(library)(name="block")
    inputs = library.Input((3,))
    model = library.Model(inputs, block(inputs))
    assert [weight.path for weight in model.weights] == ["block/dense/kernel", "block/dense/bias"]


def test_a_call_that_cannot_be_traced_leaves_layers_inside_unbuilt(library):
    class Untraceable(_block(library)):
        def call(self, inputs):
            raise RuntimeError("no zeros, please")

    with pytest.warns(UserWarning, match="looks like it has unbuilt state, but Keras is not able to trace the layer"):
        assert Untraceable()(library.Input((3,))).shape == (None, 4)


def test_unknown_sizes_stay_unknown_behind_windows(library):
    class Block(library.layers.Layer):
        def __init__(self):
            super().__init__()
            self.conv, self.pool = library.layers.Conv2D(4, 5), library.layers.MaxPooling2D(4)

        def call(self, inputs):
            return self.pool(self.conv(inputs))

    assert tuple(Block()(library.Input((None, None, 3))).shape) == (None, None, None, 4)


def test_unknown_sizes_may_have_to_be_even():
    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.halve, self.twice = layers.MaxPooling2D(4), layers.UpSampling2D(4)

        def call(self, inputs):
            return inputs + self.twice(self.halve(inputs))

    assert Block()(Input((None, None, 3))).shape == (None, None, None, 3)


def test_unknown_sizes_that_weights_depend_on_are_refused(library):
    class Inside(library.layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense = library.layers.Dense(2)

        def call(self, inputs):
            return self.dense(inputs)

    with pytest.raises(ValueError, match="Could not automatically infer the output shape / dtype"):
        Inside()(library.Input((None,)))


def test_losses_are_tensors(library):
    with pytest.raises(
        ValueError, match=r"^`add_loss\(\)` can only be called from inside `build\(\)` or `call\(\)`, on a tensor"
    ):
        library.layers.Layer().add_loss("text")


def test_arguments_that_pass_on(library):
    class Inner(library.layers.Layer):
        def __init__(self, registers=True):
            super().__init__()
            if registers:
                self._register_call_context_args("mode")

        def call(self, inputs, mode=None):
            return inputs + (1 if mode else 0)

    class Outer(library.layers.Layer):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def call(self, inputs):
            return self.inner(inputs)

    x = library.Input((3,))
    for inner in (Inner(), Inner(registers=False)):
        expected = X + 1 if inner.__dict__.get("_context_names") or "mode" in getattr(inner, "_call_context_args", ()) else X
        middle = Outer(inner)
        y = middle(x)
        for model in (Outer(Outer(inner)), library.Sequential([Outer(inner)]), library.Model(x, y)):
            model._register_call_context_args("mode")
            np.testing.assert_allclose(library.ops.convert_to_numpy(model(X, mode=True)), expected)
            np.testing.assert_allclose(library.ops.convert_to_numpy(model(X)), X)


def test_the_mask_of_several_arrays_without_masks_is_a_list_of_none():
    class Showing(layers.Layer):
        def call(self, inputs, mask="not given"):
            self.seen = mask
            return inputs[0]

    layer = Showing()
    layer([np.ones((2, 3)), np.ones((2, 3))])
    assert layer.seen == [None, None]
