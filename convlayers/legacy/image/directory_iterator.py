"""Batches of images in folders, one folder for each class."""

import os
import warnings

import numpy as np

from convlayers import config
from convlayers.legacy.image.file_iterator import FileIterator
from convlayers.utils.messages import print_message


class DirectoryIterator(FileIterator):
    """Batches of images in folders. `ImageDataGenerator.flow_from_directory` makes it, and has its arguments.

    Attributes:
        class_indices: dict of the names of classes and their numbers.
        classes: array with the class of each file.
        filenames, filepaths: lists of the files.
        samples, num_classes: how many there are.
    """

    allowed_class_modes = {"categorical", "binary", "sparse", "input", None}  # noqa: RUF012 (a name of Keras's, read only)
    sample_weight = None

    def __init__(
        self,
        directory,
        image_data_generator,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        data_format=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        follow_links=False,
        subset=None,
        interpolation="nearest",
        keep_aspect_ratio=False,
        dtype=None,
    ):
        self.set_processing_attrs(
            image_data_generator,
            target_size,
            color_mode,
            data_format or config.image_data_format(),
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            interpolation,
            keep_aspect_ratio,
        )
        self._set_class_mode(class_mode)
        self.directory = directory
        self.dtype = dtype or config.floatx()
        names = classes or sorted(name for name in os.listdir(directory) if os.path.isdir(os.path.join(directory, name)))
        self.num_classes = len(names)
        self.class_indices = {name: number for number, name in enumerate(names)}
        found = [self._find_files(os.path.join(directory, name), follow_links) for name in names]
        self.filenames = [
            os.path.join(name, os.path.relpath(path, os.path.join(directory, name)))
            for name, paths in zip(names, found, strict=True)
            for path in paths
        ]
        self.samples = len(self.filenames)
        self.classes = np.repeat(np.arange(len(names), dtype="int32"), [len(paths) for paths in found])
        self.filepaths = [os.path.join(directory, name) for name in self.filenames]
        print_message(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _find_files(self, folder, follow_links):
        """Returns the images in a folder and those in it, or those of the subset."""
        folders = sorted(os.walk(folder, followlinks=follow_links), key=lambda entry: entry[0])
        paths = [os.path.join(root, name) for root, _, names in folders for name in sorted(names)]
        if any(path.lower().endswith(".tiff") for path in paths):
            warnings.warn(
                'Using ".tiff" files with multiple bands will cause distortion. Please verify your output.', stacklevel=4
            )
        paths = [path for path in paths if path.lower().endswith(self.white_list_formats)]
        first, last = self.split or (0, 1)
        return paths[int(first * len(paths)) : int(last * len(paths))]

    @property
    def labels(self):
        return self.classes
