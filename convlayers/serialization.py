"""Objects as plain data, in the encoding of Keras's files, and back.

    {"module": "keras.layers", "class_name": "Conv2D", "config": {...}, "registered_name": None}

Only names that `registry` knows are turned into objects, and no code is ever loaded from a file.
"""

import threading
import types
import warnings

import numpy as np

from convlayers.registry import (
    CustomObjectScope,
    find,
    get_registered_name,
    get_registered_object,
    known_names,
    public_name,
)
from convlayers.unsupported import advice_for
from convlayers.user_code import user_stacklevel
from convlayers.validation import brief, did_you_mean, standardize_dtype

# What Keras calls an encoding that holds code.
LAMBDA = "__lambda__"

_encodings = {}  # {"__numpy__": (type, encode, decode), ...}


class _Sharing(threading.local):
    """The objects met so far inside an `ObjectSharingScope`; None outside."""

    def __init__(self):
        self.written = None  # {id(object): a _Writing}
        self.read = None  # {shared_object_id: object}
        self.is_writing = False


_sharing = _Sharing()


# From objects to data -------------------------------------------------------------------------------------------------


class ObjectSharingScope:
    """Marks an object that is written twice by a `shared_object_id`, and makes one object of it when it is read."""

    def __enter__(self):
        self._outside = _sharing.written, _sharing.read
        _sharing.written, _sharing.read = {}, {}

    def __exit__(self, *exception):
        _sharing.written, _sharing.read = self._outside


def register_encoding(class_name, kind, encode, decode):
    """Adds a type of values with an encoding of its own, such as arrays: `{"class_name": ..., "config": {...}}`.

    Args:
        class_name: what the encoding is called in files, as "__numpy__".
        kind: the type, or None if values of it are only read.
        encode: function from a value to the config.
        decode: function from the config to a value.
    """
    _encodings[class_name] = kind, encode, decode


def serialize_keras_object(obj):
    """Returns the encoding of an object: plain data that can be written as JSON.

    Args:
        obj: None, a string, number, array, a list, tuple or dict of such, a function with a name, or any object with a
            `get_config()` method.

    Raises:
        TypeError: for anything else.
    """
    if _sharing.written is None or _sharing.is_writing:
        return _encode(obj)
    _sharing.is_writing = True
    try:
        return _unmark_single_objects(_encode(obj))
    finally:
        _sharing.is_writing = False


def _encode(obj):
    if obj is None or isinstance(obj, (str, int, float)):
        return obj
    if isinstance(obj, (list, tuple)):
        parts = [serialize_keras_object(part) for part in obj]
        return tuple(parts) if isinstance(obj, tuple) else parts
    if isinstance(obj, dict):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, np.generic) or (isinstance(obj, np.ndarray) and obj.ndim == 0):
        return obj.item()
    if isinstance(obj, np.dtype):
        return obj.name
    for class_name, (kind, encode, _) in _encodings.items():
        if kind is not None and isinstance(obj, kind):
            return {"class_name": class_name, "config": encode(obj)}
    if isinstance(obj, (types.FunctionType, type)) or not hasattr(obj, "get_config"):
        return _encode_function(obj)
    return _encode_object(obj)


def _encode_function(function):
    name = getattr(function, "__name__", None)
    if name is None or isinstance(function, type):
        raise TypeError(
            f"Cannot serialize object {function} of type {type(function)}. To be serializable, "
            "a class must implement the `get_config()` method."
        )
    if name == "<lambda>":
        warnings.warn(
            "The object being serialized includes a `lambda`. It has no name to write to a file, and code is never written.\n"
            "Who loads the file passes the function of a `Lambda` layer again, `custom_objects={name_of_the_layer: function}`. "
            "Or use a function with a name, and decorate it with `@keras.saving.register_keras_serializable()`.",
            stacklevel=user_stacklevel(),
        )
        return {"class_name": LAMBDA, "config": {}}
    _, written_name = public_name(function) or (None, get_registered_name(function))
    return encode_name_of_function(written_name)


def encode_name_of_function(name):
    """Returns the encoding of a function. Keras gives every one this module and registered name."""
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


