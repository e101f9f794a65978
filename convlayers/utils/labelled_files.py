"""Files in a folder, labelled by the folders that they are in."""

import os

import numpy as np

from convlayers.utils.messages import print_message


class LabelledFiles:
    """The files in a folder.

    Args:
        directory: the folder.
        labels: "inferred" for those of the folders in it, None for no labels, or a list with the label of each file in the
            order of their sorted paths.
        formats: tuple of the endings of their names.
        class_names: names of the folders, in the order of the labels; by default all, sorted.
        shuffle, seed: whether and how their order is shuffled.
        follow_links: whether links to folders are followed.
        verbose: whether to say how many there are.

    Attributes:
        paths: list of the paths.
        labels: list or array of the labels, or None.
        class_names: list of names, or None.
    """

    def __init__(self, directory, labels, formats, class_names=None, shuffle=True, seed=None, follow_links=False, verbose=True):
        directory = os.fspath(directory)
        if labels == "inferred":
            self.class_names = _find_classes(directory, class_names)
            found = [_find_files(os.path.join(directory, name), formats, follow_links) for name in self.class_names]
            self.labels = np.repeat(np.arange(len(found), dtype="int32"), [len(paths) for paths in found])
            self.paths = [path for paths in found for path in paths]
        else:
            _refuse_class_names(labels, class_names)
            self.paths = _find_files(directory, formats, follow_links)
            self.labels = labels
            self.class_names = None if labels is None else [str(label) for label in sorted(set(labels))]
            if labels is not None and len(labels) != len(self.paths):
                raise ValueError(
                    "Expected the lengths of `labels` to match the number of files in the target directory. len(labels) is "
                    f"{len(labels)} while we found {len(self.paths)} files in directory {directory}."
                )
        if verbose:
            classes = "" if self.class_names is None else f" belonging to {len(self.class_names)} classes"
            print_message(f"Found {len(self.paths)} files{classes}.")
        if shuffle:
            self._shuffle(np.random.randint(10**6) if seed is None else seed)

    def _shuffle(self, seed):
        np.random.RandomState(seed).shuffle(self.paths)
        if self.labels is not None:
            self.labels = np.array(self.labels)
            np.random.RandomState(seed).shuffle(self.labels)

    def part(self, validation_split, subset):
        """Returns the paths and the labels of "training" or "validation"; of all without a `validation_split`."""
        if not validation_split:
            return self.paths, self.labels
        count = int(validation_split * len(self.paths))
        at = len(self.paths) - count
        if subset == "training":
            print_message(f"Using {at} files for training.")
            chosen = slice(None, at)
        else:
            print_message(f"Using {count} files for validation.")
            chosen = slice(at, None)
        return self.paths[chosen], None if self.labels is None else self.labels[chosen]


def check_split(validation_split, subset, shuffle, seed):
    """Raises an error if the arguments that divide files into two parts do not go with one another."""
    if validation_split and not 0 < validation_split < 1:
        raise ValueError(f"`validation_split` must be between 0 and 1, received: {validation_split}")
    if bool(validation_split) != bool(subset):
        raise ValueError("If `subset` is set, `validation_split` must be set, and inversely.")
    if subset not in ("training", "validation", "both", None):
        raise ValueError(f'`subset` must be either "training", "validation" or "both", received: {subset}')
    if validation_split and shuffle and seed is None:
        raise ValueError(
            "If using `validation_split` and shuffling the data, you must provide a `seed` argument, to make sure that there "
            "is no overlap between the training and validation subset."
        )


def _find_classes(directory, class_names):
    folders = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir() and not entry.name.startswith("."))
    if class_names is None:
        return folders
    if not set(class_names) <= set(folders):
        raise ValueError(
            "The `class_names` passed did not match the names of the subdirectories of the target directory. "
            f"Expected: {folders} (or a subset of it), but received: class_names={class_names}"
        )
    return list(class_names)


def _refuse_class_names(labels, class_names):
    if class_names is None:
        return
    if labels is None:
        raise ValueError("When `labels=None` (no labels), argument `class_names` cannot be specified.")
    raise ValueError(
        "When argument `labels` is specified, argument `class_names` cannot be specified (the `class_names` will be the sorted "
        "list of labels)."
    )


def _find_files(folder, formats, follow_links):
    walk = sorted(os.walk(folder, followlinks=follow_links))
    return [os.path.join(root, name) for root, _, names in walk for name in sorted(names) if name.lower().endswith(formats)]
