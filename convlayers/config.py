"""Settings for the whole program: the default number type, epsilon and image layout.

They start from `keras.json` in Keras's own folder (`~/.keras`, or `$KERAS_HOME`), if there is such a file. It is only
read.
"""

import os

from convlayers.lazy_imports import lazy_names

FLOAT_TYPES = ("float16", "float32", "float64")
DATA_FORMATS = ("channels_last", "channels_first")

_settings = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "interactive_logging": True,
    "max_epochs": int(os.environ.get("KERAS_MAX_EPOCHS", 0)) or None,
    "max_steps_per_epoch": int(os.environ.get("KERAS_MAX_STEPS_PER_EPOCH", 0)) or None,
    "traceback_filtering": True,
    "winograd": os.environ.get("CONVLAYERS_WINOGRAD", "1") != "0",
}


def backend():
    """Returns the name of what computes: always "numpy"."""
    return "numpy"


def set_backend(backend):
    """Says that there is one backend only.

    Raises:
        ValueError: for any other name than "numpy".
    """
    if backend != "numpy":
        raise ValueError(
            f"Available backends are ('numpy',). Received: backend={backend}\n"
            "Models run on NumPy arrays here. Those of other backends can be read from their files with `load_model`."
        )


def is_nnx_enabled():
    """Returns whether Flax's NNX is in use: never."""
    return False


def floatx():
    """Returns the default float type, as a string."""
    return _settings["floatx"]


def set_floatx(value):
    """Sets the default float type.

    Args:
        value: "float16", "float32" or "float64".

    Raises:
        ValueError: for any other value.
    """
    if value not in FLOAT_TYPES:
        raise ValueError(
            f"Unknown `floatx` value: {value}. Expected one of {FLOAT_TYPES}.\n"
            "NumPy, which computes here, has no other float types. Layers round to 'bfloat16' after "
            "`keras.config.set_dtype_policy('bfloat16')`."
        )
    _settings["floatx"] = str(value)


def epsilon():
    """Returns the small number that keeps divisions and logarithms finite."""
    return _settings["epsilon"]


def set_epsilon(value):
    """Sets the small number that keeps divisions and logarithms finite.

    Args:
        value: float.
    """
    _settings["epsilon"] = value


def image_data_format():
    """Returns the default place of the channels, "channels_last" or "channels_first"."""
    return _settings["image_data_format"]


def set_image_data_format(data_format):
    """Sets the default place of the channels.

    Args:
        data_format: "channels_last" or "channels_first".

    Raises:
        ValueError: for any other value.
    """
    _settings["image_data_format"] = _check_data_format(data_format)


def standardize_data_format(data_format):
    """Returns a `data_format` argument in lower case, and the default for None.

    Raises:
        ValueError: for anything but "channels_last", "channels_first" and None.
    """
    if data_format in DATA_FORMATS:
        return data_format
    return image_data_format() if data_format is None else _check_data_format(data_format)


def _check_data_format(data_format):
    name = str(data_format).lower()
    if name not in DATA_FORMATS:
        raise ValueError(
            "The `data_format` argument must be one of {'channels_first', 'channels_last'}. "
            f"Received: data_format={name}\n"
            "Images of shape (batch, height, width, channels), 'NHWC', are 'channels_last'; "
            "(batch, channels, height, width), 'NCHW', is 'channels_first'."
        )
    return name


def winograd():
    """Returns whether convolutions may use Winograd's algorithm, and others that round as it does."""
    return _settings["winograd"]


def set_winograd(enabled):
    """Lets float32 convolutions use Winograd's algorithm where it is faster, as at the start, or keeps them from it.

    It is about twice as fast for kernels of 3x3, and its rounding errors are about ten times as large: 1e-5 of the
    largest output. Where a CPU has tiles of bfloat16, these take its place, with the same errors: two bfloat16 for each
    float32. `CONVLAYERS_WINOGRAD=0` in the environment turns both off from the start.
    """
    _settings["winograd"] = bool(enabled)


