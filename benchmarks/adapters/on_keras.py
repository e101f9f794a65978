"""Keras, on the backend that $KERAS_BACKEND names: PyTorch or TensorFlow."""

import keras
import numpy as np

from benchmarks.adapters.keras_style import KerasStyleAdapter
from benchmarks.adapters.work import Work, layer_answers
from benchmarks.keeping_case import KeepingCase
from benchmarks.layer_case import LayerCase


class KerasAdapter(KerasStyleAdapter):
    name = "keras"

    def __init__(self, threads):
        super().__init__(keras)
        backend = keras.backend.backend()
        self.version = f"{keras.__version__} on {backend}"
        self.engine = {"torch": _OnTorch, "tensorflow": _OnTensorFlow}.get(backend, _Unsupported)(threads)

    def lacks(self, case):
        if isinstance(case, LayerCase) and isinstance(self.engine, _Unsupported):
            return "single layers of Keras are measured on PyTorch and TensorFlow only"
        if isinstance(case, KeepingCase):
            return "such layers are compared with PyTorch itself"
        return super().lacks(case)

    def layer_work(self, case, dtype, direction):
        arrays = case.arrays(dtype)
        layer = self.build_layer(case, arrays, dtype)
        x = self.engine.tensor(arrays.x)
        if direction == "forward":
            forward = self.engine.forward(layer, x)
            return Work(forward, lambda: layer_answers(np.asarray(forward())))
        both = self.engine.both(layer, x, self.engine.tensor(arrays.d_y), wanted=not case.first)

        def answers():
            y, d_x, d_weights = both()
            d_kernel, d_bias = map(np.asarray, d_weights) if d_weights else (None, None)
            return layer_answers(np.asarray(y), (None if d_x is None else np.asarray(d_x), d_kernel, d_bias))

        return Work(both, answers)

    def caller(self, model, x):
        return self.engine.forward(model, self.engine.tensor(x))


class _OnTorch:
    def __init__(self, threads):
        import torch

        self.torch = torch
        torch.set_num_threads(threads)

    def tensor(self, array):
        return self.torch.from_numpy(array)

    def forward(self, layer, x):
        def run():
            with self.torch.inference_mode():
                return layer(x)

        return run

    def both(self, layer, x, d_y, wanted):
        weights = [variable.value for variable in layer.trainable_variables]
        x.requires_grad_(wanted)

        def run():
            for tensor in (x, *weights):
                tensor.grad = None
            y = layer(x)
            y.backward(d_y)
            return y.detach(), x.grad, [weight.grad for weight in weights]

        return run


class _OnTensorFlow:
    def __init__(self, threads):
        import tensorflow

        self.tf = tensorflow
        # As TensorFlow sets itself on a machine with so many cores; it does not read OMP_NUM_THREADS.
        self.tf.config.threading.set_intra_op_parallelism_threads(threads)
        self.tf.config.threading.set_inter_op_parallelism_threads(threads)

    def tensor(self, array):
        return self.tf.constant(array)

    def forward(self, layer, x):
        compiled = self.tf.function(layer)
        return lambda: compiled(x)

    def both(self, layer, x, d_y, wanted):
        @self.tf.function
        def compiled(x, d_y):
            with self.tf.GradientTape() as tape:
                if wanted:
                    tape.watch(x)
                y = layer(x)
            sources = [*([x] if wanted else []), *(variable.value for variable in layer.trainable_variables)]
            return y, tape.gradient(y, sources, d_y)

        def run():
            y, gradients = compiled(x, d_y)
            return y, gradients[0] if wanted else None, gradients[1:] if wanted else gradients

        return run


class _Unsupported:
    """Another backend: models run, single layers do not."""

    def __init__(self, threads):
        pass

    def tensor(self, array):
        return array

    def forward(self, model, x):
        return lambda: np.asarray(model(x))
