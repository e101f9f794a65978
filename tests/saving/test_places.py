"""Where in a file which part of a model is."""

import pytest

import convlayers as k
from convlayers import layers
from convlayers.saving.places import places
from tests.saving import zoo


def paths(model, **kwargs):
    return {owner.name: path for path, owner in places(model, **kwargs)}


def test_layers_are_named_after_their_classes_and_counted():
    model = k.Sequential(
        [k.Input((8, 8, 1)), layers.Conv2D(2, 3, name="conv2d_7"), layers.ReLU(name="r"), layers.Conv2D(2, 3, name="b")]
    )
    assert paths(model) == {
        model.name: "",
        "conv2d_7": "layers/conv2d",
        "r": "layers/re_lu",
        "b": "layers/conv2d_1",
    }


def test_models_in_models_and_layers_that_are_used_twice():
    found = paths(zoo.nested(k))
    assert found["residual"] == "layers/functional"
    assert found["block"] == "layers/functional/layers/sequential"
    assert found["late"] == "layers/sequential"
    shared = layers.Dense(4, name="shared")
    inputs = k.Input((4,), name="inputs")
    model = k.Model(inputs, shared(shared(inputs)), name="model")
    assert paths(model) == {"model": "", "inputs": "layers/input_layer", "shared": "layers/dense"}


class Parts(layers.Layer):
    """Layers in attributes of all kinds."""

    def __init__(self):
        super().__init__(name="parts")
        self._private = layers.Dense(1, name="private")
        self.single = layers.Dense(1, name="single")
        self.listed = [layers.Dense(1, name="first"), 3, layers.ReLU(name="second"), layers.Dense(1, name="third")]
        self.named = {"x": layers.Dense(1, name="in dict"), "y": [[layers.Dense(1, name="deep")]]}
        self.again = self.single
        self.layers = (layers.Dense(1, name="of layers"),)

    @property
    def broken(self):
        raise RuntimeError("nothing to give yet")


def test_attributes():
    assert paths(Parts()) == {
        "parts": "",
        "single": "again",  # attributes come in the order of their names
        "of layers": "layers/dense",
        "first": "listed/dense",
        "second": "listed/re_lu",
        "third": "listed/dense_1",
        "in dict": "named/dense",
        "deep": "named/container/container/dense",
        "private": "_private",
    }


def test_lists_in_lists_are_left_out_where_the_file_has_none():
    found = paths(Parts(), is_there=lambda path: False)
    assert "deep" not in found
    assert found["in dict"] == "named/dense"


def test_the_optimizer():
    model = zoo.stack(k)
    assert "optimizer" not in paths(model).values()
    model.compile(k.optimizers.SGD(name="sgd"), "mse")
    assert paths(model)["sgd"] == "optimizer"


def test_optimizers_in_attributes():
    class Adversaries(k.Model):
        def __init__(self):
            super().__init__(name="adversaries")
            self.generator = layers.Dense(1, name="g")
            self.g_optimizer = k.optimizers.Adam(name="adam")

    assert paths(Adversaries()) == {"adversaries": "", "adam": "g_optimizer", "g": "generator"}


def test_what_is_to_be_skipped():
    model = zoo.nested(k)
    found = paths(model, objects_to_skip=[model.get_layer("residual")])
    assert "residual" not in found
    assert "block" not in found
    assert "late" in found


def test_a_cycle():
    class Child(layers.Layer):
        pass

    class Parent(layers.Layer):
        def __init__(self):
            super().__init__(name="parent")
            self.child = Child(name="child")
            object.__setattr__(self.child, "parent", self)
            self.table = {"self": 1}
            self.table["self"] = self.table

    assert paths(Parent()) == {"parent": "", "child": "child"}


@pytest.mark.parametrize("make", zoo.MODELS, ids=lambda make: make.__name__)
def test_each_variable_has_one_place(make):
    model = make(k)
    found = [id(variable) for _, owner in places(model) for variable in owner._own_variables]
    assert sorted(found) == sorted(id(variable) for variable in model.weights)


def test_the_order_of_keras_2_15():
    """From the last name to the first: what is in lists is found in `layers` before, and single layers are not."""

    class Own(k.Model):
        def __init__(self):
            super().__init__(name="own")
            self.blocks = [layers.Dense(2, name="in list")]
            self.stem = layers.Dense(2, name="single")

    expected = {"own": "", "in list": "layers/dense", "single": "stem"}
    assert paths(Own(), backwards=True) == expected
    assert paths(Own()) == {"own": "", "in list": "blocks/dense", "single": "layers/dense_1"}
