"""What all layers have from `Layer`, on layers that a user might write: as in Keras."""

import re

import numpy as np
import pytest

import convlayers
from convlayers import layers, metrics, ops, serialization
from convlayers.symbolic import KerasTensor

X = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")


@pytest.fixture(params=["convlayers", "keras"])
def library(request):
    """Both: what a test finds here, it must find in Keras."""
    return convlayers if request.param == "convlayers" else request.getfixturevalue("keras")


def numpy(x):
    return x.detach().numpy() if hasattr(x, "detach") else np.asarray(x)


# Config ---------------------------------------------------------------------------------------------------------------


def classes(base):
    class Plain(base):
        def __init__(self, units, scale=1.5, names=("a", "b"), **kwargs):
            super().__init__(**kwargs)

    class WithName(base):
        def __init__(self, units, name=None):
            super().__init__(name=name)

    class WithoutName(base):
        def __init__(self, units):
            super().__init__()

    class WithoutArguments(base):
        pass

    class Positional(base):
        def __init__(self, units, /, **kwargs):
            super().__init__(**kwargs)

    class Variadic(base):
        def __init__(self, *units, **kwargs):
            super().__init__(**kwargs)

    return {cls.__name__: cls for cls in (Plain, WithName, WithoutName, WithoutArguments, Positional, Variadic)}


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [
        ("Plain", (3,), {"name": "mine"}),
        ("Plain", (), {"units": {"a": [1, 2.5, None]}, "scale": True, "name": "mine", "dtype": "float64"}),
        ("Plain", (3,), {"trainable": False, "name": "mine"}),
        ("WithName", (3, "mine"), {}),
        ("WithoutName", (3,), {}),
        ("WithoutArguments", (), {"name": "mine"}),
        ("Variadic", (), {"name": "mine"}),
    ],
)
def test_a_config_nobody_wrote_is_that_of_keras(name, args, kwargs, keras):
    ours, theirs = (classes(each.Layer)[name](*args, **kwargs).get_config() for each in (layers, keras.layers))
    assert ours == theirs


def test_it_makes_such_a_layer():
    cls = classes(layers.Layer)["Plain"]
    config = cls(3, scale=2.5, name="mine").get_config()
    assert cls.from_config(config).get_config() == config


@pytest.mark.parametrize(("name", "args"), [("Plain", (np.ones(2),)), ("Positional", (3,)), ("Variadic", (3, 4))])
def test_arguments_that_no_config_has(name, args, library):
    layer = classes(library.layers.Layer)[name](*args)
    with pytest.raises(NotImplementedError, match=r"was created by passing[\s\S]*override `get_config\(\)`"):
        layer.get_config()


def test_a_config_that_does_not_fit(library):
    with pytest.raises(TypeError, match=r"^Error when deserializing class 'Dense' using config="):
        library.layers.Dense.from_config({"units": 3, "foo": 4})


def test_the_dtype_arrives_by_name(library):
    class Typed(library.layers.Layer):
        def __init__(self, dtype=None, **kwargs):
            assert isinstance(dtype, str)
            super().__init__(dtype=dtype, **kwargs)

        def get_config(self):
            return super().get_config()

    assert Typed.from_config(Typed(dtype="float64").get_config()).dtype == "float64"


# What belongs to a layer ----------------------------------------------------------------------------------------------


def with_parts(library):
    make = library.layers

    class Parts(make.Layer):
        def __init__(self):
            self.before = "nothing has been made yet"
            super().__init__(name="parts")
            self.list = [make.Dense(1, name="a")]
            self.list.append(make.Dense(2, name="b"))
            self.list += [make.Dense(3, name="c")]
            self.table = {"d": make.Dense(4, name="d")}
            self.table["e"] = [make.Dense(5, name="e")]
            self.pair = (make.Dense(6, name="f"), {"g": make.Dense(7, name="g")})
            self.list.pop(0)
            self.table.update({"h": make.Dense(8, name="h")})
            self.dropout = make.Dropout(0.5, seed=1, name="dropout")
            self.metric = library.metrics.Mean(name="mean")

        def call(self, inputs, training=False):
            both = [*self.list, *self.table.values(), *self.pair]
            for layer in both:
                if isinstance(layer, make.Layer):
                    layer(inputs)
            self.table["e"][0](inputs)
            self.pair[1]["g"](inputs)
            return inputs

    layer = Parts()
    layer(X)
    return layer


