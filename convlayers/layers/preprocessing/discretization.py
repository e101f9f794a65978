"""Numbers as classes: in which interval each lies."""

import numpy as np

from convlayers import validation
from convlayers.autograd import value_of
from convlayers.config import floatx
from convlayers.layers.layer import Layer
from convlayers.layers.preprocessing.encoding import encode, encoded_shape, refuse_sparse
from convlayers.narrow_types import array_dtype
from convlayers.symbolic import KerasTensor


class Discretization(Layer):
    """Tells in which interval each number lies.

    Args:
        bin_boundaries: list of numbers that separate the intervals: [0, 1] makes three of them.
        num_bins: in their place, how many intervals there are to be: `adapt(data)` finds them, each with about as many numbers.
        epsilon: how exactly that is done; less takes longer.
        output_mode: "int", the number of the interval; "one_hot", "multi_hot" or "count", as in `CategoryEncoding`.
        sparse: only False: there are no sparse arrays.
        dtype: the number type of the outputs, but of "int".
        name: the layer's name.

    Input shape: any.

    Output shape: that of the input, or as in `CategoryEncoding`.

    Raises:
        ValueError: if an argument is none of these.

    Example:

    >>> Discretization(bin_boundaries=[0.0, 1.0, 2.0])(np.array([[-1.5, 1.0, 3.4, 0.5]]))
    [[0, 2, 3, 1]]
    """

    def __init__(
        self,
        bin_boundaries=None,
        num_bins=None,
        epsilon=0.01,
        output_mode="int",
        sparse=False,
        dtype=None,
        name=None,
    ):
        super().__init__(name=name, dtype=dtype)
        refuse_sparse(sparse)
        modes = ("int", "one_hot", "multi_hot", "count")
        validation.check_choice(output_mode, modes, type(self).__name__, "output_mode")
        if num_bins is not None and num_bins < 0:
            raise ValueError(f"`num_bins` must be greater than or equal to 0. Received: `num_bins={num_bins}`")
        if num_bins is not None and bin_boundaries is not None:
            raise ValueError(
                "Both `num_bins` and `bin_boundaries` should not be set. "
                f"Received: `num_bins={num_bins}` and `bin_boundaries={bin_boundaries}`"
            )
        if num_bins is None and bin_boundaries is None:
            raise ValueError("You need to set either `num_bins` or `bin_boundaries`.")
        self.bin_boundaries = bin_boundaries
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.output_mode = output_mode
        self.sparse = sparse
        self.summary = None

    @property
    def output_dtype(self):
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def _cast_input(self, x):
        # The layer's type is that of its outputs: integers, in files of Keras 3.0 to 3.11.
        return x

    def call(self, inputs):
        if self.bin_boundaries is None:
            raise ValueError(
                "You need to either pass the `bin_boundaries` argument at construction time or call `adapt(dataset)` before "
                "you can start using the `Discretization` layer."
            )
        numbers = value_of(inputs)
        if numbers.dtype.kind == "f":
            numbers = numbers.astype(floatx(), copy=False)  # as boundaries are: 0.7 is not below 0.7
        classes = np.digitize(numbers, np.asarray(self.bin_boundaries, floatx())).astype("int32")
        return encode(classes, self.output_mode, len(self.bin_boundaries) + 1, array_dtype(self.output_dtype))

    # Adapting ---------------------------------------------------------------------------------------------------------

    def adapt(self, data, steps=None):
        """Finds the boundaries of the intervals.

        Args:
            data: an array, or something that gives arrays.
            steps: how many of these to take at most.

        Raises:
            ValueError: if the layer was given boundaries.
        """
        if self.num_bins is None:
            raise ValueError(
                "Cannot adapt a Discretization layer that has been initialized with `bin_boundaries`, use `num_bins` instead."
            )
        self.reset_state()
        batches = [data] if hasattr(data, "shape") else data
        for step, batch in enumerate(batches):
            if steps is not None and step >= steps:
                break
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self):
        """Forgets all data."""
        if self.num_bins is not None:
            self.summary = None

    def update_state(self, data):
        """Adds data to what `finalize_state` makes boundaries of."""
        summary = _summarize(np.asarray(value_of(data), "float32"), self.epsilon)
        if self.summary is not None:
            summary = np.concatenate([summary, self.summary], axis=1)
        self.summary = _compress(summary[:, np.argsort(summary[0])], self.epsilon)

    def finalize_state(self):
        """Makes boundaries of the data."""
        if self.num_bins is not None:
            self.bin_boundaries = _compress(self.summary, 1 / self.num_bins)[0, :-1].tolist()

    # Shapes and configuration -----------------------------------------------------------------------------------------

    def compute_output_shape(self, input_shape):
        depth = self.num_bins if self.bin_boundaries is None else len(self.bin_boundaries) + 1
        return encoded_shape(input_shape, self.output_mode, depth)

    def compute_output_spec(self, inputs):
        return KerasTensor(self.compute_output_shape(inputs.shape), self.output_dtype)

    def load_own_variables(self, store):
        if len(store.keys()) == 1:  # Keras 2 wrote what boundaries are made of, and not these.
            summary = np.asarray(store["0"])
            if summary.ndim != 2 or len(summary) != 2 or not summary.size:
                raise ValueError(
                    f"What '{self.name}' found in data is damaged. Expected: shape=(2, any). Received: shape={summary.shape}"
                )
            self.summary = summary
            self.finalize_state()

    def get_config(self):
        return {
            "bin_boundaries": self.bin_boundaries,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        if config.get("bin_boundaries") is None or config.get("num_bins") is None:
            return cls(**config)
        # The boundaries that were found by `adapt`.
        layer = cls(**{key: value for key, value in config.items() if key != "bin_boundaries"})
        layer.bin_boundaries = config["bin_boundaries"]
        return layer


# Summaries of many numbers: some of them, in order, and for how many each stands ----------------------------------------


def _summarize(values, epsilon):
    values = np.sort(values, axis=None)
    step = max(values.size * epsilon, 1)
    chosen = values[int(step - 1) :: int(step)]
    return np.stack([chosen, np.full_like(chosen, step)])


def _compress(summary, epsilon):
    """Returns a summary of about `1 / epsilon` numbers."""
    if summary.shape[1] * epsilon < 1:
        return summary
    parts = epsilon + np.arange(0.0, 1.0, epsilon)
    sums = summary[1].cumsum()
    shares = sums / sums[-1]
    values, sums = np.interp(parts, shares, summary[0]), np.interp(parts, shares, sums)
    return np.stack([values, np.diff(sums, prepend=0)]).astype("float32")
