"""The variables of a model, to a file and back."""

import contextlib
import io

from convlayers.layers.weight_owner import WeightOwner
from convlayers.optimizers.adafactor import Adafactor
from convlayers.optimizers.nadam import Nadam
from convlayers.optimizers.optimizer import Optimizer
from convlayers.optimizers.sgd import SGD
from convlayers.optimizers.variable_owner import VariableOwner
from convlayers.saving.places import LAYERS_OF_2_12, places
from convlayers.saving.shared_layers import places_of_twins


def weights_as_bytes(model, objects_to_skip=(), format=None, stacks_as_graphs=False):
    """Returns an HDF5 file with all variables of a model, and of its optimizer if it has been compiled.

    It is made in memory: the HDF5 library could not be stopped in the middle of a file that the disk has no room for.

    Args:
        model: a `Model`.
        objects_to_skip: layers that are left out.
        format: "keras2" for Keras 2, which went through attributes in another order, and had no learning rate among what its
            optimizers remember. "keras3.0" for versions of which some have what an optimizer remembers in another order: it
            is left out then, and they warn.
        stacks_as_graphs: whether a `Sequential` of functional models is written as a functional model.
    """
    from convlayers.saving import hdf5

    file = io.BytesIO()
    with hdf5.create(file) as writer:
        for path, owner in places(model, objects_to_skip, backwards=format == "keras2", stacks_as_graphs=stacks_as_graphs):
            group = writer.group(path, owner.name)
            variables = _written_for(format, owner) if isinstance(owner, Optimizer) else None
            if variables is None:
                owner.save_own_variables(group)
            else:
                for index, variable in enumerate(variables):
                    group[str(index)] = variable
    return file.getbuffer()


def read_weights(model, reader, skip_mismatch=False, objects_to_skip=(), from_twins=False):
    """Sets all variables of a model, and of its optimizer if the file has as many. All shapes are compared before.

    Args:
        model: a model whose layers are built.
        reader: an `ArrayReader`.
        skip_mismatch: whether to leave out what does not fit.
        objects_to_skip: layers that are left out.
        from_twins: whether layers that the file lacks get the weights of one like them, which they were when it was written.

    Returns:
        A list of warnings for the user: what was left out.

    Raises:
        ValueError: if the file lacks something, or has it in another shape.
    """
    found = _find_places(model, reader, objects_to_skip)
    failures = _Failures(skip_mismatch, _name_those_without_a_place(model, found, objects_to_skip))
    if from_twins:
        twins = places_of_twins(found, reader)
        failures.tell(_name_those_with_twins([owner for path, owner in found if path in twins]))
        found = [(twins.get(path, path), owner) for path, owner in found]
    fitting = []
    for path, owner in found:
        with failures.noted(owner):
            arrays = reader.group(path)
            with _place_in_errors(path, reader):
                fitting.append((owner, _variables_to_read(owner, arrays), arrays))
    failures.check()
    for owner, variables, arrays in fitting:
        with failures.noted(owner):
            for index, variable in enumerate(variables):
                read_variable(variable, arrays.read_into, str(index))
            if isinstance(owner, Optimizer) and variables:
                find_what_follows(owner, variables)
    failures.check()
    return failures.messages()


@contextlib.contextmanager
def _place_in_errors(path, reader):
    """Inside, an error says so if it is because the file has nothing at a path."""
    try:
        yield
    except ValueError as error:
        if path in reader or not hasattr(reader, "names"):  # Several files have no tree of names.
            raise
        while path not in reader:
            path, _, missing = path.rpartition("/")
        raise ValueError(
            f"{error}\nThe file has no '{missing}' at '/{path}'. It has there: {sorted(reader.names(path))[:10]}"
        ) from error


