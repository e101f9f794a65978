"""Where the images of an `ImageDataGenerator` come from."""

import warnings

from convlayers.legacy.image.array_iterator import NumpyArrayIterator
from convlayers.legacy.image.directory_iterator import DirectoryIterator
from convlayers.legacy.image.frame_iterator import DataFrameIterator


class Flows:
    """The methods of `ImageDataGenerator` that return batches."""

    def flow(
        self,
        x,
        y=None,
        batch_size=32,
        shuffle=True,
        sample_weight=None,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        ignore_class_split=False,
        subset=None,
    ):
        """Returns batches of images that are in an array.

        Args:
            x: array of rank 4; or a tuple of it and an array, or a list of arrays, of what else goes into the model.
            y, sample_weight: labels and weights.
            batch_size: number of samples in a batch.
            shuffle, seed: whether samples come in a new order in each epoch; and the seed of all that is random.
            save_to_dir, save_prefix, save_format: a folder to which the images are written, and the names of the files.
            subset: "training" or "validation", if there is a `validation_split`.
            ignore_class_split: whether the two may have other classes.

        Returns:
            A `NumpyArrayIterator`, a `PyDataset` of `x`, `(x, y)` or `(x, y, sample_weight)`.
        """
        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size=batch_size,
            shuffle=shuffle,
            sample_weight=sample_weight,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            ignore_class_split=ignore_class_split,
            subset=subset,
            dtype=self.dtype,
        )

    def flow_from_directory(
        self,
        directory,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        follow_links=False,
        subset=None,
        interpolation="nearest",
        keep_aspect_ratio=False,
    ):
        """Returns batches of images in folders, one folder for each class. Takes Pillow.

        Args:
            directory: the folder with the folders.
            target_size: tuple (height, width) that images are resized to.
            color_mode: "rgb", "rgba" or "grayscale".
            classes: list of the folders, all by default.
            class_mode: labels: "categorical" (one-hot), "binary" or "sparse" (numbers), "input" (the images), None for none.
            follow_links: whether links to folders are followed.
            interpolation, keep_aspect_ratio: how images are resized: those of `load_img`.
            The others are those of `flow`.

        Returns:
            A `DirectoryIterator`, a `PyDataset`.
        """
        return DirectoryIterator(
            directory,
            self,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            follow_links=follow_links,
            subset=subset,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            dtype=self.dtype,
        )

    def flow_from_dataframe(
        self,
        dataframe,
        directory=None,
        x_col="filename",
        y_col="class",
        weight_col=None,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        interpolation="nearest",
        validate_filenames=True,
        **kwargs,
    ):
        """Returns batches of images that a table of pandas lists. Takes Pillow.

        Args:
            dataframe: the table.
            directory: the folder that its paths are in.
            x_col, y_col, weight_col: the columns with paths, labels and weights.
            class_mode: as for `flow_from_directory`; and "raw" (numbers of the column as they are), "multi_output" (a list of
                columns).
            validate_filenames: whether files that are not there, or no images, are left out.
            kwargs: taken for compatibility: "has_ext", "sort" and "drop_duplicates" have no effect.
            The others are those of `flow_from_directory`.

        Returns:
            A `DataFrameIterator`, a `PyDataset`.
        """
        for name in kwargs:
            warnings.warn(f"{name} is deprecated, and has no effect.", DeprecationWarning, stacklevel=2)
        if class_mode == "other":
            warnings.warn(
                '`class_mode="other"` is deprecated, please use `class_mode="raw"`.', DeprecationWarning, stacklevel=2
            )
            class_mode = "raw"
        return DataFrameIterator(
            dataframe,
            directory,
            self,
            x_col=x_col,
            y_col=y_col,
            weight_col=weight_col,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            subset=subset,
            interpolation=interpolation,
            validate_filenames=validate_filenames,
            dtype=self.dtype,
        )
