"""Arguments that Keras has, and that are taken here only to say so."""


def refuse(name, value):
    """Raises an error for an argument of low-rank adaptation or quantization that is not None."""
    if value is not None:
        raise NotImplementedError(
            f"`{name}` is not supported. Expected None. Received: {name}={value}\n"
            "Low-rank adaptation and quantization of weights are not part of convlayers."
        )
