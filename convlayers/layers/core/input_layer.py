"""Where a model begins: placeholders for its inputs."""

import warnings

from convlayers.layers.layer import Layer
from convlayers.symbolic import KerasTensor, Node
from convlayers.validation import standardize_dtype, standardize_shape


class InputLayer(Layer):
    """The layer that a placeholder comes from. `Input` makes one and returns its placeholder.

    Args:
        shape: tuple of ints and None, the shape of a sample. None stands for any size.
        batch_size: int, or None for any.
        dtype: the number type that is expected; by default `keras.config.floatx()`.
        sparse, ragged: taken for compatibility; must not be true.
        batch_shape: the shape with the batch, in place of `shape` and `batch_size`.
        input_tensor: an existing symbolic tensor, in place of all these.
        optional: whether None may be given as the input.
        name: the layer's name.

    Raises:
        ValueError: if an argument is none of these, or if they contradict one another.
    """

    def __init__(
        self,
        shape=None,
        batch_size=None,
        dtype=None,
        sparse=None,
        ragged=None,
        batch_shape=None,
        input_tensor=None,
        optional=False,
        name=None,
        **kwargs,
    ):
        if "input_shape" in kwargs:
            warnings.warn("Argument `input_shape` is deprecated. Use `shape` instead.", stacklevel=2)
            shape = kwargs.pop("input_shape")
        # Keras 2 wrote it into files.
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        if input_tensor is None:
            _refuse("sparse", sparse)
            _refuse("ragged", ragged)
            batch_shape = _standardize_batch_shape(shape, batch_size, batch_shape)
            dtype = standardize_dtype(dtype)
            if dtype == "string":
                raise ValueError(
                    "Inputs of strings are not part of convlayers. Expected: a dtype of numbers. Received: dtype='string'. "
                    "Make numbers of strings before the model, as `StringLookup` or `TextVectorization` did, and begin it "
                    "behind these."
                )
        else:
            _check_agreement(input_tensor, shape, batch_size, dtype, batch_shape, sparse, ragged)
            batch_shape, dtype = input_tensor.shape, input_tensor.dtype
        super().__init__(name=name, dtype=dtype, **kwargs)
        self.batch_shape = batch_shape
        self.sparse = self.ragged = False
        self.optional = optional
        self.built = True
        Node(self, (), {}, KerasTensor(batch_shape, dtype, name=name) if input_tensor is None else input_tensor)

    def call(self):
        return None

    def __setstate__(self, state):
        self.__dict__.update(state)
        Node(self, (), {}, KerasTensor(self.batch_shape, self.dtype, name=self.name))

    def get_config(self):
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape=None,
    batch_size=None,
    dtype=None,
    sparse=None,
    ragged=None,
    batch_shape=None,
    name=None,
    tensor=None,
    optional=False,
):
    """Returns a placeholder for the input of a model: a symbolic tensor.

    Args:
        shape: tuple of ints and None, the shape of a sample. None stands for any size.
        batch_size: int, or None for any.
        dtype: the number type that is expected; by default `keras.config.floatx()`.
        sparse, ragged: taken for compatibility; must not be true.
        batch_shape: the shape with the batch, in place of `shape` and `batch_size`.
        name: the name of the layer that it comes from.
        tensor: an existing symbolic tensor to be made an input.
        optional: whether None may be given as the input.

    Raises:
        ValueError: if an argument is none of these, or if they contradict one another.

    Example:

    >>> x = Input(shape=(28, 28, 1))
    >>> y = Dense(10, activation="softmax")(Flatten()(x))
    >>> model = Model(x, y)
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        name=name,
        input_tensor=tensor,
        optional=optional,
    )
    return layer.output


def _standardize_batch_shape(shape, batch_size, batch_shape):
    if shape is not None and batch_shape is not None:
        raise ValueError("You cannot pass both `shape` and `batch_shape` at the same time.")
    if batch_size is not None and batch_shape is not None:
        raise ValueError("You cannot pass both `batch_size` and `batch_shape` at the same time.")
    if shape is None and batch_shape is None:
        raise ValueError(
            "You must pass a `shape` argument.\nIt is the shape of one sample, as (28, 28, 1) for a grey image; "
            "use None for a size that is not known."
        )
    if shape is not None:
        batch_shape = (batch_size, *standardize_shape(shape))
    return standardize_shape(batch_shape)


def _check_agreement(tensor, shape, batch_size, dtype, batch_shape, sparse, ragged):
    if not isinstance(tensor, KerasTensor):
        raise ValueError(
            "Argument `input_tensor` must be a KerasTensor. "
            f"Received invalid type: input_tensor={tensor} (of type {type(tensor)})"
        )
    contradictions = {
        "batch_size": batch_size is not None and tensor.shape[:1] != (batch_size,),
        "shape": shape is not None and tuple(shape) != tensor.shape[1:],
        "batch_shape": batch_shape is not None and tuple(batch_shape) != tensor.shape,
        "dtype": dtype is not None and tensor.dtype != dtype,
        "sparse": sparse,
        "ragged": ragged,
    }
    for name, contradicts in contradictions.items():
        if contradicts:
            raise ValueError(
                f"When providing the `input_tensor` argument, you cannot provide an incompatible `{name}` argument.\n"
                f"The tensor has shape {tensor.shape} and dtype {tensor.dtype}. Leave `{name}` out."
            )


def _refuse(name, value):
    if value:
        raise ValueError(f"`{name}=True` is not supported with the numpy backend")