def _encode_object(obj):
    config = obj.get_config()
    if not isinstance(config, dict):
        raise TypeError(f"The `get_config()` method of {obj} should return a dict. It returned: {brief(config)}")
    cls = type(obj)
    # A class of the script itself has no module that another script could name.
    module = None if cls.__module__ == "__main__" else cls.__module__
    class_name, registered_name = cls.__name__, get_registered_name(cls)
    if public_name(cls):
        module, class_name = public_name(cls)
        # Keras registers what it has in no public module.
        registered_name = class_name if ".src." in module else None
    encoding = {
        "module": module,
        "class_name": class_name,
        "config": serialize_keras_object(config),
        "registered_name": registered_name,
    }
    for key in ("build_config", "compile_config"):
        if hasattr(obj, f"get_{key}"):
            part = getattr(obj, f"get_{key}")()
            if part is not None:
                encoding[key] = serialize_keras_object(part)
    _mark(obj, encoding)
    return encoding


class _Writing:
    """How often an object was written. It is kept here too: were it freed, the next one could get its id."""

    def __init__(self, obj, number):
        self.obj = obj
        self.number = number
        self.times = 0


def _mark(obj, encoding):
    if _sharing.written is not None:
        writing = _sharing.written.setdefault(id(obj), _Writing(obj, len(_sharing.written)))
        writing.times += 1
        encoding["shared_object_id"] = writing.number


def _unmark_single_objects(encoding):
    """Returns an encoding without the numbers of objects that were written once.

    Only now is it known which: parts were copied on their way up, from `get_config` to `get_config`.
    """
    single = {writing.number for writing in _sharing.written.values() if writing.times == 1}

    def unmark(part):
        if isinstance(part, (list, tuple)):
            return type(part)(unmark(item) for item in part)
        if isinstance(part, dict):
            return {key: unmark(item) for key, item in part.items() if key != "shared_object_id" or item not in single}
        return part

    return unmark(encoding)


# From data to objects -------------------------------------------------------------------------------------------------


def deserialize_keras_object(config, custom_objects=None, safe_mode=True):
    """Returns the object that an encoding describes.

    Args:
        config: what `serialize_keras_object` returned, here or in any version of Keras.
        custom_objects: dict of names and classes or functions that the encoding may name.
        safe_mode: accepted as in Keras. Code in an encoding is never run, whatever it says.

    Raises:
        TypeError: if it names something unknown.
        ValueError: if it holds code.
    """
    with CustomObjectScope(custom_objects):
        return decode(config)


def decode(config, family=None):
    """Returns the object that an encoding describes; what has a name is looked for in the family of this module first."""
    if isinstance(config, str):
        # Old files name functions by plain strings.
        custom = get_registered_object(config)
        return config if custom is None else custom
    if config is None or isinstance(config, (int, float)):
        return config
    if isinstance(config, (list, tuple)):
        return [decode(part) for part in config]
    if not isinstance(config, dict):
        raise TypeError(f"Could not parse config: {brief(config)}")
    if "class_name" not in config or "config" not in config:
        return {key: decode(value) for key, value in config.items()}
    class_name = config["class_name"]
    if class_name == LAMBDA:
        raise ValueError(
            "Requested the deserialization of a Python lambda. This carries a potential risk of arbitrary code "
            "execution and thus it is disallowed by default.\n"
            "Code in files is never run here, with any `safe_mode`. Build the model in Python with a named function in "
            "place of the lambda, and load its weights with `model.load_weights(path)`."
        )
    if class_name in _encodings:
        return _encodings[class_name][2](config["config"])
    if class_name == "function":
        if not isinstance(config["config"], str):
            raise TypeError(
                "Expected 'config' to be a non-null str fora function classname,\n"
                f"instead got {type(config['config'])}\nFull config: {brief(config)}"
            )
        return _locate_or_raise(config["config"], "function", config, family)
    return _decode_object(config, family)


