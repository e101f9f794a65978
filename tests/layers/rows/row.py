"""What a row of the table of layers is."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """One layer and what it does to shapes.

    Attributes:
        name: the name of the class, here and in Keras.
        arguments: the keyword arguments. A layer among them is a row, too.
        input_shape: the shape of the input with the batch, or a list of shapes for several inputs.
        output_shape: the shape of the output.
        like_pytorch: whether Keras on PyTorch computes the same. It averages padding that it should leave out.
        random: whether training draws random numbers, which nobody else draws alike.
        random_calls: whether calls draw random numbers as well, unless they are told `training=False`.
        integers: where the inputs are integers, the first that is too large.
        rounds_integers: whether the outputs for integers are integers, rounded.
    """

    name: str
    arguments: dict = field(default_factory=dict)
    input_shape: tuple | list = ()
    output_shape: tuple = ()
    like_pytorch: bool = True
    random: bool = False
    random_calls: bool = False
    integers: int | None = None
    rounds_integers: bool = False

    def __str__(self):
        return f"{self.name}({', '.join(f'{key}={value}' for key, value in self.arguments.items())})"

    @property
    def input_shapes(self):
        return self.input_shape if isinstance(self.input_shape, list) else [self.input_shape]

    def make(self, layers, **arguments):
        """Returns the layer.

        Args:
            layers: `convlayers.layers` or `keras.layers`.
            arguments: more arguments.
        """
        # The layers in a layer compute in its number type.
        inside = {key: value for key, value in arguments.items() if key == "dtype"}
        own = {key: part.make(layers, **inside) if isinstance(part, Row) else part for key, part in self.arguments.items()}
        return getattr(layers, self.name)(**{**own, **arguments})
