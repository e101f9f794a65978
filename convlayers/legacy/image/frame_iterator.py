"""Batches of images that a table of pandas lists."""

import os
import warnings

import numpy as np

from convlayers.legacy.image.file_iterator import FileIterator
from convlayers.utils.messages import print_message

# Modes in which labels are used as they are.
_WITHOUT_CLASSES = ("input", "multi_output", "raw", None)


class DataFrameIterator(FileIterator):
    """Batches of images that a table lists. `ImageDataGenerator.flow_from_dataframe` makes it, and has its arguments.

    Attributes:
        class_indices: dict of the names of classes and their numbers.
        classes: list with the class of each file, or a list of classes.
        filenames, filepaths: lists of the files.
        samples: how many there are.
    """

    allowed_class_modes = {"binary", "categorical", "input", "multi_output", "raw", "sparse", None}  # noqa: RUF012

    def __init__(
        self,
        dataframe,
        directory=None,
        image_data_generator=None,
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
        data_format="channels_last",
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        interpolation="nearest",
        keep_aspect_ratio=False,
        dtype="float32",
        validate_filenames=True,
    ):
        self.set_processing_attrs(
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
        )
        self._set_class_mode(class_mode)
        self.directory = directory or ""
        self.dtype = dtype
        self._check(dataframe, x_col, y_col, weight_col, classes)
        table = self._with_files(dataframe, x_col) if validate_filenames else dataframe
        has_classes = class_mode not in _WITHOUT_CLASSES
        if has_classes:
            table, classes = _with_classes(table, y_col, classes)
            self.class_indices = {name: number for number, name in enumerate(classes)}
        if self.split:
            first, last = (int(share * len(table)) for share in self.split)
            table = table.iloc[first:last, :]
        if has_classes:
            self.classes = [self._number(label) for label in table[y_col]]
        self._targets = None
        if class_mode == "multi_output":
            self._targets = [np.array(table[column].tolist()) for column in y_col]
        if class_mode == "raw":
            self._targets = table[y_col].to_numpy()
        self.sample_weight = table[weight_col].to_numpy() if weight_col else None
        self.filenames = table[x_col].tolist()
        self.filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        self.samples = len(self.filenames)
        kind = "validated" if validate_filenames else "non-validated"
        belonging = f" belonging to {len(classes)} classes" if has_classes else ""
        print_message(f"Found {self.samples} {kind} image filenames{belonging}.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    @property
    def labels(self):
        return self.classes if self._targets is None else self._targets

    def _number(self, label):
        if isinstance(label, (list, tuple)):
            return [self.class_indices[name] for name in label]
        return self.class_indices[label]

    def _check(self, table, x_col, y_col, weight_col, classes):
        mode = self.class_mode
        if mode == "multi_output" and not isinstance(y_col, list):
            raise TypeError(f'If class_mode="{mode}", y_col must be a list. Received {type(y_col).__name__}.')
        if not all(isinstance(name, str) for name in table[x_col]):
            raise TypeError(f"All values in column x_col={x_col} must be strings.")
        if mode in ("binary", "sparse") and not all(isinstance(label, str) for label in table[y_col]):
            raise TypeError(f'If class_mode="{mode}", y_col="{y_col}" column values must be strings.')
        if mode == "binary":
            if classes and len(set(classes)) != 2:
                raise ValueError(f'If class_mode="binary" there must be 2 classes. {len(set(classes))} class/es were given.')
            if not classes and table[y_col].nunique() != 2:
                raise ValueError(f'If class_mode="binary" there must be 2 classes. Found {table[y_col].nunique()} classes.')
        if mode == "categorical" and not all(isinstance(label, (str, list, tuple)) for label in table[y_col]):
            raise TypeError(f'If class_mode="{mode}", y_col="{y_col}" column values must be type string, list or tuple.')
        if classes and mode in _WITHOUT_CLASSES:
            warnings.warn(f'`classes` will be ignored given the class_mode="{mode}"', stacklevel=4)
        if weight_col and not issubclass(table[weight_col].dtype.type, np.number):
            raise TypeError(f"Column weight_col={weight_col} must be numeric.")

    def _with_files(self, table, x_col):
        """Returns the rows of a table whose files exist and are images."""
        paths = [os.path.join(self.directory, name) for name in table[x_col]]
        valid = np.array([path.lower().endswith(self.white_list_formats) and os.path.isfile(path) for path in paths], bool)
        if not valid.all():
            warnings.warn(
                f'Found {(~valid).sum()} invalid image filename(s) in x_col="{x_col}". These filename(s) will be ignored.',
                stacklevel=4,
            )
        return table[valid]


def _with_classes(table, y_col, classes):
    """Returns the rows of a table whose labels are among the classes, and the classes: all there are by default."""
    if not classes:
        names = [name for label in table[y_col] for name in (label if isinstance(label, (list, tuple)) else (label,))]
        return table.dropna(subset=[y_col]), sorted(set(names))
    classes = list(dict.fromkeys(classes))

    def keep(label):
        if isinstance(label, (list, tuple)):
            return [name for name in label if name in classes] or None
        return label if label in classes else None

    table = table.copy()
    table[y_col] = table[y_col].apply(keep)
    return table.dropna(subset=[y_col]), classes
