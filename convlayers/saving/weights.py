"""The variables of a model, to a file and back."""

import contextlib
import io

from convlayers.layers.weight_owner import WeightOwner
from convlayers.optimizers.optimizer import Optimizer
from convlayers.optimizers.variable_owner import VariableOwner
from convlayers.saving.places import places


def weights_as_bytes(model, objects_to_skip=()):
    """Returns an HDF5 file with all variables of a model, and of its optimizer if it has been compiled.

    It is made in memory: the HDF5 library could not be stopped in the middle of a file that the disk has no room for.

    Args:
        model: a `Model`.
        objects_to_skip: layers that are left out.
    """
    from convlayers.saving import hdf5

    file = io.BytesIO()
    with hdf5.create(file) as writer:
        for path, owner in places(model, objects_to_skip):
            owner.save_own_variables(writer.group(path, owner.name))
    return file.getbuffer()


def read_weights(model, reader, skip_mismatch=False, objects_to_skip=()):
    """Sets all variables of a model, and of its optimizer if the file has as many. After an error, some are set.

    Args:
        model: a model whose layers are built.
        reader: an `ArrayReader`.
        skip_mismatch: whether to leave out what does not fit.
        objects_to_skip: layers that are left out.

    Returns:
        A list of warnings for the user: what was left out.

    Raises:
        ValueError: if the file lacks something, or has it in another shape.
    """
    failures = []
    found = places(model, objects_to_skip, is_there=reader.__contains__)
    messages = _name_those_without_a_place(model, found, objects_to_skip)
    for path, owner in found:
        try:
            _read_owner(owner, reader.group(path))
        except Exception as error:  # layers may have rules of their own for loading
            if isinstance(owner, Optimizer):
                messages.append(f"Skipping variable loading for optimizer '{owner.name}', because {error}")
            else:
                failures.append((owner, error))
    if failures:
        owners, errors = zip(*failures, strict=True)
        message = (
            f"A total of {len(failures)} objects could not be loaded. Example error message for object {owners[0]}:\n\n"
            f"{errors[0]}\n\nList of objects that could not be loaded:\n{list(owners)}"
        )
        if not skip_mismatch:
            raise ValueError(message) from errors[0]
        messages.append(message)
    return messages


def _name_those_without_a_place(model, found, objects_to_skip):
    """Returns a list: a warning, if there are layers in lists of lists and the writer of the file did not look into those."""
    known = {id(owner) for _, owner in found}
    known.update(id(layer) for skipped in objects_to_skip or () for layer in skipped._flatten_layers())
    left_out = [layer for layer in model._flatten_layers() if layer._own_variables and id(layer) not in known]
    if not left_out:
        return []
    return [
        f"The weights of {left_out} are not in the file, so these layers keep the weights that they had. Versions of Keras "
        "before 3.15 did not save layers in lists of lists."
    ]


@contextlib.contextmanager
def unchanged_by_failures(model):
    """Inside, an exception leaves a model, and its optimizer, with the values that its variables had before."""
    owners = [owner for _, owner in places(model)]
    variables = [variable for owner in owners for variable in _own_variables(owner)]
    values = [variable.numpy() for variable in variables]
    try:
        yield
    except BaseException:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        raise


def _own_variables(owner):
    return owner.variables if isinstance(owner, Optimizer) else owner._own_variables


def _read_owner(owner, arrays):
    if type(owner).load_own_variables not in (WeightOwner.load_own_variables, VariableOwner.load_own_variables):
        owner.load_own_variables(arrays)
        return
    variables = _own_variables(owner)
    if isinstance(owner, Optimizer):
        always_there = [variable for variable in variables if variable.name in ("iteration", "learning_rate")]
        if len(arrays) == len(always_there):  # the model was compiled but not trained
            variables = always_there
        if len(arrays) != len(variables):
            raise ValueError(f"it has {len(variables)} variables whereas the saved optimizer has {len(arrays)} variables. ")
    elif len(arrays) != len(variables):
        owner.load_own_variables(arrays)  # It says what is wrong.
    _read_variables(variables, arrays)


def _read_variables(variables, arrays):
    """Checks all shapes, and then reads into the variables, without a copy on the way."""
    for index, variable in enumerate(variables):
        shape = arrays.shape(str(index)) if str(index) in arrays else None
        if shape != variable.shape:
            raise ValueError(
                f"the shape of '{variable.path}' is not that in the file. Expected: {variable.shape}. Received: {shape}."
            )
    for index, variable in enumerate(variables):
        arrays.read_into(str(index), variable.value)
        variable.version += 1
