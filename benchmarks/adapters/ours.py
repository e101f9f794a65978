"""convlayers, through its public API."""

import convlayers
from benchmarks.adapters.keras_style import KerasStyleAdapter
from benchmarks.adapters.work import Work, keeping_answers, layer_answers
from benchmarks.layer_case import LayerCase
from benchmarks.model_case import ModelCase
from convlayers.autograd import Tape


class ConvlayersAdapter(KerasStyleAdapter):
    """The number of threads comes from OMP_NUM_THREADS, which the worker's environment sets."""

    name = "convlayers"

    def __init__(self, threads):
        super().__init__(convlayers)
        self.version = convlayers.__version__

    def layer_work(self, case, dtype, direction):
        arrays = case.arrays(dtype)
        layer = self.build_layer(case, arrays, dtype)
        x, d_y = self.in_format(arrays.x), self.in_format(arrays.d_y)
        # Resolved once: what `trainable_variables` costs is no part of a step of training.
        variables = layer.trainable_variables

        def forward():
            return layer(x)

        def both():
            for variable in variables:
                variable.grad = None
            y, backward = layer.forward(x, training=True)
            return y, backward(d_y)

        def both_of_first_layer():
            # As in a step of training: images are not watched, so no gradient is computed for them.
            for variable in variables:
                variable.grad = None
            with Tape() as tape:
                y = layer(x, training=True)
            tape.backward([y], [d_y])
            return y.value, None

        def answers():
            if direction == "forward":
                return layer_answers(self.from_format(layer(x)))
            y, d_x = run()
            d_kernel, d_bias = (variable.grad for variable in variables) if variables else (None, None)
            d_x = None if d_x is None else self.from_format(d_x)
            return layer_answers(self.from_format(y), (d_x, d_kernel, d_bias))

        run = forward if direction == "forward" else both_of_first_layer if case.first else both
        return Work(run, answers)

    def keeping_work(self, case, dtype, direction):
        inputs, d_y = case.arrays(dtype)
        inputs, d_y = list(map(self.in_format, inputs)), self.in_format(d_y)
        x = inputs[0] if len(inputs) == 1 else inputs
        options = case.options | self.format_options(case.kind)
        layer = getattr(self.keras.layers, case.kind)(**options, dtype=dtype)
        layer.build([part.shape for part in x] if x is inputs else x.shape)
        variables = layer.trainable_variables
        for variable, value in zip(variables, case.weights([variable.shape for variable in variables], dtype), strict=True):
            variable.assign(value)

        def forward():
            return layer(x, training=True)

        def both():
            for variable in variables:
                variable.grad = None
            y, backward = layer.forward(x, training=True)
            return y, backward(d_y)

        def answers():
            if direction == "forward":
                return keeping_answers(case, self.from_format(forward()))
            y, d_x = both()
            d_inputs = map(self.from_format, d_x if x is inputs else [d_x])
            return keeping_answers(case, self.from_format(y), d_inputs, [variable.grad for variable in variables])

        return Work(forward if direction == "forward" else both, answers)

    def caller(self, model, x):
        return lambda: model(x)


class ChannelsFirstAdapter(ConvlayersAdapter):
    """convlayers with `data_format="channels_first"`, to see what the other layout costs."""

    name = "channels_first"
    data_format = "channels_first"

    def lacks(self, case):
        has_format = isinstance(case, LayerCase | ModelCase) or self.format_options(case.kind)
        return super().lacks(case) if has_format else f"{case.kind} does not ask where the channels are"
