"""What the models of `keras.applications` have in common: their arguments, input, classifier and files of weights."""

import inspect
import os
from dataclasses import dataclass

from convlayers import config, layers
from convlayers.applications import imagenet_utils
from convlayers.applications.downloads import fetch
from convlayers.deferred_initialization import initialized_later
from convlayers.models import Functional
from convlayers.utils.symbolic_tensors import get_source_inputs, is_keras_tensor

URL = "https://storage.googleapis.com/tensorflow/keras-applications/"
ARGUMENTS = """Args:
    include_top: whether the model ends in a classifier.
    weights: "imagenet" for weights that were trained on ImageNet, which are downloaded once; the path of a file of weights;
        or None for random ones.
    input_tensor: a symbolic tensor to use as the input.
    input_shape: the shape of an image, for models without a classifier, or without weights for ImageNet.
    pooling: "avg" or "max" to pool what a model without a classifier returns, None for an image of features.
    classes: the number of classes; 1000 for weights for ImageNet.
    classifier_activation: the activation of the classifier. None for logits.
    name: the model's name."""


@dataclass(kw_only=True)
class Application:
    """A model of `keras.applications` in the making.

    A family of architectures says in `features` what makes features of images, and in the class attributes and methods below
    what else is different. The fields are the arguments of the user, then the numbers that members of a family differ in.
    """

    include_top: bool
    weights: object
    input_tensor: object
    input_shape: object
    pooling: object
    classes: int
    classifier_activation: object
    name: object

    default_size = 224
    min_size = 32
    takes_channels_first = True
    # Keras leaves the names of some layers to chance.
    names_pooling = False  # of a model without a classifier
    top_pooling_name = "avg_pool"
    # Errors about `weights` and `classes` are Keras's, and in each family a little different.
    imagenet = "`imagenet`"
    after_unknown_weights = "."
    wrong_classes = (
        "If using `weights='imagenet'` with `include_top=True`, `classes` should be 1000.  Received classes={classes}"
    )

    def model(self):
        """Returns the model."""
        self.check()
        self.input_shape = self.image_shape()
        if self.weights is None:
            return self._random_model()
        path = fetch(*self.weight_file()) if self.weights == "imagenet" else self.weights
        with initialized_later():  # which takes longer than reading the weights, and is not needed for them
            model = self._random_model()
            model.load_weights(path)
        return model

    # What families say -------------------------------------------------------------------------------------------------

    def features(self, x):
        """Returns what the architecture makes of images: features, as an image of them."""
        raise NotImplementedError

    def image_shape(self):
        """Returns the shape of an image, for whatever was asked for."""
        return imagenet_utils.obtain_input_shape(
            self.input_shape,
            default_size=self.default_size,
            min_size=self.min_size,
            data_format=config.image_data_format(),
            require_flatten=self.include_top,
            weights=self.weights,
        )

    def top(self, x):
        """Returns the classes for features."""
        return self.predictions(layers.GlobalAveragePooling2D(name=self.top_pooling_name)(x))

    def predictions(self, x, **initializers):
        """Returns the classes for features that are a vector."""
        return layers.Dense(self.classes, activation=self.classifier_activation, name="predictions", **initializers)(x)

    def bottom(self, x):
        """Returns what a model without a classifier does: the features as they are, or pooled."""
        if self.pooling == "avg":
            return layers.GlobalAveragePooling2D(name="avg_pool" if self.names_pooling else None)(x)
        if self.pooling == "max":
            return layers.GlobalMaxPooling2D(name="max_pool" if self.names_pooling else None)(x)
        return x

    def model_name(self):
        return self.name

    def weight_file(self):
        """Returns the name in the cache, the URL and the hash of the file of weights for ImageNet."""
        raise NotImplementedError

    # What all do -------------------------------------------------------------------------------------------------------

    def check(self):
        """Raises what Keras raises for arguments that do not fit together."""
        if not self.takes_channels_first and config.image_data_format() == "channels_first":
            raise ValueError(
                f"{type(self).__name__} does not support the `channels_first` image data format. "
                "Switch to `channels_last` by editing your local config file at ~/.keras/keras.json"
            )
        if not (self.weights is None or self.weights == "imagenet" or os.path.exists(self.weights)):
            raise ValueError(
                f"The `weights` argument should be either `None` (random initialization), {self.imagenet} "
                "(pre-training on ImageNet), or the path to the weights file to be loaded"
                + self.after_unknown_weights.format(weights=self.weights)
                + f"\nThere is no file {os.path.abspath(self.weights)}."
            )
        if self.weights == "imagenet" and self.include_top and self.classes != 1000:
            raise ValueError(self.wrong_classes.format(classes=self.classes))
        if self.include_top:
            imagenet_utils.validate_activation(self.classifier_activation, self.weights)

    def source_inputs(self):
        """Returns the inputs of the model that `input_tensor` comes from."""
        return get_source_inputs(self.input_tensor)

    def _input(self):
        if self.input_tensor is None:
            return layers.Input(shape=self.input_shape)
        if is_keras_tensor(self.input_tensor):
            return self.input_tensor
        return layers.Input(tensor=self.input_tensor, shape=self.input_shape)

    def _random_model(self):
        image = self._input()
        inputs = image if self.input_tensor is None else self.source_inputs()
        x = self.features(image)
        outputs = self.top(x) if self.include_top else self.bottom(x)
        return Functional(inputs, outputs, name=self.model_name())


