"""Calls that leave a layer as it was: its state comes in as an argument, and goes out with the result."""

from convlayers.rollback import other_values


def call_stateless(layer, trainable_variables, non_trainable_variables, args, kwargs):
    """Calls a layer as if its variables had other values.

    Args:
        layer: the layer.
        trainable_variables, non_trainable_variables: lists of arrays or variables.
        args, kwargs: the arguments of the call.

    Returns:
        The outputs, the values of the non-trainable variables after the call, and the losses.

    Raises:
        ValueError: if the layer is not built, or there are more or fewer values than variables.
    """
    name = type(layer).__name__
    if not layer.built:
        raise ValueError(
            f"To call stateless_call, {name} must be built (i.e. its variables must have been already created). You can build "
            "it by calling it on some data."
        )
    variables = layer.trainable_variables, layer.non_trainable_variables
    given = trainable_variables, non_trainable_variables
    for kind, own, values in zip(("trainable_variables", "non_trainable_variables"), variables, given, strict=True):
        if len(own) != len(values):
            raise ValueError(
                f"Argument `{kind}` must be a list of tensors corresponding 1:1 to {name}().{kind}. Received list with length "
                f"{len(values)}, but expected {len(own)} variables."
            )
    try:
        with other_values([*variables[0], *variables[1]], [value for part in given for value in part]):
            outputs = layer(*args, **kwargs)
            return outputs, [variable.numpy() for variable in variables[1]], layer.losses
    finally:
        layer._clear_losses()