def test_parts_in_lists_and_dicts(keras):
    ours, theirs = with_parts(convlayers), with_parts(keras)
    for attribute in ("weights", "variables", "trainable_variables", "non_trainable_variables", "metrics_variables"):
        # Generators are counted in the order in which they are made.
        found, expected = (
            [re.sub(r"generator_\d+/", "generator/", v.path) for v in getattr(layer, attribute)] for layer in (ours, theirs)
        )
        assert found == expected, attribute
    assert [layer.name for layer in ours._layers] == [layer.name for layer in theirs._layers]
    assert [metric.name for metric in ours.metrics] == ["mean"]
    assert isinstance(ours.list, list)
    assert isinstance(ours.table, dict)


def test_state_is_made_before_the_layer_is_built(library):
    class Late(library.layers.Layer):
        def call(self, inputs):
            self.w = self.add_weight(shape=(), initializer="zeros")
            return inputs

    with pytest.raises(ValueError, match=r"You cannot add new elements of state"):
        Late()(X)
    dense = library.layers.Dense(2)
    dense(X)
    with pytest.raises(ValueError, match=r"You cannot add new elements of state"):
        dense.inner = library.layers.Dense(2)


def test_an_attribute_that_goes(library):
    class Going(library.layers.Layer):
        def __init__(self):
            super().__init__()
            self.w = self.add_weight(shape=(2,), name="w")

    layer = Going()
    assert len(layer.weights) == 1
    del layer.w
    assert layer.weights == []


def test_weights_without_names_of_arguments(library):
    layer = library.layers.Layer(name="mine")
    variable = layer.add_weight((2, 3), "ones", "float64", name="w")
    assert (tuple(variable.shape), variable.dtype, variable.path) == ((2, 3), "float64", "mine/w")
    for args, kwargs, error, line in [
        (("w",), {}, ValueError, "`name` must be passed as a keyword argument"),
        (((2,),), {"shape": (2,)}, ValueError, "`shape` was passed both positionally and as a keyword argument"),
        (((2,), "ones"), {"initializer": "ones"}, ValueError, "`initializer` was passed both positionally"),
        (
            ((2,), "ones", "float32", True),
            {},
            TypeError,
            r"add_weight\(\) takes at most 3 positional arguments but 4 were given",
        ),
    ]:
        with pytest.raises(error, match=line):
            layer.add_weight(*args, **kwargs)