def _find_places(model, reader, objects_to_skip):
    """Returns the places that a file has for what is in a model, whichever form of it was written, and in whichever order."""
    options = {"is_there": reader.__contains__, "counts_twice": LAYERS_OF_2_12 in reader}
    found = places(model, objects_to_skip, **options)
    if all(path in reader for path, owner in found if _may_have_variables(owner)):
        return found
    others = [places(model, objects_to_skip, **options, **{name: True}) for name in ("backwards", "stacks_as_graphs")]
    return max(found, *others, key=lambda candidates: sum(path in reader for path, _ in candidates))


def names_without_a_place(model, reader):
    """Returns the names of the layers in a model whose variables are not in a file."""
    found = _find_places(model, reader, ())
    return {owner.name for path, owner in found if path not in reader and _own_variables(owner)}


def _may_have_variables(owner):
    return bool(_own_variables(owner)) or not getattr(owner, "built", True)


def read_variable(variable, read_into, key):
    """Reads an array of a file into a variable.

    Args:
        variable: the variable.
        read_into: the method of the arrays.
        key: the array's name or number.
    """
    is_new = variable.version == 0
    read_into(key, variable.overwrite(), is_new)


class _Failures:
    """The objects that could not be loaded, and why."""

    def __init__(self, skip_mismatch, messages):
        self._skip_mismatch = skip_mismatch
        self._messages = messages
        self._owners, self._errors = [], []

    @contextlib.contextmanager
    def noted(self, owner):
        """Inside, an exception is noted: layers may have rules of their own for loading. That of an optimizer is a warning."""
        try:
            yield
        except Exception as error:
            if isinstance(owner, Optimizer):
                self._messages.append(f"Skipping variable loading for optimizer '{owner.name}', because {error}")
            else:
                self._owners.append(owner)
                self._errors.append(error)

    def check(self):
        """Raises a `ValueError` if there are failures that the user does not want to be skipped."""
        if self._errors and not self._skip_mismatch:
            raise ValueError(self._text()) from self._errors[0]

    def tell(self, messages):
        """Adds warnings for the user."""
        self._messages += messages

    def messages(self):
        """Returns warnings for the user."""
        return [*self._messages, self._text()] if self._errors else self._messages

    def _text(self):
        return (
            f"A total of {len(self._errors)} objects could not be loaded. Example error message for object {self._owners[0]}:"
            f"\n\n{self._errors[0]}\n\nList of objects that could not be loaded:\n{self._owners}"
        )


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


def _name_those_with_twins(layers):
    """Returns a list: a warning, if there are layers that have got the weights of others."""
    if not layers:
        return []
    return [
        f"The weights of {layers} are in the file once, for layers of the same names and shapes in other models. They were one "
        "layer when it was written, which JSON does not say: here they have the same weights, and are trained apart. "
        "`load_model` of a `.keras` file makes one of them."
    ]


@contextlib.contextmanager
def unchanged_by_failures(model, reader):
    """Inside, an exception leaves a model, and its optimizer, with the values that its variables had before.

    They are copied only where reading may fail after it began: where arrays are unpacked, or layers have rules of their own.
    Arrays of the plain kind are known to be there, and to fit, before the first one is read.
    """
    owners = [owner for _, owner in places(model)]
    may_fail = not reader.is_plain or any(map(_has_rules_of_its_own, owners))
    variables = [variable for owner in owners for variable in _own_variables(owner)] if may_fail else []
    values = [variable.numpy() for variable in variables]
    try:
        yield
    except BaseException:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        raise


def _own_variables(owner):
    return owner.variables if isinstance(owner, Optimizer) else owner._own_variables


def _has_rules_of_its_own(owner):
    return type(owner).load_own_variables not in (WeightOwner.load_own_variables, VariableOwner.load_own_variables)


