"""What all layers have from `Layer`: the methods and attributes of Keras's."""

import numpy as np
import pytest

from convlayers import layers, serialization

X = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
# Of the inside of Keras, or of quantization and rematerialization.
NOT_HERE = {
    "call_signature_parameters",
    "quantized_build",
    "quantized_call",
    "rematerialized_call",
    "supports_jit",
}


def test_a_layer_has_what_a_layer_of_keras_has(keras):
    torch = pytest.importorskip("torch")
    of_pytorch = {*dir(torch.nn.Module()), "torch_params"}
    expected = {name for name in dir(keras.layers.Layer()) if not name.startswith("_")} - of_pytorch
    assert expected - set(dir(layers.Layer())) == NOT_HERE


def test_what_a_subclass_must_have(library):
    layer = library.layers.Layer()
    with pytest.raises(NotImplementedError, match=r"Layer Layer does not have a `call` method implemented."):
        layer.call(X)
    with pytest.raises(
        NotImplementedError, match=r"does not have a `compute_output_shape` method implemented. Should implement"
    ):
        layer.compute_output_shape((2, 3))
    with pytest.raises(NotImplementedError, match=r"^Layer `add_metric\(\)` method is deprecated"):
        layer.add_metric()
    layer.built = True
    with pytest.raises(NotImplementedError, match=r"does not have a `quantize` method implemented"):
        layer.quantize("int8")


def test_build_config_round_trip():
    class Two(layers.Layer):
        def build(self, a_shape, b_shape):
            self.w = self.add_weight(shape=(a_shape[-1], b_shape[-1]), name="w")

        def call(self, a, b):
            return a

    layer = Two()
    layer(X, X[:, :2])
    copy = Two()
    copy.build_from_config(layer.get_build_config())
    assert copy.w.shape == (3, 2)
    dense = layers.Dense(2)
    dense(X)
    assert serialization.serialize_keras_object(dense)["build_config"] == {"input_shape": (2, 3)}


def test_symbolic_tensors_change_their_shape(library):
    x = library.Input((3, 1), batch_size=2)
    assert tuple(x.reshape((3, 2)).shape) == (3, 2)
    assert tuple(x.squeeze(2).shape) == (2, 3)


def test_a_spec_of_inputs(library):
    spec = library.InputSpec
    assert repr(spec(shape=(None, 3), dtype="float32")) == "InputSpec(dtype=float32, shape=(None, 3), ndim=2)"
    with pytest.raises(ValueError, match="^Cannot convert '3' to a shape"):
        spec(shape=3)
    assert repr(spec(min_ndim=2, axes={-1: 5})) == "InputSpec(min_ndim=2, axes={-1: 5})"
    with pytest.raises(ValueError, match="Axis 2 is greater than the maximum allowed value: 1"):
        spec(ndim=2, axes={2: 5})
    with pytest.raises(TypeError, match="Argument `axes` must be a dict with integer keys. Received: axes="):
        spec(axes={"channels": 5})
