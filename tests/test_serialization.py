"""Objects as plain data and back: the encoding of Keras, and nothing but what is in the tables."""

import json

import numpy as np
import pytest

import convlayers.models  # noqa: F401 - all families are in the tables before a test changes them
from convlayers import dtype_policies, initializers, random, registry, regularizers
from convlayers import serialization as s

pytestmark = pytest.mark.usefixtures("registry_restored")


class Widget:
    """An object as a user writes it."""

    def __init__(self, size, part=None):
        self.size = size
        self.part = part

    def get_config(self):
        return {"size": self.size, "part": self.part}

    @classmethod
    def from_config(cls, config):
        return cls(config["size"], s.deserialize_keras_object(config["part"]))


def named_function(x):
    return x


# Values ---------------------------------------------------------------------------------------------------------------

VALUES = [
    None,
    True,
    3,
    2.5,
    "relu",
    [1, [2, "x"]],
    (1, 2),
    {"a": 1, "b": {"c": [None]}},
    b"bytes",
    slice(1, None, 2),
    ...,
    np.float32(0.5),
    np.int64(7),
    np.array(3.0),
    np.arange(6, dtype="int32").reshape(2, 3),
    np.array([1.5, -2.0], "float64"),
    np.array([True, False]),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_are_encoded_as_in_keras(keras, value):
    assert s.serialize_keras_object(value) == keras.saving.serialize_keras_object(value)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_come_back_as_in_keras(keras, value):
    encoded = json.loads(json.dumps(s.serialize_keras_object(value)))
    found = s.deserialize_keras_object(encoded)
    expected = keras.saving.deserialize_keras_object(encoded)
    np.testing.assert_equal(found, expected)
    assert type(found) is type(expected)
    assert getattr(found, "dtype", None) == getattr(expected, "dtype", None)


def test_tensors_of_other_backends_become_arrays():
    found = s.deserialize_keras_object({"class_name": "__tensor__", "config": {"value": [1, 2], "dtype": "float32"}})
    assert found.dtype == "float32"
    np.testing.assert_array_equal(found, [1, 2])


@pytest.mark.parametrize("dtype", ["O", "float32,(1000,1000)f4", "V8"])
def test_only_plain_dtypes_are_read(dtype):
    with pytest.raises(ValueError, match="Invalid dtype"):
        s.deserialize_keras_object({"class_name": "__numpy__", "config": {"value": [1], "dtype": dtype}})


def test_dtypes_are_written_by_name():
    assert s.serialize_keras_object(np.dtype("float32")) == "float32"


# Objects --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "make_theirs"),
    [
        (lambda: regularizers.L1L2(0.1, 0.2), lambda keras: keras.regularizers.L1L2(0.1, 0.2)),
        (lambda: initializers.RandomNormal(seed=3), lambda keras: keras.initializers.RandomNormal(seed=3)),
        (lambda: dtype_policies.DTypePolicy("float32"), lambda keras: keras.DTypePolicy("float32")),
        (lambda: random.SeedGenerator(3, "s"), lambda keras: keras.random.SeedGenerator(3, "s")),
        (lambda: named_function, lambda keras: named_function),
        (lambda: Widget(3, Widget(4)), lambda keras: Widget(3, Widget(4))),
    ],
)
def test_objects_are_encoded_as_in_keras(keras, make, make_theirs):
    assert s.serialize_keras_object(make()) == keras.saving.serialize_keras_object(make_theirs(keras))


def test_registered_objects_are_encoded_as_in_keras(keras):
    ours = registry.register_keras_serializable("pkg", "Thing")(type("W", (Widget,), {}))
    theirs = keras.saving.register_keras_serializable("pkg", "Thing")(type("W", (Widget,), {}))
    assert s.serialize_keras_object(ours(1)) == keras.saving.serialize_keras_object(theirs(1))
    assert registry.get_registered_name(ours) == "pkg>Thing"
    assert registry.get_registered_object("pkg>Thing") is ours
    assert registry.get_custom_objects()["pkg>Thing"] is ours


def test_registered_objects_come_back():
    cls = registry.register_keras_serializable("pkg")(type("Thing", (Widget,), {}))
    found = s.deserialize_keras_object(s.serialize_keras_object(cls(3, cls(4))))
    assert (type(found), found.size, type(found.part), found.part.size) == (cls, 3, cls, 4)


def test_registered_functions_come_back():
    registry.register_keras_serializable("pkg")(named_function)
    encoded = s.serialize_keras_object(named_function)
    assert encoded["config"] == "pkg>named_function"
    assert s.deserialize_keras_object(encoded) is named_function