def enable_interactive_logging():
    """Lets training and other long work say on the terminal how far it is, as at the start."""
    _settings["interactive_logging"] = True


def disable_interactive_logging():
    """Lets training and other long work say how far it is to Python's logger "convlayers", and not on the terminal."""
    _settings["interactive_logging"] = False


def is_interactive_logging_enabled():
    """Returns whether training says on the terminal how far it is."""
    return _settings["interactive_logging"]


def enable_traceback_filtering():
    """Lets exceptions in the `call` of a layer say which layer it was and what it was called on, as at the start.

    Tracebacks are whole in any case. They are short, since layers call their ops directly.
    """
    _settings["traceback_filtering"] = True


def disable_traceback_filtering():
    """Leaves the messages of exceptions in the `call` of a layer as they are."""
    _settings["traceback_filtering"] = False


def is_traceback_filtering_enabled():
    """Returns whether exceptions in the `call` of a layer say which layer it was."""
    return _settings["traceback_filtering"]


def enable_unsafe_deserialization():
    """Taken for compatibility: code in files is never run here."""


def max_epochs():
    """Returns how many epochs `fit` runs at most, None for as many as it is told."""
    return _settings["max_epochs"]


def set_max_epochs(max_epochs):
    """Sets how many epochs `fit` runs at most, for a quick trial of a script.

    Args:
        max_epochs: int; 0 or None for no limit. `KERAS_MAX_EPOCHS` in the environment sets it from the start.
    """
    _settings["max_epochs"] = max_epochs or None


def max_steps_per_epoch():
    """Returns how many batches an epoch has at most, None for all."""
    return _settings["max_steps_per_epoch"]


def set_max_steps_per_epoch(max_steps_per_epoch):
    """Sets how many batches an epoch has at most, for a quick trial of a script.

    Args:
        max_steps_per_epoch: int; 0 or None for no limit. `KERAS_MAX_STEPS_PER_EPOCH` in the environment sets it from the start.
    """
    _settings["max_steps_per_epoch"] = max_steps_per_epoch or None


def keras_home():
    """Returns Keras's folder of settings and data sets: `$KERAS_HOME`, else `~/.keras`, or in `/tmp` without a home."""
    if "KERAS_HOME" in os.environ:
        return os.path.expanduser(os.environ["KERAS_HOME"])
    home = os.path.expanduser("~")
    return os.path.join(home if os.access(home, os.W_OK) else "/tmp", ".keras")


def _read_settings_file():
    path = os.path.join(keras_home(), "keras.json")
    if not os.path.exists(path):
        return
    import json

    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):  # As Keras: a file that is not JSON counts as none.
        return
    if not isinstance(found, dict):
        return
    # As Keras 1 wrote it.
    ordering = {"tf": "channels_last", "th": "channels_first"}.get(found.get("image_dim_ordering"))
    found = {"image_data_format": ordering, **found} if ordering else found
    settings = {name: found.get(name, _settings[name]) for name in ("floatx", "epsilon", "image_data_format")}
    for name, allowed in (("floatx", FLOAT_TYPES), ("image_data_format", DATA_FORMATS)):
        if settings[name] not in allowed:
            raise ValueError(
                f"Invalid `{name}` configuration. Expected one of {allowed}. Received: {name}={settings[name]}\n"
                f"It is set in {path}."
            )
    if not isinstance(settings["epsilon"], float):
        raise ValueError(
            f"Invalid `epsilon` configuration. Expected a float. Received: epsilon={settings['epsilon']}\nIt is set in {path}."
        )
    _settings.update(settings)


# Keras has these here too; policies rest on the settings.
__getattr__, __dir__, _ = lazy_names(__name__, beside={"dtype_policies": "dtype_policy set_dtype_policy"})

_read_settings_file()
