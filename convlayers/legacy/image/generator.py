"""`ImageDataGenerator`: images that are changed at random while a model trains."""

import math
import warnings

import numpy as np

from convlayers import config
from convlayers.legacy.image.affine import apply_affine_transform
from convlayers.legacy.image.flows import Flows
from convlayers.legacy.image.tone import apply_brightness_shift, apply_channel_shift


class ImageDataGenerator(Flows):
    """Batches of images, changed at random and scaled, from arrays, folders and tables.

    Random numbers are NumPy's (`numpy.random.seed`), drawn in Keras's order: the same seed gives Keras's images.

    Args:
        featurewise_center, featurewise_std_normalization: whether the mean is subtracted, and the standard deviation divided
            by, of each channel over the images that `fit` was given.
        samplewise_center, samplewise_std_normalization: the same for each image on its own.
        zca_whitening, zca_epsilon: whether pixels are made uncorrelated, after `fit`; a number for those that hardly vary.
        rotation_range: degrees, at most.
        width_shift_range, height_shift_range: at most: a share of the size below 1, or pixels; or a list of them.
        brightness_range: two factors. Takes Pillow.
        shear_range: degrees, at most.
        zoom_range: two factors, or one number for 1 - number and 1 + number.
        channel_shift_range: what is added to values, at most.
        fill_mode, cval: what is around images: "nearest" (their outermost pixels), "constant" (`cval`), "reflect" or "wrap".
        horizontal_flip, vertical_flip: whether half of the images are flipped.
        rescale: factor for all values, after the other changes.
        preprocessing_function: function of an image, called before `rescale`.
        data_format: "channels_last" or "channels_first".
        validation_split: which share of the samples is the subset "validation".
        interpolation_order: 0 for the nearest pixel, 1 for linear; above, splines, which take SciPy.
        dtype: of the images.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    generator = ImageDataGenerator(rotation_range=15, horizontal_flip=True, rescale=1 / 255)
    model.fit(generator.flow(x_train, y_train, batch_size=32), epochs=5)
    """

    def __init__(
        self,
        featurewise_center=False,
        samplewise_center=False,
        featurewise_std_normalization=False,
        samplewise_std_normalization=False,
        zca_whitening=False,
        zca_epsilon=1e-6,
        rotation_range=0,
        width_shift_range=0.0,
        height_shift_range=0.0,
        brightness_range=None,
        shear_range=0.0,
        zoom_range=0.0,
        channel_shift_range=0.0,
        fill_mode="nearest",
        cval=0.0,
        horizontal_flip=False,
        vertical_flip=False,
        rescale=None,
        preprocessing_function=None,
        data_format=None,
        validation_split=0.0,
        interpolation_order=1,
        dtype=None,
    ):
        self.featurewise_center = featurewise_center
        self.samplewise_center = samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening = zca_whitening
        self.zca_epsilon = zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.brightness_range = _check_brightness(brightness_range)
        self.shear_range = shear_range
        self.zoom_range = _standardize_zoom(zoom_range)
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.interpolation_order = interpolation_order
        self.dtype = dtype or config.floatx()
        self.data_format = _check_data_format(data_format or config.image_data_format())
        last = self.data_format == "channels_last"
        self.row_axis, self.col_axis, self.channel_axis = (1, 2, 3) if last else (2, 3, 1)
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(f"`validation_split` must be strictly between 0 and 1.  Received: {validation_split}")
        self._validation_split = validation_split
        self.mean = self.std = self.zca_whitening_matrix = None
        if zca_whitening:
            self._overrule("zca_whitening", "featurewise_center", True)
            self._overrule("zca_whitening", "featurewise_std_normalization", False)
        if featurewise_std_normalization:
            self._overrule("featurewise_std_normalization", "featurewise_center", True)
        if samplewise_std_normalization:
            self._overrule("samplewise_std_normalization", "samplewise_center", True)

    def _overrule(self, name, other, value):
        if getattr(self, other) != value:
            setattr(self, other, value)
            warnings.warn(
                f"This ImageDataGenerator specifies `{name}`, which overrides setting of `{other}`.",
                stacklevel=3,
            )

    def _change(self, x):
        """Returns an image, changed at random and scaled. It may be written to."""
        params = self.get_random_transform(x.shape)
        return self.standardize(self.apply_transform(x.astype(self.dtype, copy=False), params))

    def standardize(self, x):
        """Returns an image or a batch of images, scaled as the arguments say. It is written to where it can be.

        Args:
            x: array of floats.
        """
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + 1e-6
        if self.featurewise_center and self._is_fitted(self.mean, "featurewise_center"):
            x -= self.mean
        if self.featurewise_std_normalization and self._is_fitted(self.std, "featurewise_std_normalization"):
            x /= self.std + 1e-6
        if self.zca_whitening and self._is_fitted(self.zca_whitening_matrix, "zca_whitening"):
            flat = x.reshape(-1, math.prod(x.shape[-3:]))
            x = np.reshape(flat @ self.zca_whitening_matrix, x.shape)
        return x

    @staticmethod
    def _is_fitted(value, name):
        if value is None:
            warnings.warn(
                f"This ImageDataGenerator specifies `{name}`, but it hasn't been fit on any training data. Fit it first by "
                "calling `.fit(numpy_data)`.",
                stacklevel=3,
            )
        return value is not None

    def get_random_transform(self, img_shape, seed=None):
        """Returns random parameters for `apply_transform`, as a dict.

        Args:
            img_shape: the shape of the image.
            seed: int, of NumPy's random numbers.
        """
        if seed is not None:
            np.random.seed(seed)
        theta = _draw(self.rotation_range)
        tx = _draw_shift(self.height_shift_range, img_shape[self.row_axis - 1])
        ty = _draw_shift(self.width_shift_range, img_shape[self.col_axis - 1])
        shear = _draw(self.shear_range)
        zx, zy = (1, 1) if self.zoom_range == [1, 1] else np.random.uniform(*self.zoom_range, 2)
        flip_horizontal = (np.random.random() < 0.5) * self.horizontal_flip
        flip_vertical = (np.random.random() < 0.5) * self.vertical_flip
        return {
            "theta": theta,
            "tx": tx,
            "ty": ty,
            "shear": shear,
            "zx": zx,
            "zy": zy,
            "flip_horizontal": flip_horizontal,
            "flip_vertical": flip_vertical,
            "channel_shift_intensity": _draw(self.channel_shift_range) if self.channel_shift_range != 0 else None,
            "brightness": np.random.uniform(*self.brightness_range) if self.brightness_range is not None else None,
        }

    def apply_transform(self, x, transform_parameters):
        """Returns an image, changed.

        Args:
            x: array of rank 3.
            transform_parameters: dict of what `get_random_transform` returns; what is missing is not changed.
        """
        parameters = transform_parameters
        axes = self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1
        moved = [parameters.get(name, 1 if name in ("zx", "zy") else 0) for name in ("theta", "tx", "ty", "shear", "zx", "zy")]
        x = apply_affine_transform(x, *moved, *axes, self.fill_mode, self.cval, self.interpolation_order)
        if parameters.get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, parameters["channel_shift_intensity"], axes[2])
        if parameters.get("flip_horizontal", False):
            x = np.flip(x, axes[1])
        if parameters.get("flip_vertical", False):
            x = np.flip(x, axes[0])
        if parameters.get("brightness") is not None:
            x = apply_brightness_shift(x, parameters["brightness"], False)
        return x

    def random_transform(self, x, seed=None):
        """Returns an image, changed at random.

        Args:
            x: array of rank 3.
            seed: int, of NumPy's random numbers.
        """
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def fit(self, x, augment=False, rounds=1, seed=None):
        """Finds what `featurewise_center`, `featurewise_std_normalization` and `zca_whitening` need to know of images.

        Args:
            x: array of rank 4.
            augment: whether to look at images that are changed at random.
            rounds: how often to go through them then.
            seed: int, of NumPy's random numbers.

        Raises:
            ValueError: if the rank is another.
        """
        x = np.array(x, dtype=self.dtype)
        if x.ndim != 4:
            raise ValueError(f"Input to `.fit()` should have rank 4. Got array with shape: {x.shape}")
        if x.shape[self.channel_axis] not in (1, 3, 4):
            warnings.warn(
                f'Expected input to be images (as Numpy array) following the data format convention "{self.data_format}" '
                f"(channels on axis {self.channel_axis}), i.e. expected either 1, 3 or 4 channels on axis {self.channel_axis}. "
                f"However, it was passed an array with shape {x.shape} ({x.shape[self.channel_axis]} channels).",
                stacklevel=2,
            )
        if seed is not None:
            np.random.seed(seed)
        if self.rescale:
            x *= self.rescale
        if augment:
            x = np.stack([self.random_transform(image) for _ in range(rounds) for image in x]).astype(self.dtype)
        channels = [1, 1, 1]
        channels[self.channel_axis - 1] = x.shape[self.channel_axis]
        axes = (0, self.row_axis, self.col_axis)
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes).reshape(channels)
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes).reshape(channels)
            x /= self.std + 1e-6
        if self.zca_whitening:
            u, s, _ = np.linalg.svd(x.reshape(len(x), -1).T, full_matrices=False)
            self.zca_whitening_matrix = (u * (np.sqrt(len(x)) / (s + self.zca_epsilon))) @ u.T


