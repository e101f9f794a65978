"""`stateless_apply`: an update of arrays, which leaves the optimizer and the model as they are."""

from convlayers.rollback import other_values


def stateless_apply(self, optimizer_variables, grads, trainable_variables):
    """Returns updated arrays, and changes no variable.

    Args:
        optimizer_variables: list of arrays, the state to start from, in the order of `optimizer.variables`.
        grads: list of gradients, as for `apply`.
        trainable_variables: list of arrays, in the order of the variables that the optimizer was built with.

    Returns:
        The new `trainable_variables` and the new `optimizer_variables`: two lists of arrays.

    Raises:
        ValueError: if the optimizer is not built, or there are not as many arrays as variables.
    """
    if not self.built:
        raise ValueError(
            f"To call `stateless_apply`, {type(self).__name__} must be built (i.e. its variables must have been created). "
            "You can build it via `optimizer.build(trainable_variables)`."
        )
    own, trained = self.variables, self._trainable_variables
    if len(optimizer_variables) != len(own):
        raise ValueError(
            f"Argument `optimizer_variables` must be a list of tensors corresponding 1:1 to {type(self).__name__}()."
            f"variables. Received list with length {len(optimizer_variables)}, but expected {len(own)} variables."
        )
    if len(trainable_variables) != len(trained):
        raise ValueError(
            "Argument `optimizer_variables` must be a list of tensors corresponding 1:1 to the trainable variables list "
            f"that the optimizer was built with. Received len(trainable_variables) == {len(trainable_variables)} whereas "
            f"the optimizer was built with {len(trained)} variables."
        )
    with other_values([*trained, *own], [*trainable_variables, *optimizer_variables]):
        self.apply(grads)
        return [variable.numpy() for variable in trained], [variable.numpy() for variable in own]
