"""What kernels cannot read is computed by Keras."""

import numpy as np
import pytest


@pytest.fixture
def torch(fast):
    return pytest.importorskip("torch")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_bfloat16"])
def test_other_number_types(fast, torch, computed, dtype):
    assert fast.Conv2D(4, 3, dtype=dtype)(torch.ones(1, 6, 6, 3)).dtype == getattr(torch, dtype.removeprefix("mixed_"))
    assert not computed


def test_integers(fast, torch, computed):
    assert fast.MaxPooling2D(2, dtype="int32").call(torch.ones(1, 4, 4, 3, dtype=torch.int32)).dtype == torch.int32
    assert not computed


def test_other_devices(keras, fast, torch, computed):
    with keras.device("meta"):
        outputs = fast.MaxPooling2D(2).call(torch.ones(1, 4, 4, 3, device="meta"))
    assert outputs.shape == (1, 2, 2, 3)
    assert not computed


def test_symbolic_calls(keras, fast, computed):
    assert fast.Conv2D(4, 3)(keras.Input((None, None, 3))).shape == (None, None, None, 4)
    assert not computed


def test_masks(fast, torch, computed):
    x, mask = torch.arange(12.0).reshape(1, 3, 4), torch.tensor([[True, False, True]])
    for outputs in (fast.GlobalAveragePooling1D()(x, mask=mask), fast.GlobalAveragePooling1D()(x, mask)):
        np.testing.assert_allclose(outputs, [[4, 5, 6, 7]])
    assert not computed


def test_convolutions_of_users(fast, torch, computed):
    class Doubled(fast.Conv2D):
        def convolution_op(self, inputs, kernel):
            return 2 * super().convolution_op(inputs, kernel)

    class Derived(fast.Conv2D):
        pass

    x = torch.randn(1, 6, 6, 3)
    doubled, derived = Doubled(4, 3), Derived(4, 3)
    doubled.build(x.shape)
    derived.build(x.shape)
    derived.set_weights(doubled.get_weights())
    expected = 2 * derived(x)
    assert len(computed) == 1
    torch.testing.assert_close(doubled(x), expected)
    assert len(computed) == 1


def test_means_of_uneven_padding_are_those_of_the_backend(keras, fast, torch, computed):
    x = torch.randn(1, 5, 5, 3)
    layers = [library.AveragePooling2D(2, padding="same") for library in (keras.layers, fast)]
    assert torch.equal(layers[0](x), layers[1](x))
    assert not computed


def test_traced_programs_are_those_of_pytorch(keras, fast, torch, computed):
    network = keras.Sequential([keras.Input((8, 8, 3), batch_size=2), fast.Conv2D(4, 3, activation="relu"), fast.MaxPool2D()])
    x = torch.randn(2, 8, 8, 3)
    expected = network(x)
    computed.clear()
    traced = torch.jit.trace(network, torch.ones(2, 8, 8, 3), check_trace=False)
    exported = torch.export.export(network.eval(), (torch.ones(2, 8, 8, 3),)).module()
    assert not computed
    for program in (traced, exported):
        torch.testing.assert_close(program(x), expected, rtol=1e-4, atol=1e-5)


def test_mistakes_are_those_of_keras(keras, fast):
    for library in (keras.layers, fast):
        with pytest.raises(ValueError, match="`filters`. Expected a strictly positive value"):
            library.Conv2D(0, 3)
        layer = library.Conv2D(4, 3)
        layer.build((None, 8, 8, 3))
        with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 3"):
            layer(np.ones((1, 8, 8, 2), "float32"))
