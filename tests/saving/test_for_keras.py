"""What goes beyond Keras is written with the layers that Keras has, or refused."""

import numpy as np
import pytest

import convlayers as k
from convlayers import layers


def stack():
    return k.Sequential(
        [
            k.Input((9, 8, 4)),
            layers.Conv2D(4, 3, padding=((1, 2), (0, 1)), name="first"),
            layers.DepthwiseConv2D(3, padding=1),
            layers.SeparableConv2D(3, 3, strides=2, padding=(1, 0)),
        ]
    )


def graph():
    x = k.Input((9, 8, 4))
    shared = layers.Conv2D(4, 3, padding=1, data_format="channels_last", name="shared")
    y = layers.Add()([shared(shared(x)), x])
    return k.Model(x, layers.Conv1D(2, 3, padding=((2, 0),))(layers.Reshape((72, 4))(y)))


@pytest.mark.parametrize("make", [stack, graph])
@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_padding_by_numbers_becomes_a_layer(keras, tmp_path, make, ending):
    model = make()
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=weight.shape) for weight in model.get_weights()])
    x = rng.normal(size=(2, 9, 8, 4)).astype("float32")
    path = tmp_path / f"model.{ending}"
    for format in ("keras3", "keras3.0", "keras2"):
        model.save(path, format=format)
        readers = (k,) if format == "keras2" else (k, keras)
        for library in readers:
            again = library.models.load_model(path)
            assert any(type(layer).__name__.startswith("ZeroPadding") for layer in again.layers)
            np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-4)


@pytest.mark.parametrize(
    "layer, message",
    [
        (
            lambda: layers.Conv2D(2, 3, padding=1, padding_mode="reflect", name="c"),
            "Keras has no layer that does what 'c' does",
        ),
        (lambda: layers.Conv2D(2, 3, padding=1, strides=2, dilation_rate=2), "Keras has no strides together with dilation"),
        (lambda: layers.MaxPooling2D(2, padding=1), "a MaxPooling2D with {'padding'"),
        (lambda: layers.AveragePooling2D(2, ceil_mode=True), "a AveragePooling2D with {'ceil_mode': True}"),
    ],
)
def test_what_keras_has_no_layers_for(tmp_path, layer, message):
    model = k.Sequential([k.Input((9, 9, 3)), layer()])
    with pytest.raises(ValueError, match=message):
        model.save(tmp_path / "model.keras", format="keras3")
    assert not list(tmp_path.iterdir())
    model.save(tmp_path / "model.keras")
    assert k.models.load_model(tmp_path / "model.keras").output_shape == model.output_shape
