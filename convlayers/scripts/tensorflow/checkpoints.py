"""`tf.train.Checkpoint`: the variables of models, optimizers and others in one file, of NumPy's kind."""

import functools
import glob
import os
from collections.abc import Iterator

import numpy as np

from convlayers.layers import Layer
from convlayers.legacy.files import Loaded
from convlayers.legacy.old_spelling import warn_once
from convlayers.optimizers import Optimizer
from convlayers.saving.files import replacing
from convlayers.variables import Variable

_ENDING = ".ckpt.npz"
# What `latest_checkpoint` finds: these, and weights that were saved under the name of a checkpoint.
_ENDINGS = (_ENDING, ".weights.h5")


class Checkpoint:
    """Saves and restores the variables of objects.

    Args:
        root: a model, layer, optimizer or variable.
        kwargs: more of them. Each is an attribute of the checkpoint, under its name.
    """

    def __init__(self, root=None, **kwargs):
        self._parts = kwargs if root is None else {"root": root, **kwargs}
        self._number = 0
        vars(self).update(kwargs)

    def save(self, file_prefix, options=None):
        """Writes a file whose name ends in the number of the checkpoint, and returns its path without the ending."""
        self._number += 1
        return self.write(f"{os.fspath(file_prefix)}-{self._number}")

    def write(self, file_prefix, options=None):
        """Writes a file, and returns its path without the ending."""
        path = os.fspath(file_prefix)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        variables = {f"{name}/{n}": v for name, part in self._parts.items() for n, v in enumerate(_variables_of(part))}
        with replacing(path + _ENDING) as file:
            np.savez(file, **{key: np.asarray(variable.value) for key, variable in variables.items()})
        return path

    def restore(self, save_path, options=None):
        """Gives variables the values that a file has for them. A path of None leaves them as they are.

        What has no variables yet gets its values with them: an optimizer, or a model that was not called.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if an object has other variables.
        """
        if save_path:
            with np.load(os.fspath(save_path) + _ENDING) as arrays:
                for name, part in self._parts.items():
                    count = sum(key.rpartition("/")[0] == name for key in arrays)
                    _assign(part, [arrays[f"{name}/{number}"] for number in range(count)], name)
            number = os.fspath(save_path).rpartition("-")[2]
            self._number = int(number) if number.isdigit() else self._number
        return Loaded()

    read = restore


class CheckpointManager:
    """Numbers checkpoints in a folder, and removes old ones.

    Args:
        checkpoint: a `Checkpoint`.
        directory: the folder, made where there is none.
        max_to_keep: how many to keep, None for all.
        checkpoint_name: how their names begin.
    """

    def __init__(self, checkpoint, directory, max_to_keep, checkpoint_name="ckpt", **kwargs):
        self.checkpoint = checkpoint
        self.directory = os.fspath(directory)
        self._max_to_keep = max_to_keep
        self._prefix = os.path.join(self.directory, checkpoint_name)

    @property
    def checkpoints(self):
        """The paths of those that are there, the oldest first."""
        return _by_age(self._prefix + "-*", (_ENDING,))

    @property
    def latest_checkpoint(self):
        """The path of the last one, None if there is none."""
        return next(reversed(self.checkpoints), None)

    def save(self, checkpoint_number=None, **kwargs):
        """Saves a checkpoint, of a number if one is given, and returns its path."""
        if checkpoint_number is None:
            path = self.checkpoint.save(self._prefix)
        else:
            path = self.checkpoint.write(f"{self._prefix}-{int(checkpoint_number)}")
        for old in self.checkpoints[: -self._max_to_keep] if self._max_to_keep else ():
            os.remove(old + _ENDING)
        return path

    def restore_or_initialize(self):
        """Restores the last checkpoint, if there is one, and returns its path."""
        path = self.latest_checkpoint
        self.checkpoint.restore(path)
        return path


def latest_checkpoint(checkpoint_dir, latest_filename=None):
    """Returns the path of the last checkpoint in a folder, without its ending; None if there is none."""
    return next(reversed(_by_age(os.path.join(os.fspath(checkpoint_dir), "*"), _ENDINGS)), None)


def _by_age(pattern, endings):
    paths = [path for ending in endings for path in glob.glob(pattern + ending)]
    paths.sort(key=lambda path: (os.stat(path).st_mtime_ns, len(path), path))
    return [path.removesuffix(next(ending for ending in endings if path.endswith(ending))) for path in paths]


def _variables_of(part):
    if isinstance(part, Variable):
        return [part]
    if isinstance(part, Iterator):
        warn_once("tf.train.Checkpoint", "`tf.train.Checkpoint` does not keep where an iterator is: it goes on from there.")
        return []
    return part.variables


def _assign(part, arrays, name):
    variables = _variables_of(part)
    if len(variables) < len(arrays) and isinstance(part, (Layer, Optimizer)) and not part.built:
        _assign_later(part, arrays, name)
        return
    shapes, saved = ([tuple(value.shape) for value in values] for values in (variables, arrays))
    if shapes != saved:
        raise ValueError(
            f"{name!r} has other variables than the checkpoint. Received: shapes={shapes}, and in the file {saved}."
        )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def _assign_later(part, arrays, name):
    """Gives an object its values when it has variables: an optimizer when it is built, a layer or model when it is called."""
    method = "build" if isinstance(part, Optimizer) else "call"
    function = getattr(part, method)

    @functools.wraps(function)
    def function_and_values(*args, **kwargs):
        delattr(part, method)
        result = None
        if len(_variables_of(part)) < len(arrays):
            result = function(*args, **kwargs)
        _assign(part, arrays, name)
        return result if method == "build" else function(*args, **kwargs)

    setattr(part, method, function_and_values)