def _variables_to_read(owner, arrays):
    """Returns the variables of an object in the order of its arrays, which fit. One with rules of its own has read them."""
    if _has_rules_of_its_own(owner):
        owner.load_own_variables(arrays)
        return []
    if isinstance(owner, Optimizer):
        variables = in_saved_order(owner, [arrays.shape(str(index)) for index in range(len(arrays)) if str(index) in arrays])
    else:
        variables = _own_variables(owner)
    if len(arrays) != len(variables) and not isinstance(owner, Optimizer):
        owner.load_own_variables(arrays)  # It says what is wrong.
    for index, variable in enumerate(variables):
        shape = arrays.shape(str(index)) if str(index) in arrays else None
        if shape != variable.shape:
            raise ValueError(
                "The shape of the target variable and the shape of the target value in `variable.assign(value)` must match. "
                f"variable.shape={variable.shape}, Received: value.shape={shape}. Target variable: '{variable.path}'"
            )
    return variables


def variables_of_keras2(optimizer):
    """Returns the variables that an optimizer had in Keras 2, in their order there.

    The learning rate was elsewhere, Adafactor had nothing in the place of a mean that there is none of, Nadam left out what
    follows from the number of steps, and what scales the loss had the variables of the optimizer in it for its own.
    """
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    variables = [variable for variable in optimizer.variables if variable.name != "learning_rate"]
    if isinstance(optimizer, Adafactor):
        return [variable for variable in variables if variable.shape or variable.name == "iteration"]
    if isinstance(optimizer, Nadam):
        return [variable for variable in variables if variable is not optimizer._u_product]
    return variables


def find_what_follows(optimizer, variables):
    """Sets what an optimizer remembers beside what was read, as far as it follows from that.

    Args:
        optimizer: the optimizer.
        variables: those that were read.
    """
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if isinstance(optimizer, Nadam) and all(variable is not optimizer._u_product for variable in variables):
        optimizer.find_product()


def _written_for(format, optimizer):
    """Returns the variables of an optimizer that a format has; None if it is all of them, in their order."""
    if format == "keras2":
        return variables_of_keras2(optimizer)
    if format == "keras3.0":
        variables = optimizer.variables
        as_long = [candidates for candidates in _orders(optimizer) if len(candidates) == len(variables)]
        if any(one is not other for candidates in as_long for one, other in zip(candidates, variables, strict=True)):
            return []
    return None


def in_saved_order(optimizer, shapes):
    """Returns the variables of an optimizer that a file has, in the file's order.

    Args:
        optimizer: an optimizer.
        shapes: the shapes of the arrays in the file. There may be more at its end than there are variables: momentums that are
            all zero.

    Raises:
        ValueError: if they are not those of the optimizer.
    """
    variables = optimizer.variables
    for candidates in _orders(optimizer):
        if [variable.shape for variable in candidates] == shapes:
            return candidates
    if len(variables) == len(shapes):
        return variables
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    of_keras2 = variables_of_keras2(optimizer)
    momentums = [variable.shape for variable in inner._trainable_variables]
    if isinstance(inner, SGD) and [variable.shape for variable in of_keras2] + momentums == shapes:
        return of_keras2  # It had momentums also where none was used.
    raise ValueError(f"it has {len(variables)} variables whereas the saved optimizer has {len(shapes)} variables. ")


def _orders(optimizer):
    """Yields the variables of an optimizer, or those that versions of Keras have written, each time in another order."""
    variables = optimizer.variables
    always_there = [variable for variable in variables if variable.name in ("iteration", "learning_rate")]
    yield variables
    # Keras 3 had all scalars first once.
    yield sorted(variables, key=lambda variable: variable.shape != ())
    # Until Keras 3.9, an average and a sum of gradients for the first weight, then for the second ...
    averages, sums = (getattr(optimizer, name, ()) for name in ("_model_variables_moving_average", "_accumulated_gradients"))
    if averages and sums:
        pairs = [variable for pair in zip(averages, sums, strict=True) for variable in pair]
        yield [*always_there, *pairs, *variables[len(always_there) + len(pairs) :]]
    # The model may have been compiled but not trained.
    yield always_there
    yield variables_of_keras2(optimizer)
    yield always_there[:1]
