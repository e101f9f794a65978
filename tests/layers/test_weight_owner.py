"""What belongs to a layer: weights, layers in lists and dicts, metrics, and their paths. As in Keras."""

import re

import numpy as np
import pytest

import convlayers
from convlayers import layers, metrics

X = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")


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


def test_parts_in_sets(library):
    make = library.layers
    a, b, c = (make.Dense(1, name=name) for name in "abc")

    class Parts(make.Layer):
        def __init__(self):
            super().__init__()
            self.parts = {a}
            self.table = {"set": {a, b}}
            self.parts.add(c)

    layer = Parts()
    assert {part.name for part in layer._layers} == {"a", "b", "c"}
    layer.parts.remove(c)
    layer.table["set"].update([c])
    layer.table["set"].remove(b)
    assert {part.name for part in layer._layers} == {"a", "c"}
    assert layer.parts == {a} and layer.table["set"] == {a, c}


def test_a_metric_in_a_layer_belongs_to_it():
    layer = layers.Layer()
    layer.metric = metrics.Mean(name="mean")
    assert layer.metrics == [layer.metric]
    assert layer.metrics_variables == layer.metric.variables


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
