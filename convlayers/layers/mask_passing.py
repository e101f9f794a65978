"""How masks pass from layer to layer: into the arguments of `call`, and on to what it returns."""

import warnings

import numpy as np

from convlayers import nested
from convlayers.layers.call_arguments import consists_of_arrays
from convlayers.masks import get_keras_mask, remembered_masks, set_keras_mask


def masks_of(inputs):
    """Returns the mask of each input, None where there is none, in the structure of the inputs."""
    return nested.map_structure(get_keras_mask, inputs)


def has_mask(masks):
    """Whether there is any in a structure of masks."""
    return any(mask is not None for mask in nested.flatten(masks))


def copy_mask(source, target):
    """Gives an array or tensor the mask of another, which it was made of."""
    if remembered_masks and target is not source and get_keras_mask(target) is None:
        set_keras_mask(target, get_keras_mask(source))


def with_masks(inputs, masks):
    """Returns inputs that have these masks, where they are not None. The arrays of the caller stay as they are."""
    flat = zip(nested.flatten(inputs), nested.flatten(masks), strict=True)
    return nested.pack_like(inputs, [_with_mask(x, mask) for x, mask in flat])


def _with_mask(x, mask):
    if mask is None or mask is get_keras_mask(x):
        return x
    x = x.view() if isinstance(x, np.ndarray) else x
    set_keras_mask(x, mask)
    return x


def find_mask_arguments(signature, arguments):
    """Returns the masks that a call takes and was not given, as keyword arguments.

    The mask of a single input is called `mask`; of several inputs, that of `x` is called `x_mask`.

    Args:
        signature: the layer's `CallSignature`.
        arguments: the positional and keyword arguments of the call, by name.
    """
    inputs = [name for name, argument in arguments.items() if consists_of_arrays(argument)]
    names = signature.mask_names if len(inputs) > 1 else dict.fromkeys(inputs, "mask") if signature.takes_mask else {}
    return {
        mask_name: masks_of(arguments[name])
        for name, mask_name in names.items()
        if name in inputs and arguments.get(mask_name) is None
    }


def pass_masks_on(layer, inputs, outputs, masks):
    """Returns the outputs of a layer with the masks that its `compute_mask` finds, or warns that masks end here.

    Args:
        layer: the layer.
        inputs: the first argument of the call.
        outputs: what the call returned.
        masks: the masks of the inputs, in their structure.
    """
    if not layer.supports_masking:
        if has_mask(masks):
            warnings.warn(
                f"Layer '{layer.name}' (of type {type(layer).__name__}) was passed an input with a mask attached to it. "
                "However, this layer does not support masking and will therefore destroy the mask information. Downstream "
                "layers will not see the mask.",
                stacklevel=6,
            )
        return outputs
    flat = nested.flatten(outputs)
    if all(get_keras_mask(output) is not None for output in flat):
        return outputs
    found = layer.compute_mask(inputs, masks)
    if found is None:
        return outputs
    if outputs is inputs and isinstance(outputs, np.ndarray):
        return _with_mask(outputs, found)
    for output, mask in zip(flat, nested.flatten(found), strict=False):
        if get_keras_mask(output) is None:
            set_keras_mask(output, mask)
    return outputs
