"""The arguments `padding`, `padding_mode` and `output_padding` of convolutions and pooling."""

from convlayers.shapes import dilated_size, standardize_pool_padding, standardize_tuple
from convlayers.validation import check_choice, did_you_mean, is_integer, without_array


def standardize_padding(padding, rank, allow_causal=False):
    """Returns the `padding` argument of a convolution: a string in lower case, or a tuple with a pair of ints for each axis.

    Args:
        padding: "valid" or "same"; or, for given numbers of pixels, an int for all sides, an iterable of ints, one for both
            sides of each axis, or an iterable of pairs (in front, behind), one for each axis.
        rank: the number of spatial axes.
        allow_causal: whether "causal" is allowed too, as for 1-D convolutions.

    Raises:
        ValueError: for anything else.
    """
    padding = without_array(padding)
    if is_integer(padding) or isinstance(padding, (list, tuple)):
        return _standardize_pads(padding, rank)
    choices = ("valid", "same", "causal") if allow_causal else ("valid", "same")
    name = str(padding).lower()
    if name not in choices:
        allowed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(
            f"The `padding` argument must be a list/tuple or one of {{{allowed}}}. Received: {name}" + _explain_padding(name)
        )
    return name


def _standardize_pads(padding, rank):
    axes = (padding,) * rank if is_integer(padding) else padding
    pads = tuple([(axis, axis) if is_integer(axis) else axis for axis in axes])
    well_formed = len(pads) == rank and all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in pads)
    if not well_formed or not all(is_integer(pad) and pad >= 0 for pair in pads for pad in pair):
        raise ValueError(
            f"`padding` must be either `'valid'` or `'same'`. Received {padding}.\n"
            f"Or numbers of pixels that are not negative: one int for all sides, as in padding=1, a tuple of {rank} ints, one "
            f"for both sides of each axis, as in padding={(1,) * rank}, or a tuple of {rank} pairs (in front, behind), as in "
            f"padding={((0, 1),) * rank}."
        )
    return tuple([(int(front), int(behind)) for front, behind in pads])


def standardize_pool_pads(padding, pool_size, dilation_rate):
    """Returns the `padding` argument of pooling: "valid" or "same", or a tuple with a pair of ints for each axis.

    Args:
        padding: as for `standardize_padding`.
        pool_size, dilation_rate: tuples of ints.

    Raises:
        ValueError: for anything else, or if a window could lie outside of the input.
    """
    padding = without_array(padding)
    if not is_integer(padding) and not isinstance(padding, (list, tuple)):
        return standardize_pool_padding(padding)
    pads = _standardize_pads(padding, len(pool_size))
    spans = tuple(map(dilated_size, pool_size, dilation_rate))
    if any(pad >= span for pair, span in zip(pads, spans, strict=True) for pad in pair):
        raise ValueError(
            f"`padding` must be smaller than the window, which spans {spans} pixels. Received: padding={padding}\n"
            "A window that lies outside of the input has neither a largest value nor a mean."
        )
    return pads


def _explain_padding(name):
    if name == "causal":
        return "\n'causal' keeps each output from seeing what comes later, so it is for 1-D convolutions only."
    return (
        did_you_mean(name, ("valid", "same"))
        + "\n'valid' adds nothing at the border; 'same' adds zeros, so that outputs are as large as inputs / strides; an int "
        "adds so many pixels at each side."
    )


def check_padding_mode(padding_mode, padding, modes, class_name):
    """Returns the `padding_mode` argument of a convolution.

    Args:
        padding: its `padding`, as `standardize_padding` returns it.
        modes: those that there are.
        class_name: for the message.

    Raises:
        ValueError: for another, or for one that takes pixels from behind if padding is causal.
    """
    check_choice(padding_mode, modes, class_name, "padding_mode")
    if padding == "causal" and padding_mode in ("reflect", "circular"):
        raise ValueError(
            "With padding='causal' no output sees later inputs, but these are what padding_mode='reflect' and 'circular' put "
            f"in front. Use 'zeros' or 'replicate'. Received: padding_mode={padding_mode}"
        )
    return padding_mode


def standardize_output_padding(output_padding, strides):
    """Returns the `output_padding` argument of a transposed convolution as a tuple of ints, or None.

    Args:
        strides: tuple of ints.

    Raises:
        ValueError: if it is neither None, an int nor a tuple of as many ints as there are strides, or not below the strides.
    """
    if output_padding is None:
        return None
    sizes = standardize_tuple(output_padding, len(strides), "output_padding", allow_zero=True)
    for axis, (size, stride) in enumerate(zip(sizes, strides, strict=True)):
        if size >= stride:
            raise ValueError(
                "`output_padding` must be strictly less than `strides` for all dimensions. "
                f"At dimension {axis}, `output_padding` is {size} but `strides` is {stride}. "
                f"Received: output_padding={sizes}, strides={strides}\n"
                "It tells apart the sizes that a convolution with these strides turns into the same one."
            )
    return sizes
