"""Images in folders, one for each class, as a data set."""

import numpy as np

from convlayers import config
from convlayers.data.sample_dataset import SampleDataset
from convlayers.utils.images import img_to_array, load_img
from convlayers.utils.labelled_files import LabelledFiles, check_split

FORMATS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")
_ONLY_IN_TENSORFLOW = ("area", "gaussian", "mitchellcubic")


def image_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    color_mode="rgb",
    batch_size=32,
    image_size=(256, 256),
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    interpolation="bilinear",
    follow_links=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    data_format=None,
    format="tf",
    verbose=True,
):
    """Returns the images in a folder as a data set. They are read when their batch is asked for.

    Args:
        directory: the folder. With labels="inferred" it has a folder for each class.
        labels: "inferred", None for no labels, or a list of integers for the files in the order of their sorted paths.
        label_mode: "int", "categorical" for one-hot vectors, "binary" for 0. and 1., None for no labels.
        class_names: the names of the folders, in the order of the labels; by default sorted.
        color_mode: "grayscale", "rgb" or "rgba".
        batch_size: number of images in a batch; None for single images.
        image_size: tuple (height, width) that all are resized to, or an int for both.
        shuffle: whether they come in a new order in each epoch; if not, sorted by their paths.
        seed: of that order.
        validation_split: float between 0 and 1, how much is kept to validate with.
        subset: "training", "validation", or "both" for a list of both data sets. Goes with `validation_split`.
        interpolation: as in `ops.image.resize`.
        follow_links: whether links to folders are followed.
        crop_to_aspect_ratio: whether the part in the middle that has the shape of `image_size` is taken.
        pad_to_aspect_ratio: whether zeros are added up to that shape.
        data_format: "channels_last" or "channels_first", by default that of `image_data_format()`.
        format: taken for compatibility: "tf" or "grain".
        verbose: whether to say how many images there are.

    Returns:
        A `PyDataset` with attributes `class_names` and `file_paths`. Its batches are images as float32 from 0 to 255, of shape
        (batch, height, width, channels), or tuples of these and labels. It has some of the methods of `tf.data.Dataset`:
        `take`, `skip`, `map`, `cache`, `shuffle` and `prefetch`.

    Raises:
        ImportError: without Pillow.
        ValueError: if an argument is none of these, or there are no images.

    Example:

    >>> train, test = image_dataset_from_directory("photos", validation_split=0.2, subset="both", seed=1)
    Found 1000 files belonging to 2 classes.
    >>> model.fit(train.prefetch(), validation_data=test)
    """
    _check_labels(labels, label_mode, class_names)
    if labels is None or label_mode is None:
        labels = label_mode = None
    image_size = (image_size, image_size) if isinstance(image_size, int) else image_size
    interpolation = interpolation.lower()
    _check_images(color_mode, image_size, interpolation, format, crop_to_aspect_ratio, pad_to_aspect_ratio)
    check_split(validation_split, subset, shuffle, seed)
    data_format = config.standardize_data_format(data_format)
    if seed is None:
        seed = np.random.randint(10**6)
    files = LabelledFiles(directory, labels, FORMATS, class_names, shuffle, seed, follow_links, verbose)
    if label_mode == "binary" and len(files.class_names) != 2:
        raise ValueError(
            'When passing `label_mode="binary"`, there must be exactly 2 class_names. '
            f"Received: class_names={files.class_names}"
        )
    read = _Reader(
        color_mode,
        size=tuple(image_size),
        interpolation=interpolation,
        crop_to_aspect_ratio=crop_to_aspect_ratio,
        pad_to_aspect_ratio=pad_to_aspect_ratio,
        data_format=data_format,
    )

    def make_part(part, kind, shuffle):
        paths, labels = files.part(validation_split, part)
        if not paths:
            raise ValueError(f"No {kind}images found in directory {directory}. Allowed formats: {FORMATS}")
        sample = _Sample(read, paths, _encode_labels(labels, label_mode, files.class_names))
        dataset = SampleDataset(sample, len(paths), batch_size, shuffle, seed)
        dataset.class_names, dataset.file_paths = files.class_names, paths
        return dataset

    if subset == "both":
        return [make_part("training", "training ", shuffle), make_part("validation", "validation ", False)]
    return make_part(subset, "", shuffle)


class _Reader:
    """Reads images from files."""

    def __init__(self, color_mode, **resizing):
        self._color_mode = color_mode
        self._resizing = resizing

    def __call__(self, path):
        from convlayers import ops

        first = self._resizing["data_format"]
        image = img_to_array(load_img(path, color_mode=self._color_mode), data_format=first, dtype="float32")
        return ops.image.resize(image, **self._resizing)


class _Sample:
    """Makes a sample: an image, with its label if there are labels."""

    def __init__(self, read, paths, labels):
        self._read, self._paths, self._labels = read, paths, labels

    def __call__(self, number):
        image = self._read(self._paths[number])
        return image if self._labels is None else (image, self._labels[number])


def _check_labels(labels, label_mode, class_names):
    if labels not in ("inferred", None):
        if not isinstance(labels, (list, tuple)):
            raise ValueError(
                "`labels` argument should be a list/tuple of integer labels, of the same size as the number of image files in "
                "the target directory. If you wish to infer the labels from the subdirectory names in the target directory, "
                'pass `labels="inferred"`. If you wish to get a dataset that only contains images (no labels), pass '
                f"`labels=None`. Received: labels={labels}"
            )
        if class_names:
            raise ValueError(
                f'You can only pass `class_names` if `labels="inferred"`. Received: labels={labels}, and '
                f"class_names={class_names}"
            )
    if label_mode not in ("int", "categorical", "binary", None):
        raise ValueError(
            f'`label_mode` argument must be one of "int", "categorical", "binary", or None. Received: label_mode={label_mode}'
        )


def _check_images(color_mode, image_size, interpolation, format, crop_to_aspect_ratio, pad_to_aspect_ratio):
    if color_mode not in ("rgb", "rgba", "grayscale"):
        raise ValueError(f'`color_mode` must be one of {{"rgb", "rgba", "grayscale"}}. Received: color_mode={color_mode}')
    if not isinstance(image_size, (list, tuple)) or len(image_size) != 2:
        raise ValueError(f"Invalid `image_size` value. Expected a tuple of 2 integers. Received: image_size={image_size}")
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(
            f"Argument `interpolation` should be one of {_INTERPOLATIONS}. Received: interpolation={interpolation}"
        )
    if interpolation in _ONLY_IN_TENSORFLOW:
        raise ValueError(
            f"Only TensorFlow has interpolation='{interpolation}'. Here images are resized with 'bilinear', 'nearest', "
            "'bicubic', 'lanczos3' or 'lanczos5'."
        )
    if format not in ("tf", "grain"):
        raise ValueError(f'`format` should be either "tf" or "grain". Received: format={format}')
    if pad_to_aspect_ratio and crop_to_aspect_ratio:
        raise ValueError("Only one of `pad_to_aspect_ratio`, `crop_to_aspect_ratio` can be set to `True`.")


def _encode_labels(labels, label_mode, class_names):
    """Returns the labels as an array, one row for each file."""
    if label_mode is None:
        return None
    labels = np.asarray(labels)
    if label_mode == "binary":
        return labels.astype("float32")[:, None]
    if label_mode == "categorical":
        return np.eye(len(class_names), dtype="float32")[labels]
    return labels.astype("int32")
