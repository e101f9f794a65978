"""Sets the variables of an optimizer from an older HDF5 file."""

import functools

from convlayers.optimizers.ftrl import Ftrl
from convlayers.optimizers.nadam import Nadam
from convlayers.saving.legacy.kernels import KernelConverter
from convlayers.saving.legacy.layer_weights import names_of_weights
from convlayers.saving.legacy.stored_weights import StoredWeights
from convlayers.saving.weights import find_what_follows, in_saved_order


def read_optimizer(model, reader, path, weights_path, is_slot_by_slot):
    """Sets what the optimizer of a model remembers, so that training goes on where it stopped.

    Args:
        model: a model that is compiled; its optimizer is built.
        reader: an `ArrayReader`.
        path: of the group with the variables of the optimizer.
        weights_path: of the group with the weights of the model.
        is_slot_by_slot: whether the file has what is remembered of one kind for all weights, then of the next kind, and not all
            kinds for one weight, then for the next.

    Raises:
        ValueError: if the file has other variables. Nothing is set then.
    """
    optimizer = model.optimizer
    stored = StoredWeights(reader, path, optimizer.name)
    shapes = [stored.shape(index) for index in range(len(stored))]
    if is_slot_by_slot:
        order = _order_of_keras1(model, reader, weights_path)
        variables, shapes = _slot_by_slot(optimizer, shapes, order)
        readings = _converted(model, optimizer, stored, KernelConverter(reader, weights_path), variables)
    else:
        variables, readings = in_saved_order(optimizer, shapes), {}
        shapes = shapes[: len(variables)]
    shapes = [readings[index]().shape if index in readings else shape for index, shape in enumerate(shapes)]
    if shapes != [variable.shape for variable in variables]:
        raise ValueError(
            f"Its variables are not those in the file. Expected: {[variable.path for variable in variables]}. Received: "
            f"{stored.weight_names}"
        )
    for index, variable in enumerate(variables):
        if index in readings:
            variable.assign(readings[index]())
        else:
            stored.read_into(index, variable.overwrite())
    find_what_follows(optimizer, variables)


def _order_of_keras1(model, reader, path):
    """Returns the places of the trained weights in the order of a file. Keras 1 sorted them by their names."""
    weights = model.trainable_variables
    if not KernelConverter(reader, path).is_of_keras1:
        return range(len(weights))
    names = names_of_weights(model, reader, path)
    return sorted(range(len(weights)), key=lambda index: names[id(weights[index])])


def _slot_by_slot(optimizer, shapes, order):
    """Returns the variables of an optimizer in the order of a file, and the shapes there of those that are used today."""
    slots = [slot[index] for slot in optimizer.slots if slot for index in order]
    if isinstance(optimizer, Ftrl):  # the only one that made all slots of a weight before those of the next
        slots = [slot[index] for index in order for slot in optimizer.slots]
    if isinstance(optimizer, Nadam) and len(shapes) == len(slots) + 2:
        return [optimizer.variables[0], optimizer._u_product, *slots], shapes
    unused = len(shapes) - 1 - len(slots)
    if unused > 0 and (not slots or set(shapes[-unused:]) == {(1,)}):
        # SGD had momentums without momentum, and Adam numbers in the place of what AMSGrad remembers.
        shapes = shapes[:-unused]
    # Some optimizers did not count their steps.
    return (slots if len(shapes) == len(slots) else [optimizer.variables[0], *slots]), shapes


def _converted(model, optimizer, stored, converter, variables):
    """Returns functions that read what was stored in another way, as a weight is, by the index of the variable."""
    weights = model.trainable_variables
    owners = {id(variable): layer for layer in model._flatten_layers() for variable in layer._own_variables}
    weight_of = {id(kept): weight for slot in optimizer.slots for kept, weight in zip(slot, weights, strict=False)}

    def read(index, weight):
        return converter.convert(owners[id(weight)], weight, stored.read(index))

    return {
        index: functools.partial(read, index, weight_of[id(variable)])
        for index, variable in enumerate(variables)
        if id(variable) in weight_of and converter.concerns(owners[id(weight_of[id(variable)])], weight_of[id(variable)])
    }