def test_custom_objects_are_known_inside():
    encoded = s.serialize_keras_object(Widget(3, Widget(4)))
    found = s.deserialize_keras_object(encoded, custom_objects={"Widget": Widget})
    assert (found.size, found.part.size) == (3, 4)


def test_scopes_nest_and_end():
    with registry.CustomObjectScope({"a": 1}), registry.custom_object_scope({"b": 2}):
        assert (registry.get_registered_object("a"), registry.get_registered_object("b")) == (1, 2)
    assert registry.get_registered_object("a") is None
    assert registry.get_registered_object("a", custom_objects={"a": 3}, module_objects={"a": 4}) == 3


def test_a_name_without_its_package_is_found():
    encoded = {"module": "builtins", "class_name": "function", "config": "act", "registered_name": "function"}
    with registry.CustomObjectScope({"pkg>act": named_function}):
        assert s.deserialize_keras_object(encoded) is named_function


@pytest.mark.parametrize(
    "module",
    [
        "keras.initializers",
        "keras.src.initializers.random_initializers",
        "keras.initializers.initializers_v2",
        "tf_keras.src.initializers.initializers",
        "tensorflow.python.keras.initializers.initializers_v2",
        "keras.src.moved.elsewhere",
    ],
)
def test_modules_of_all_times(module):
    encoded = {"module": module, "class_name": "HeNormal", "config": {"seed": 1}, "registered_name": None}
    assert type(s.deserialize_keras_object(encoded)) is initializers.HeNormal


def test_encodings_without_module_and_registered_name():
    found = s.deserialize_keras_object({"class_name": "L2", "config": {"l2": 0.5}})
    assert type(found) is regularizers.L2
    assert found.l2 == 0.5


def test_the_family_that_the_module_names_is_preferred():
    one, other = type("Same", (Widget,), {}), type("Same", (Widget,), {})
    registry.register_family("keras.ones", {"Same": one})
    registry.register_family("keras.others", {"Same": other})
    for module, expected in (("keras.ones", one), ("keras.src.others.same", other)):
        encoded = {"module": module, "class_name": "Same", "config": {"size": 1, "part": None}}
        assert type(s.deserialize_keras_object(encoded)) is expected


# Sharing --------------------------------------------------------------------------------------------------------------


def test_an_object_met_twice_is_one_object_again():
    part = Widget(1)
    with s.ObjectSharingScope():
        first, other, second = s.serialize_keras_object([part, Widget(2), part])
    assert first["shared_object_id"] == second["shared_object_id"]
    assert "shared_object_id" not in other
    with s.ObjectSharingScope():
        a, b, c = s.deserialize_keras_object([first, other, second], custom_objects={"Widget": Widget})
    assert a is c
    assert b is not a


def test_without_a_scope_nothing_is_shared():
    part = Widget(1)
    encoded = s.serialize_keras_object([part, part])
    assert not any("shared_object_id" in config for config in encoded)
    config = {**encoded[0], "shared_object_id": 5}
    a, b = s.deserialize_keras_object([config, config], custom_objects={"Widget": Widget})
    assert a is not b


def test_objects_made_while_writing_are_not_taken_for_one_another():
    class Maker:
        def get_config(self):
            return {"part": Widget(1)}  # freed at once: the next may get its address

    with s.ObjectSharingScope():
        encoded = s.serialize_keras_object([Maker() for _ in range(50)])
    assert not any("shared_object_id" in maker["config"]["part"] for maker in encoded)


# Building and compiling -----------------------------------------------------------------------------------------------


class Built(Widget):
    built = False

    def get_build_config(self):
        return {"input_shape": (None, 3)}

    def build_from_config(self, config):
        self.build_shape = config["input_shape"]

    def get_compile_config(self):
        return {"loss": "mse"}

    def compile_from_config(self, config):
        self.loss = config["loss"]


def test_objects_are_built_and_compiled():
    encoded = json.loads(json.dumps(s.serialize_keras_object(Built(1))))
    assert encoded["build_config"] == {"input_shape": [None, 3]}
    found = s.deserialize_keras_object(encoded, {"Built": Built})
    assert (found.build_shape, found.loss, found.built) == ([None, 3], "mse", True)


# What is refused ------------------------------------------------------------------------------------------------------


