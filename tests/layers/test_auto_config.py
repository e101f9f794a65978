"""Configs of layers of users who wrote none, and what layers are made of from them: as in Keras."""

import numpy as np
import pytest

from convlayers import layers
from convlayers.models import Model
from convlayers.saving import load_model


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


@pytest.mark.parametrize("base", [layers.Layer, Model])
def test_what_all_configs_have_need_not_be_taken(base):
    class Block(base):
        def __init__(self, units):
            super().__init__()
            self.frozen = layers.Dense(units, trainable=False)
            self.dense = layers.Dense(units)

    block = Block(3)
    block.dtype_policy = "float64"
    made = Block.from_config(block.get_config())
    assert made.dense.units == 3
    assert made.dtype == "float64"
    assert [made.frozen.trainable, made.dense.trainable] == [False, True]
    block.trainable = False
    assert not Block.from_config(block.get_config()).dense.trainable


def test_a_model_of_such_a_class_is_read_from_its_file(tmp_path):
    class Small(Model):
        def __init__(self, units):
            super().__init__()
            self.dense = layers.Dense(units)

        def call(self, inputs):
            return self.dense(inputs)

    model, x = Small(5), np.ones((2, 4), "float32")
    y = model(x)
    model.save(tmp_path / "small.keras")
    loaded = load_model(tmp_path / "small.keras", custom_objects={"Small": Small})
    np.testing.assert_array_equal(loaded(x), y)


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
