"""What goes into the models for ImageNet, and what comes out: `keras.applications.imagenet_utils`."""

import json
import warnings

import numpy as np

from convlayers import activations, config, ops
from convlayers.applications.downloads import fetch

# What is subtracted from red, green and blue, and what they are divided by. Caffe's have another order: blue, green, red.
_TORCH_MEAN, _TORCH_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_CAFFE_MEAN = (103.939, 116.779, 123.68)
_MODES = {
    "caffe": "Colors are put into the order blue, green, red, and the mean color of ImageNet is subtracted.",
    "tf": "Pixels are scaled to numbers from -1 to 1.",
    "torch": "Pixels are scaled to numbers from 0 to 1, then to the mean and deviation of each color in ImageNet.",
}
_CLASSES = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
_classes = {}  # {"0": ["n01440764", "tench"], ...}, once it was asked for


# Images ---------------------------------------------------------------------------------------------------------------


def preprocess_input(x, data_format=None, mode="caffe"):
    """Prepares images for a model that was trained on ImageNet.

    Args:
        x: an image or a batch of images, as an array or a tensor, symbolic ones too. Pixels are numbers from 0 to 255. The
            result is written over an array of floats: pass `numpy.copy(x)` to keep it.
        data_format: "channels_last" or "channels_first"; by default `keras.config.image_data_format()`.
        mode: "caffe": colors in the order blue, green, red, less the mean color of ImageNet. "tf": numbers from -1 to 1.
            "torch": numbers from 0 to 1, then scaled to the mean and the deviation of each color in ImageNet.

    Returns:
        The images as floats.

    Raises:
        ValueError: for another `mode` or `data_format`.
    """
    if mode not in _MODES:
        raise ValueError(f"Expected mode to be one of `caffe`, `tf` or `torch`. Received: mode={mode}")
    if data_format is None:
        data_format = config.image_data_format()
    elif data_format not in config.DATA_FORMATS:
        raise ValueError(
            f"Expected data_format to be one of `channels_first` or `channels_last`. Received: data_format={data_format}"
        )
    if isinstance(x, np.ndarray) and not issubclass(x.dtype.type, np.floating):
        x = x.astype(config.floatx())
    if mode == "tf":
        x /= 127.5
        x -= 1.0
        return x
    axis = -1 if data_format == "channels_last" else len(x.shape) - 3
    if mode == "torch":
        x /= 255.0
        return _standardized(x, axis, _TORCH_MEAN, _TORCH_DEVIATION)
    return _standardized(_reversed(x, axis), axis, _CAFFE_MEAN)


def _reversed(x, axis):
    if isinstance(x, np.ndarray):
        return np.flip(x, axis)
    before = (...,) if axis == -1 else (slice(None),) * axis
    return ops.stack([x[(*before, color)] for color in (2, 1, 0)], axis=axis)


def _standardized(x, axis, mean, deviation=None):
    """Returns `(x - mean) / deviation` for the colors along an axis, in the place of `x` where it is an array."""
    shape = [1] * len(x.shape)
    shape[axis] = 3
    x += np.reshape(np.negative(mean), shape).astype(x.dtype)
    if deviation is not None:
        x /= np.reshape(deviation, shape).astype(x.dtype)
    return x


def preprocessing(mode):
    """Returns the `preprocess_input(x, data_format=None)` of a model that takes images in this mode."""

    def preprocess(x, data_format=None):
        return preprocess_input(x, data_format=data_format, mode=mode)

    return _named(
        preprocess,
        f"""Prepares images for the models of this module. {_MODES[mode]}

        Args:
            x: an image or a batch of images, as an array or a tensor, symbolic ones too. Pixels are numbers from 0 to 255.
                The result is written over an array of floats: pass `numpy.copy(x)` to keep it.
            data_format: "channels_last" or "channels_first"; by default `keras.config.image_data_format()`.

        Returns:
            The images as floats.

        Raises:
            ValueError: for another `data_format`.
        """,
    )


def no_preprocessing():
    """Returns the `preprocess_input(x, data_format=None)` of a model that prepares images itself: it returns `x`."""

    def preprocess(x, data_format=None):
        return x

    return _named(
        preprocess,
        """Returns `x` as it is: the models of this module take pixels from 0 to 255.

        Args:
            x: images, as an array or a tensor.
            data_format: has no effect.
        """,
    )