def test_an_unknown_class_is_named_as_in_keras(keras):
    encoded = {"module": "my_package", "class_name": "Widgit", "config": {}, "registered_name": "Widgit"}
    with pytest.raises(TypeError) as theirs:
        keras.saving.deserialize_keras_object(encoded)
    with pytest.raises(TypeError) as ours:
        s.deserialize_keras_object(encoded, custom_objects={"Widget": Widget})
    assert str(ours.value).splitlines()[0] == str(theirs.value)
    assert "Did you mean 'Widget'?" in str(ours.value)


@pytest.mark.parametrize(
    "encoded",
    [
        {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
        {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
        {"module": "keras.src.utils.file_utils", "class_name": "get_file", "config": {}, "registered_name": None},
        {"module": "convlayers.utils.files", "class_name": "get_file", "config": {}, "registered_name": None},
        {"module": "my_package", "class_name": "HeNormal", "config": {}, "registered_name": "HeNormal"},
        {"module": None, "class_name": "HeNormal", "config": {}, "registered_name": "HeNormal"},
        {"class_name": "__typespec__", "spec_name": "X", "module": "os", "config": [], "registered_name": None},
    ],
)
def test_only_what_is_in_the_tables_is_built(encoded):
    with pytest.raises(TypeError, match="Could not locate"):
        s.deserialize_keras_object(encoded)


@pytest.mark.parametrize("safe_mode", [True, False])
def test_code_is_never_loaded(keras, safe_mode):
    encoded = {"class_name": "__lambda__", "config": {"value": ["4wEAAAA=", None, None]}}
    with pytest.raises(ValueError, match="Requested the deserialization of a Python lambda"):
        s.deserialize_keras_object(encoded, safe_mode=safe_mode)


def test_code_is_never_written():
    with pytest.warns(UserWarning, match="includes a `lambda`"):
        encoded = s.serialize_keras_object({"activation": lambda x: x})
    assert encoded == {"activation": {"class_name": "__lambda__", "config": {}}}


@pytest.mark.parametrize("obj", [object(), Widget, 1j])
def test_what_has_no_config_is_refused(obj):
    with pytest.raises(TypeError, match="To be serializable, a class must implement the `get_config\\(\\)` method"):
        s.serialize_keras_object(obj)


def test_a_config_is_a_dict():
    with pytest.raises(TypeError, match=r"should return a dict. It returned: \[1\]"):
        s.serialize_keras_object(type("Bad", (), {"get_config": lambda self: [1]})())


def test_a_class_without_from_config():
    cls = type("Half", (), {"get_config": lambda self: {}})
    with pytest.raises(TypeError, match=r"Unable to reconstruct an instance of 'Half'"):
        s.deserialize_keras_object(s.serialize_keras_object(cls()), {"Half": cls})


def test_a_config_that_the_class_does_not_take():
    encoded = {"class_name": "L2", "config": {"l3": 0.5}}
    with pytest.raises(TypeError, match=r"could not be deserialized properly[\s\S]*unexpected keyword argument 'l3'"):
        s.deserialize_keras_object(encoded)


@pytest.mark.parametrize(
    "encoding, error, message",
    [
        (
            {"class_name": "Dense", "config": [1]},
            TypeError,
            "Expected 'config' to be a dict for Dense,\ninstead got <class 'li",
        ),
        ({"class_name": "function", "config": ["relu"]}, TypeError, "Expected 'config' to be a non-null str fora function"),
    ],
)
def test_a_config_of_another_kind(encoding, error, message):
    with pytest.raises(error, match=message):
        s.deserialize_keras_object(encoding)


def test_what_is_built_in_goes_by_no_other_name():
    encoding = {"class_name": "Zeros", "module": "keras.initializers", "config": {}, "registered_name": "my>Zeros"}
    with pytest.raises(ValueError, match="`registered_name='my>Zeros'` was provided in the config, but 'keras.initiali"):
        s.deserialize_keras_object(encoding)
    function = {"class_name": "function", "module": "builtins", "config": "relu", "registered_name": "other"}
    with pytest.raises(ValueError, match="resolved to a Keras built-in"):
        s.deserialize_keras_object(function)
    # Keras 2 registered classes of its own that are in no public module.
    encoding = {**encoding, "module": "keras.src.initializers", "registered_name": "Custom>Zeros"}
    assert type(s.deserialize_keras_object(encoding)).__name__ == "Zeros"


def test_only_classes_with_a_config_are_registered():
    with pytest.raises(ValueError, match="Cannot register a class that does not have a get_config"):
        registry.register_keras_serializable()(type("Empty", (), {}))
    registry.register_keras_serializable()(named_function)
