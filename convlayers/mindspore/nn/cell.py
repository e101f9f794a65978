"""The base of all cells: a layer that computes in `construct`."""

from convlayers.layers.layer import Layer


class Cell(Layer):
    """A function with parameters, as in MindSpore.

    A subclass makes its cells and parameters in `__init__`, and computes in `construct(self, x)`. `cell(x)` calls that on
    arrays. `cell.forward(x)` returns, with the outputs, the way back: `backward(d_outputs)` adds to `parameter.grad`.

    Attributes:
        training: whether the cell trains, as `set_train` says; inside of `construct`, what the cell around it, or `forward`,
            says before that.

    Example:

    >>> class Net(nn.Cell):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.conv = nn.Conv2d(3, 8, 3)
    ...         self.relu = nn.ReLU()
    ...
    ...     def construct(self, x):
    ...         return self.relu(self.conv(x))
    >>> Net()(np.zeros((1, 3, 32, 32), "float32")).shape
    (1, 8, 32, 32)
    """

    _names_its_call = False  # Messages begin as MindSpore's do.

    def __init__(self):
        super().__init__()
        self.training = False
        self.built = True  # Parameters are made in `__init__`.

    @property
    def cls_name(self):
        return type(self).__name__

    def construct(self, *inputs):
        """Computes the outputs, with `convlayers.ops` and other cells."""
        raise AttributeError(f"For '{self.cls_name}', the method 'construct' is not defined.")

    def call(self, *inputs, training=None):
        mode = self.training
        self.training = mode if training is None else bool(training)
        try:
            return self.construct(*inputs)
        finally:
            self.training = mode

    def set_train(self, mode=True):
        """Makes this cell and those inside train, or not. Returns the cell."""
        self.training = bool(mode)
        for cell in self.cells():
            cell.set_train(mode)
        return self

    # Cells and parameters ---------------------------------------------------------------------------------------------

    def name_cells(self):
        """Returns the cells that are attributes of this one, by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Cell)}

    def cells(self):
        """Returns an iterator over the cells that are attributes of this one."""
        return iter(self.name_cells().values())

    def parameters_and_names(self, name_prefix=""):
        """Yields the name of each parameter, as "conv.weight", and the parameter."""
        prefix = f"{name_prefix}." if name_prefix else ""
        for variable in self._own_variables:
            yield prefix + variable.name, variable
        for name, cell in self.name_cells().items():
            yield from cell.parameters_and_names(prefix + name)

    def parameters_dict(self):
        """Returns all parameters by their names."""
        return dict(self.parameters_and_names())

    def get_parameters(self):
        """Returns an iterator over all parameters."""
        return iter(self.weights)

    def trainable_params(self):
        """Returns the parameters that are trained, as a list: what an optimizer takes."""
        return self.trainable_weights

    def untrainable_params(self):
        """Returns the other parameters, such as moving averages, as a list."""
        return self.non_trainable_weights