@dataclass(kw_only=True)
class FiledApplication(Application):
    """One whose files of weights are named as most are.

    Args:
        folder: where they are, below the address of all.
        hashes: of the files with and without the classifier.
        file: how their names begin, if not as the folder's.
    """

    folder: str
    hashes: tuple
    file: str = ""

    def weight_file(self):
        file = f"{self.file or self.folder}_weights_tf_dim_ordering_tf_kernels{'' if self.include_top else '_notop'}.h5"
        return file, f"{URL}{self.folder}/{file}", self.hashes[0 if self.include_top else 1]


def channel_axis(last=3):
    """Returns the axis of channels in a batch of images. `last` is what a model calls it for "channels_last"."""
    return 1 if config.image_data_format() == "channels_first" else last


def channels(x):
    """Returns the number of channels of a batch of images."""
    return x.shape[channel_axis()]


def correct_pad(x, kernel_size):
    """Returns the padding before a convolution with strides of 2 that makes it begin where TensorFlow's "same" does."""
    height, width = imagenet_utils.image_size(x.shape[1:])
    adjust = (1, 1) if height is None else (1 - height % 2, 1 - width % 2)
    half = kernel_size // 2
    return tuple((half - less, half) for less in adjust)


def multiple_of_8(number):
    """Returns the multiple of 8 that is nearest to a number of channels, and not less than 90% of it."""
    nearest = max(8, int(number + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * number else nearest


def variant(application, function_name, name, **settings):
    """Returns the function that makes one model of a family, with Keras's arguments.

    Args:
        application: the family, a class.
        function_name: the name of the function.
        name: the default name of the model.
        settings: the fields of the class that this model differs in.
    """

    def build(
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        name=name,
    ):
        return application(
            include_top=include_top,
            weights=weights,
            input_tensor=input_tensor,
            input_shape=input_shape,
            pooling=pooling,
            classes=classes,
            classifier_activation=classifier_activation,
            name=name,
            **settings,
        ).model()

    return described(build, function_name, application)


def described(function, function_name, application, arguments=ARGUMENTS):
    """Gives a function that makes models its name and docstring."""
    function.__name__ = function.__qualname__ = function_name
    function.__module__ = application.__module__
    about = inspect.cleandoc(application.__doc__) if application.__doc__ else ""
    function.__doc__ = f"""Returns the model {function_name}.

{about}

{arguments}

Returns:
    A model.

Raises:
    ValueError: if an argument is none of these, or if they contradict one another.
    OSError: if weights are to be downloaded and cannot be.
"""
    return function
