"""Batches of images that are in files: what folders and tables of them have in common."""

import numpy as np

from convlayers.legacy.image.image_iterator import ImageIterator
from convlayers.utils.images import img_to_array, load_img

_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}


class FileIterator(ImageIterator):
    """Images that are read from files, and labels as a `class_mode` wants them.

    A subclass has `filepaths`, `labels` and, if they have classes, `classes` and `class_indices`; and `allowed_class_modes`.
    """

    _most_names = 1e7

    def set_processing_attrs(
        self,
        image_data_generator,
        target_size,
        color_mode,
        data_format,
        save_to_dir,
        save_prefix,
        save_format,
        subset,
        interpolation,
        keep_aspect_ratio,
    ):
        """Takes the arguments that say how files become a batch: those of `ImageDataGenerator.flow_from_directory`."""
        if color_mode not in _CHANNELS:
            raise ValueError(f'Invalid color mode: {color_mode}; expected "rgb", "rgba", or "grayscale".')
        self.image_data_generator = image_data_generator
        self.target_size = tuple(target_size)
        self.keep_aspect_ratio = keep_aspect_ratio
        self.color_mode = color_mode
        self.data_format = data_format
        channels = (_CHANNELS[color_mode],)
        last = data_format == "channels_last"
        self.image_shape = self.target_size + channels if last else channels + self.target_size
        self._set_saving(save_to_dir, save_prefix, save_format)
        self.interpolation = interpolation
        self.subset = subset
        self.split = self._find_split(subset)

    def _find_split(self, subset):
        """Returns the shares of the files between which a subset is, None for all files."""
        if subset is None:
            return None
        if subset not in ("training", "validation"):
            raise ValueError(f'Invalid subset name: {subset};expected "training" or "validation"')
        share = self.image_data_generator._validation_split
        return (0, share) if subset == "validation" else (share, 1)

    def _set_class_mode(self, class_mode):
        if class_mode not in self.allowed_class_modes:
            raise ValueError(f"Invalid class_mode: {class_mode}; expected one of: {self.allowed_class_modes}")
        self.class_mode = class_mode

    def _image(self, number):
        image = load_img(self.filepaths[number], self.color_mode, self.target_size, self.interpolation, self.keep_aspect_ratio)
        x = img_to_array(image, data_format=self.data_format)
        return self.image_data_generator._change(x) if self.image_data_generator else x

    def _labels(self, batch, index_array):
        if self.class_mode == "input":
            return batch.copy()
        if self.class_mode == "multi_output":
            return [output[index_array] for output in self.labels]
        if self.class_mode == "raw":
            return self.labels[index_array]
        if self.class_mode in ("binary", "sparse"):
            return np.array([self.classes[number] for number in index_array], dtype=self.dtype)
        if self.class_mode == "categorical":
            labels = np.zeros((len(batch), len(self.class_indices)), dtype=self.dtype)
            for place, number in enumerate(index_array):
                labels[place, self.classes[number]] = 1.0  # or a list of classes
            return labels
        return None