def _named(function, doc):
    function.__name__ = function.__qualname__ = "preprocess_input"
    function.__doc__ = doc
    return function


# Predictions ----------------------------------------------------------------------------------------------------------


def decode_predictions(preds, top=5):
    """Tells what the predictions of a model for ImageNet mean.

    Args:
        preds: array of shape (samples, 1000).
        top: how many classes to name for each sample.

    Returns:
        For each sample a list of `(name in ImageNet, English name, score)`, the best first.

    Raises:
        ValueError: for any other shape.
        OSError: if the list of classes is not in Keras's folder and cannot be downloaded.

    Example:

    >>> decode_predictions(model.predict(images), top=1)
    [[("n02504458", "African_elephant", 0.93)]]
    """
    if len(preds.shape) != 2 or preds.shape[1] != 1000:
        raise ValueError(
            "`decode_predictions` expects a batch of predictions (i.e. a 2D array of shape (samples, 1000)). "
            f"Received array with shape: {preds.shape}"
        )
    if not _classes:
        path = fetch("imagenet_class_index.json", _CLASSES, "c2c37ea517e94d9795004a39431a14cb")
        with open(path, encoding="utf-8") as file:
            _classes.update(json.load(file))
    return [_best(scores, top) for scores in ops.convert_to_numpy(preds)]


def _best(scores, top):
    best = scores.argsort()[-top:][::-1]
    return [(*_classes[str(number)], scores[number]) for number in best]


# Arguments of the models ----------------------------------------------------------------------------------------------


def obtain_input_shape(input_shape, default_size, min_size, data_format, require_flatten, weights=None):
    """Returns the shape of the images that a model takes.

    Args:
        input_shape: what the user asks for, or None for the model's own.
        default_size: height and width that the model is made for.
        min_size: the smallest that it can take.
        data_format: "channels_last" or "channels_first".
        require_flatten: whether the model has a classifier, which needs to know the size.
        weights: "imagenet" where the shape must be that of the weights.

    Raises:
        ValueError: if the model cannot take images of this shape.
    """
    axis = 0 if data_format == "channels_first" else -1
    channels = 3
    if weights != "imagenet" and input_shape and len(input_shape) == 3:
        channels = input_shape[axis]
        if channels not in (1, 3):
            warnings.warn(
                "This model usually expects 1 or 3 input channels. However, it was passed an input_shape "
                f"with {channels} input channels.",
                stacklevel=2,
            )
    default = _shape(default_size, channels, data_format)
    if weights == "imagenet" and require_flatten:
        if input_shape is not None and input_shape != default:
            raise ValueError(
                f"When setting `include_top=True` and loading `imagenet` weights, `input_shape` should be {default}.  "
                f"Received: input_shape={input_shape}"
            )
        return default
    if not input_shape:
        input_shape = default if require_flatten else _shape(None, 3, data_format)
    if len(input_shape) != 3:
        raise ValueError(f"`input_shape` must be a tuple of three integers.\nReceived: input_shape={input_shape}")
    if weights == "imagenet" and input_shape[axis] != 3:
        raise ValueError(f"The input must have 3 channels; Received `input_shape={input_shape}`")
    check_size(image_size(input_shape, data_format), min_size, f"Received: input_shape={input_shape}")
    if require_flatten and None in input_shape:
        raise ValueError(
            f"If `include_top` is True, you should specify a static `input_shape`. Received: input_shape={input_shape}"
        )
    return input_shape


def _shape(size, channels, data_format):
    return (channels, size, size) if data_format == "channels_first" else (size, size, channels)


def image_size(shape, data_format=None):
    """Returns height and width in the shape of an image."""
    return shape[1:3] if (data_format or config.image_data_format()) == "channels_first" else shape[:2]


def check_size(size, smallest, received):
    """Raises the ValueError about images that are too small."""
    if any(length is not None and length < smallest for length in size):
        raise ValueError(f"Input size must be at least {smallest}x{smallest}; {received}")


def validate_activation(classifier_activation, weights):
    """Raises a ValueError if a classifier with these weights would have another activation than they were trained with."""
    if weights is None:
        return
    classifier_activation = activations.get(classifier_activation)
    if classifier_activation not in (activations.get("softmax"), activations.get(None)):
        raise ValueError(
            "Only `None` and `softmax` activations are allowed for the `classifier_activation` argument when using "
            f"pretrained weights, with `include_top=True`; Received: classifier_activation={classifier_activation}"
        )
