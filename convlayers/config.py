"""Settings for the whole program: the default number type, epsilon and image layout.

They start from `keras.json` in Keras's own folder (`~/.keras`, or `$KERAS_HOME`), if there is such a file. It is only
read.
"""

import os

FLOAT_TYPES = ("float16", "float32", "float64")
DATA_FORMATS = ("channels_last", "channels_first")

_settings = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "winograd": os.environ.get("CONVLAYERS_WINOGRAD", "1") != "0",
}


def backend():
    """Returns the name of what computes: always "numpy"."""
    return "numpy"


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
            "NumPy, which computes here, has no other float types: use 'float32' in place of 'bfloat16'."
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
    return image_data_format() if data_format is None else _check_data_format(data_format)


def _check_data_format(data_format):
    if data_format in DATA_FORMATS:
        return data_format
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
    """Returns whether convolutions may use Winograd's algorithm."""
    return _settings["winograd"]


def set_winograd(enabled):
    """Lets float32 convolutions use Winograd's algorithm where it is faster, as at the start, or keeps them from it.

    It is about twice as fast for kernels of 3x3, and its rounding errors are about ten times as large: 1e-5 of the
    largest output. `CONVLAYERS_WINOGRAD=0` in the environment turns it off from the start.
    """
    _settings["winograd"] = bool(enabled)


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


_read_settings_file()