def _locate_or_raise(name, kind, config, family):
    registered_name = config.get("registered_name") if kind == "class" else None
    found = find(name, config.get("module", ""), registered_name, family)
    is_other_kind = kind == "function" and isinstance(found, type) and public_name(found) is not None
    if found is None or is_other_kind:
        raise TypeError(
            f"Could not locate {kind} '{name}'. Make sure custom classes and functions are decorated with "
            "`@keras.saving.register_keras_serializable()`. If they are already decorated, make sure they are all "
            f"imported so that the decorator is run before trying to load them. Full object config: {brief(config)}"
            + _way_out(name, str(config.get("module")))
        )
    _check_registered_name(config, name, found)
    return found


def _way_out(name, module):
    # Keras writes policies as if they were at its top.
    path = f"dtype_policies.{name}" if module == "keras" else f"{module}.{name}".partition(".")[2]
    advice = advice_for(path)
    hint = did_you_mean(name, known_names()) if advice is None else f"\n{advice}"
    last_name = name.split(">")[-1]  # of "package>name"
    if not last_name.isidentifier():  # as "<lambda>"
        return hint
    return f"{hint}\nOr pass it when loading: `custom_objects={{{name!r}: {last_name}}}`."


def _check_registered_name(config, name, found):
    """What is built in goes by its own name, and by no other that a file gives it."""
    registered_name, module = config.get("registered_name"), config.get("module") or ""
    if not registered_name or registered_name in (name, config["class_name"]) or public_name(found) is None:
        return
    # Keras 2 registered what it has in no public module.
    if module == "builtins" or (public_name(found)[0] == module and ".src." not in module):
        raise ValueError(
            f"`registered_name={registered_name!r}` was provided in the config, but '{'.'.join(public_name(found))}' resolved "
            "to a Keras built-in and does not use registered names. Remove the `registered_name` field from the config. Full "
            f"object config: {brief(config)}"
        )


def _decode_object(config, family):
    shared_id = config.get("shared_object_id")
    if shared_id is not None and _sharing.read is not None and shared_id in _sharing.read:
        return _sharing.read[shared_id]
    cls = _locate_or_raise(config["class_name"], "class", config, family)
    if isinstance(cls, types.FunctionType):
        return cls
    if not isinstance(config["config"], (dict, types.NoneType)):
        raise TypeError(
            f"Expected 'config' to be a dict for {config['class_name']},\n"
            f"instead got {type(config['config'])}\nFull config: {brief(config)}"
        )
    if not hasattr(cls, "from_config"):
        raise TypeError(
            f"Unable to reconstruct an instance of '{config['class_name']}' because the class is missing a "
            f"`from_config()` method. Full object config: {brief(config)}"
        )
    try:
        instance = cls.from_config(dict(config["config"] or {}))
    except TypeError as error:
        raise TypeError(
            f"{cls} could not be deserialized properly. Please ensure that components that are Python object instances "
            "(layers, models, etc.) returned by `get_config()` are explicitly deserialized in the model's "
            f"`from_config()` method.\n\nconfig={brief(config)}.\n\nException encountered: {error}"
        ) from error
    if config.get("build_config") and not instance.built:
        instance.build_from_config(config["build_config"])
        instance.built = True
    if config.get("compile_config"):
        instance.compile_from_config(config["compile_config"])
    if shared_id is not None and _sharing.read is not None:
        _sharing.read[shared_id] = instance
    return instance


def _decode_array(config):
    return np.array(config["value"], dtype=standardize_dtype(config["dtype"]))


register_encoding("__numpy__", np.ndarray, lambda array: {"value": array.tolist(), "dtype": array.dtype.name}, _decode_array)
register_encoding("__tensor__", None, None, _decode_array)
register_encoding(
    "__bytes__",
    bytes,
    lambda value: {"value": value.decode("utf-8")},
    lambda config: config["value"].encode("utf-8"),
)
register_encoding(
    "__slice__",
    slice,
    lambda value: {part: serialize_keras_object(getattr(value, part)) for part in ("start", "stop", "step")},
    lambda config: slice(*(decode(config[part]) for part in ("start", "stop", "step"))),
)
register_encoding("__ellipsis__", type(Ellipsis), lambda value: {}, lambda config: Ellipsis)