def test_paths(library):
    class Inner(library.layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight(shape=(1,), name="w")

        def call(self, inputs):
            return inputs + self.w

    class Outer(library.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = Inner(name="inner")

        def build(self, input_shape):
            self.v = self.add_weight(shape=(1,), name="v")

        def call(self, inputs):
            return self.inner(inputs)

    layer = Outer(name="outer")
    assert layer.path is None
    layer(X)
    assert (layer.path, layer.inner.path) == ("outer", "outer/inner")
    assert [v.path for v in layer.weights] == ["outer/v", "outer/inner/w"]


# Building and calling -------------------------------------------------------------------------------------------------


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


def test_what_a_subclass_must_have(library):
    layer = library.layers.Layer()
    with pytest.raises(NotImplementedError, match=r"Layer Layer does not have a `call` method implemented."):
        layer.call(X)
    with pytest.raises(
        NotImplementedError, match=r"does not have a `compute_output_shape` method implemented. Should implement"
    ):
        layer.compute_output_shape((2, 3))
    with pytest.raises(NotImplementedError, match=r"^Layer `add_metric\(\)` method is deprecated"):
        layer.add_metric()
    layer.built = True
    with pytest.raises(NotImplementedError, match=r"does not have a `quantize` method implemented"):
        layer.quantize("int8")


def test_build_without_anything_to_build_the_parts_with(library):
    class Holder(library.layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense = library.layers.Dense(2)

    with pytest.warns(UserWarning, match=r"the layer does not have a `build"):
        Holder().build((2, 3))


def test_symbolic_calls_leave_no_losses():
    class Loss(layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.sum(inputs))
            return inputs

    layer = Loss()
    layer(KerasTensor((None, 3)))
    assert layer.losses == []
    layer(X)
    assert len(layer.losses) == 1


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
            np.testing.assert_allclose(numpy(model(X, mode=True)), expected)
            np.testing.assert_allclose(numpy(model(X)), X)


# Without side effects -------------------------------------------------------------------------------------------------


def test_stateless_call(library):
    layer = library.layers.BatchNormalization(momentum=0.5, gamma_regularizer="l2")
    layer.build((None, 3))
    before = [np.array(numpy(v)) for v in layer.get_weights()]
    gamma, beta = (np.full(3, value, "float32") for value in (2.0, 1.0))
    mean, variance = np.zeros(3, "float32"), np.ones(3, "float32")
    y, state, losses = layer.stateless_call([gamma, beta], [mean, variance], X, training=True, return_losses=True)
    expected = (X - X.mean(axis=0)) / np.sqrt(X.var(axis=0) + 1e-3) * 2 + 1
    np.testing.assert_allclose(numpy(y), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(numpy(state[0]), X.mean(axis=0) / 2, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(float(numpy(losses[0])), 0.01 * 4 * 3, rtol=1e-5)
    for value, after in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(after, value)
    assert len(layer.stateless_call([gamma, beta], [mean, variance], X)) == 2


def test_stateless_calls_that_do_not_fit(library):
    layer = library.layers.Dense(2)
    with pytest.raises(ValueError, match=r"^To call stateless_call, Dense must be built"):
        layer.stateless_call([], [], X)
    layer.build((None, 3))
    with pytest.raises(
        ValueError, match=r"^Argument `trainable_variables` must be a list of tensors corresponding 1:1 to Dense"
    ):
        layer.stateless_call([], [], X)
    with pytest.raises(ValueError, match=r"^Argument `non_trainable_variables` must be a list"):
        layer.stateless_call(layer.trainable_variables, [X], X)


# Names ----------------------------------------------------------------------------------------------------------------

# Of the inside of Keras, or of quantization and rematerialization.
NOT_HERE = {
    "call_signature_parameters",
    "quantized_build",
    "quantized_call",
    "rematerialized_call",
    "supports_jit",
}


def test_a_layer_has_what_a_layer_of_keras_has(keras):
    torch = pytest.importorskip("torch")
    of_pytorch = {*dir(torch.nn.Module()), "torch_params"}
    expected = {name for name in dir(keras.layers.Layer()) if not name.startswith("_")} - of_pytorch
    assert expected - set(dir(layers.Layer())) == NOT_HERE


def test_symbolic_tensors_change_their_shape(library):
    x = library.Input((3, 1), batch_size=2)
    assert tuple(x.reshape((3, 2)).shape) == (3, 2)
    assert tuple(x.squeeze(2).shape) == (2, 3)


def test_a_metric_in_a_layer_belongs_to_it():
    layer = layers.Layer()
    layer.metric = metrics.Mean(name="mean")
    assert layer.metrics == [layer.metric]
    assert layer.metrics_variables == layer.metric.variables


def test_build_config_round_trip():
    class Two(layers.Layer):
        def build(self, a_shape, b_shape):
            self.w = self.add_weight(shape=(a_shape[-1], b_shape[-1]), name="w")

        def call(self, a, b):
            return a

    layer = Two()
    layer(X, X[:, :2])
    copy = Two()
    copy.build_from_config(layer.get_build_config())
    assert copy.w.shape == (3, 2)
    dense = layers.Dense(2)
    dense(X)
    assert serialization.serialize_keras_object(dense)["build_config"] == {"input_shape": (2, 3)}


def test_symbolic_calls_change_no_state():
    class Counting(layers.Layer):
        def __init__(self):
            super().__init__()
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)
            self.norm = layers.BatchNormalization()
            self.dropout = layers.Dropout(0.5, seed=1)

        def call(self, x):
            self.count.assign_add(1)
            return self.dropout(self.norm(x, training=True), training=True)

    layer = Counting()
    layer(layers.Input((3,)))
    layer(np.ones((2, 3), "float32"))
    before = [variable.numpy() for variable in layer.variables]
    assert layer.count.value == 1
    layer(layers.Input((3,), batch_size=5))
    for variable, value in zip(layer.variables, before, strict=True):
        np.testing.assert_array_equal(variable.value, value)


def test_the_mask_of_several_arrays_without_masks_is_a_list_of_none():
    class Showing(layers.Layer):
        def call(self, inputs, mask="not given"):
            self.seen = mask
            return inputs[0]

    layer = Showing()
    layer([np.ones((2, 3)), np.ones((2, 3))])
    assert layer.seen == [None, None]
