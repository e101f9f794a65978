"""Models of Keras that exist already."""

from convlayers.keras_layers.faster import FASTER
from convlayers.keras_layers.installed import keras


def convert(model):
    """Makes a model of Keras compute on our kernels, with all that it holds inside.

    Layers change their class and nothing else, in place: they keep their names, weights and calls, and the model its optimizer
    and what it was compiled with. Layers of classes that a user derived from those of Keras stay what they are.

    Args:
        model: a model or layer of Keras of any kind, built or not: `Sequential`, functional, subclassed, or nested in one
            another.

    Returns:
        The same model.

    Raises:
        ValueError: if it is none.

    Example:

    >>> model = keras.models.load_model("model.keras")
    >>> convert(model).predict(images)
    """
    if not isinstance(model, keras.layers.Layer):
        raise ValueError(f"`model` must be a model or a layer of Keras. Received: model={model} (of type {type(model)})")
    for layer in model._flatten_layers():
        if type(layer) in FASTER:
            # Past Keras's own `__setattr__`, which would note an attribute of the layer.
            object.__setattr__(layer, "__class__", FASTER[type(layer)])
    return model
