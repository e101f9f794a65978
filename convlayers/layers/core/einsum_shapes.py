"""The shapes that follow from an equation of Einstein's notation: of a kernel, a bias, and what is computed."""

import re

_LETTERS = "([a-zA-Z]+)"
_FORMS = (
    re.compile(f"(){_LETTERS}(),{_LETTERS}->(){_LETTERS}()"),
    re.compile(rf"(\.\.\.){_LETTERS}(),{_LETTERS}->(\.\.\.){_LETTERS}()"),
    re.compile(rf"(){_LETTERS}(\.\.\.),{_LETTERS}->(){_LETTERS}(\.\.\.)"),
)


class EinsumShapes:
    """What `EinsumDense` knows from its equation and the shape of its inputs.

    Args:
        equation: "[X],[Y]->[Z]", with "..." in front of [X] and [Z], or behind both.
        input_shape: the shape of the inputs, with the batch.
        output_shape: the shape of the outputs, without the batch and the axes of "...".
        bias_axes: letters of the outputs, or None.

    Attributes:
        kernel, bias, output: shapes. `bias` is None without `bias_axes`.
        kernel_input_axes, kernel_output_axes: the axes of the kernel that are summed, and those that the outputs have.

    Raises:
        ValueError: if they do not fit each other.
    """

    def __init__(self, equation, input_shape, output_shape, bias_axes):
        front, inputs, behind, kernel, outputs = _parse(equation)
        elided = len(input_shape) - len(inputs)
        batch, others = input_shape[:1], input_shape[1:]
        if front:
            self.output = (*batch, *others[: max(0, elided - 1)], *output_shape)
        else:
            self.output = (*batch, *output_shape, *(input_shape[len(inputs) :] if elided > 0 else ()))
        first = elided if front else 0
        input_sizes = dict(zip(inputs, input_shape[first:], strict=False))
        output_sizes = dict(zip(outputs, self.output[first:], strict=False))
        _check(inputs, kernel, outputs, input_sizes, output_sizes)
        self.kernel = tuple(output_sizes[letter] if letter in output_sizes else input_sizes[letter] for letter in kernel)
        self.kernel_input_axes = [axis for axis, letter in enumerate(kernel) if letter not in output_sizes]
        self.kernel_output_axes = [axis for axis, letter in enumerate(kernel) if letter in output_sizes]
        self.bias = None
        if bias_axes is not None:
            _check_bias(bias_axes, outputs)
            from_first = outputs[min(outputs.find(letter) for letter in bias_axes) :]
            sizes = [output_sizes[letter] if letter in bias_axes else 1 for letter in from_first]
            self.bias = (*sizes, *([1] * elided if behind else ()))


def _parse(equation):
    for form in _FORMS:
        match = form.fullmatch(equation)
        if match:
            front, inputs, behind, kernel, _, outputs, _ = match.groups()
            return front, inputs, behind, kernel, outputs
    raise ValueError(
        f"Invalid einsum equation '{equation}'. Equations must be in the form [X],[Y]->[Z], ...[X],[Y]->...[Z], or "
        "[X]...,[Y]->[Z]...."
    )


def _check(inputs, kernel, outputs, input_sizes, output_sizes):
    for letter in inputs:
        if output_sizes.get(letter) not in (None, input_sizes[letter]):
            raise ValueError(
                f"Input shape and output shape do not match at shared dimension '{letter}'. Input shape is "
                f"{input_sizes[letter]}, and output shape is {output_sizes[letter]}."
            )
    for letter in outputs:
        if letter not in inputs and letter not in kernel:
            raise ValueError(
                f"Dimension '{letter}' was specified in the output '{outputs}' but has no corresponding dim in the input spec "
                f"'{inputs}' or weight spec '{outputs}'"
            )
    for letter in kernel:
        if letter not in inputs and letter not in outputs:
            raise ValueError(
                f"Weight dimension '{letter}' did not have a match in either the input spec '{inputs}' or the output spec "
                f"'{outputs}'. For this layer, the weight must be fully specified."
            )


def _check_bias(bias_axes, outputs):
    for letter in bias_axes:
        if letter not in outputs:
            raise ValueError(f"Bias dimension '{letter}' was requested, but is not part of the output spec '{outputs}'")
