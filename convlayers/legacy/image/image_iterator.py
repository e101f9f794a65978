"""Batches of images, wherever they are."""

import os

import numpy as np

from convlayers.legacy.image.iterator import Iterator
from convlayers.utils.images import array_to_img


class ImageIterator(Iterator):
    """What arrays, folders and tables of images have in common: a batch is made image by image, and has labels beside it.

    A subclass has `dtype`, `data_format`, `image_shape` and `sample_weight`, says with `_set_saving` where images are written
    to, in files with a random number below `_most_names` in their names, and defines:

        `_image(number)`: returns an image of the batch.
        `_inputs(batch, index_array)`: returns what goes into the model; by default the images alone.
        `_labels(batch, index_array)`: returns the labels, None where there are none.
    """

    def _set_saving(self, save_to_dir, save_prefix, save_format):
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format

    def _get_batches_of_transformed_samples(self, index_array):
        batch = np.zeros((len(index_array), *self.image_shape), dtype=self.dtype)
        for place, number in enumerate(index_array):
            batch[place] = self._image(number)
        if self.save_to_dir:
            self._save(batch, index_array)
        inputs, labels = self._inputs(batch, index_array), self._labels(batch, index_array)
        if labels is None:
            return inputs
        if self.sample_weight is None:
            return inputs, labels
        return inputs, labels, self.sample_weight[index_array]

    def _inputs(self, batch, index_array):
        return batch

    def _save(self, batch, index_array):
        for x, number in zip(batch, index_array, strict=True):
            name = f"{self.save_prefix}_{number}_{np.random.randint(self._most_names)}.{self.save_format}"
            array_to_img(x, self.data_format, scale=True).save(os.path.join(self.save_to_dir, name))
