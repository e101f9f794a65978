"""Saving the weights of models, and loading them."""

import warnings

from convlayers.saving.files import may_write, replacing
from convlayers.saving.weights import read_weights, unchanged_by_failures, weights_as_bytes


def save_weights(model, filepath, overwrite=True, max_shard_size=None, objects_to_skip=None):
    """Writes the weights of a model, and the state of its optimizer, to a `.weights.h5` file that Keras 3 reads.

    The file appears, or replaces the one of that name, only once it is whole.

    Args:
        model: a `Model` whose layers are built.
        filepath: path that ends in ".weights.h5".
        overwrite: whether a file of that name may be replaced without asking.
        max_shard_size: None is all that is supported: one file.
        objects_to_skip: list of layers that are left out.

    Raises:
        ValueError: if the path has another ending, or the layers are not built.
    """
    filepath = str(filepath)
    if max_shard_size is not None:
        raise NotImplementedError(
            f"Weights are written to one file. Expected: max_shard_size=None. Received: max_shard_size={max_shard_size}"
        )
    if not filepath.endswith(".weights.h5"):
        raise ValueError(f"The filename must end in `.weights.h5`. Received: filepath={filepath}")
    _check_built(model, "saving")
    if may_write(filepath, overwrite):
        weights = weights_as_bytes(model, objects_to_skip)
        with replacing(filepath) as file:
            file.write(weights)


def load_weights(model, filepath, skip_mismatch=False, objects_to_skip=None, by_name=None, **kwargs):
    """Reads the weights of a model from a `.weights.h5` or `.keras` file, of Keras 3 or of convlayers.

    The state of the optimizer is read too, if the model is compiled and its optimizer has as many variables as that in the
    file. A call that fails leaves the model as it was.

    Args:
        model: a `Model` whose layers are built.
        filepath: path.
        skip_mismatch: whether to leave out, with a warning, layers whose weights have other shapes in the file.
        objects_to_skip: list of layers that are left out.
        by_name: only for legacy files, which can't be read here.

    Raises:
        ValueError: if there is no such file, or if the weights do not fit.
    """
    filepath = str(filepath)
    if kwargs:
        raise ValueError(f"Invalid keyword arguments: {kwargs}")
    if not filepath.endswith((".keras", ".weights.h5")):
        raise ValueError(
            f"File format not supported: filepath={filepath}. Keras 3 only supports V3 `.keras` files, `.weights.h5` files, "
            "legacy H5 format files (`.h5` extension), or Orbax checkpoints.\n"
            "Of these, `.keras` and `.weights.h5` can be read here. Keras makes one of another: "
            "`model.load_weights('weights.h5')`, then `model.save_weights('model.weights.h5')`."
        )
    if by_name is not None:
        raise ValueError(f"`by_name` only supports loading legacy '.h5' or '.hdf5' files. Received: {filepath}")
    if objects_to_skip is not None and filepath.endswith(".keras"):
        raise ValueError(f"`objects_to_skip` only supports loading '.weights.h5' files.Received: {filepath}")
    _check_built(model, "loading weights into")

    from convlayers.saving import hdf5
    from convlayers.saving.archive import open_weights

    with (
        unchanged_by_failures(model),
        open_weights(filepath) as file,
        hdf5.open_file(file, filepath) as reader,
    ):
        messages = read_weights(model, reader, skip_mismatch, objects_to_skip)
    for message in messages:
        warnings.warn(message, stacklevel=3)


def _check_built(model, doing):
    if not model.built:
        raise ValueError(
            f"You are {doing} a model that has not yet been built. Try building the model first by calling it on some data or "
            "by using `build()`."
        )