def _draw(limit):
    return np.random.uniform(-limit, limit) if limit else 0


def _draw_shift(limits, size):
    """Returns a shift in pixels: one of a list of numbers or of the integers below one, or up to a share of the size."""
    if np.size(limits) == 1 and not np.any(limits):
        return 0
    try:
        shift = np.random.choice(limits)
        shift *= np.random.choice([-1, 1])
    except ValueError:  # one float
        shift = np.random.uniform(-limits, limits)
    return shift * size if np.max(limits) < 1 else shift


def _check_brightness(brightness_range):
    if brightness_range is not None and (not isinstance(brightness_range, (tuple, list)) or len(brightness_range) != 2):
        raise ValueError(f"`brightness_range should be tuple or list of two floats. Received: {brightness_range}")
    return brightness_range


def _standardize_zoom(zoom_range):
    if isinstance(zoom_range, (float, int)):
        return [1 - zoom_range, 1 + zoom_range]
    if len(zoom_range) == 2 and all(isinstance(factor, (float, int)) for factor in zoom_range):
        return [*zoom_range]
    raise ValueError(f"`zoom_range` should be a float or a tuple or list of two floats. Received: {zoom_range}")


def _check_data_format(data_format):
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(
            '`data_format` should be `"channels_last"` (channel after row and column) or `"channels_first"` (channel before '
            f"row and column). Received: {data_format}"
        )
    return data_format
