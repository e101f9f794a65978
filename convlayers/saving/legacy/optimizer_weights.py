"""Sets the variables of an optimizer from an older HDF5 file."""

from convlayers.saving.legacy.stored_weights import StoredWeights
from convlayers.saving.weights import in_saved_order


def read_optimizer(optimizer, reader, path, is_slot_by_slot):
    """Sets what an optimizer remembers, so that training goes on where it stopped.

    Args:
        optimizer: an optimizer that is built.
        reader: an `ArrayReader`.
        path: of the group with its variables.
        is_slot_by_slot: whether the file has what is remembered of one kind for all weights, then of the next kind, and not all
            kinds for one weight, then for the next.

    Raises:
        ValueError: if the file has other variables. Nothing is set then.
    """
    stored = StoredWeights(reader, path, optimizer.name)
    shapes = [stored.shape(index) for index in range(len(stored))]
    variables = _slot_by_slot(optimizer, shapes) if is_slot_by_slot else in_saved_order(optimizer, shapes)
    if shapes != [variable.shape for variable in variables]:
        raise ValueError(
            f"Its variables are not those in the file. Expected: {[variable.path for variable in variables]}. Received: "
            f"{stored.weight_names}"
        )
    for index, variable in enumerate(variables):
        stored.read_into(index, variable.overwrite())


def _slot_by_slot(optimizer, shapes):
    slots = [variable for slot in optimizer._slots() for variable in slot]
    # Some optimizers did not count their steps.
    return slots if len(shapes) == len(slots) else [optimizer.variables[0], *slots]
