"""Kernels as Keras 1, and Keras on Theano, stored them: checked against plain loops over what they meant there."""

import h5py
import numpy as np
import pytest

import convlayers as k


def write(path, names, arrays, version=None, backend=None):
    """Writes a file as `save_weights` of Keras 1 did."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([b"layer"])
        if version:
            file.attrs["keras_version"] = version.encode()
        if backend:
            file.attrs["backend"] = backend.encode()
        group = file.create_group("layer")
        group.attrs["weight_names"] = np.array([name.encode() for name in names])
        for name, array in zip(names, arrays, strict=True):
            group[name] = array


def correlate(x, taps):
    """One image (rows, columns, channels) and a function of row, column, channel and filter that gives the tap."""
    rows, columns, channels, filters, tap = taps
    y = np.zeros((x.shape[0] - rows + 1, x.shape[1] - columns + 1, filters))
    for row, column, f in np.ndindex(y.shape):
        for r, c, channel in np.ndindex(rows, columns, channels):
            y[row, column, f] += x[row + r, column + c, channel] * tap(r, c, channel, f)
    return y


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_images_with_channels_first(tmp_path, rng):
    kernel = rng.normal(size=(4, 3, 2, 5)).astype("float32")  # filters, channels, rows, columns
    write(tmp_path / "w.h5", ["layer_W", "layer_b"], [kernel, np.zeros(4, "float32")])
    model = k.Sequential([k.Input((3, 7, 8)), k.layers.Conv2D(4, (2, 5), data_format="channels_first")])
    model.load_weights(tmp_path / "w.h5")
    x = rng.normal(size=(1, 3, 7, 8)).astype("float32")
    expected = correlate(x[0].transpose(1, 2, 0), (2, 5, 3, 4, lambda r, c, channel, f: kernel[f, channel, r, c]))
    np.testing.assert_allclose(model.predict(x, verbose=0)[0].transpose(1, 2, 0), expected, atol=1e-5)


@pytest.mark.parametrize("shape", [(3, 1, 2, 4), (4, 2, 3, 1)], ids=["1.2", "1.0"])
def test_sequences(tmp_path, rng, shape):
    kernel = rng.normal(size=shape).astype("float32")

    def tap(r, c, channel, f):
        return kernel[r, 0, channel, f] if shape[0] == 3 else kernel[f, channel, r, 0]

    write(tmp_path / "w.h5", ["layer_W", "layer_b"], [kernel, np.zeros(4, "float32")])
    model = k.Sequential([k.Input((7, 2)), k.layers.Conv1D(4, 3)])
    model.load_weights(tmp_path / "w.h5")
    x = rng.normal(size=(1, 7, 2)).astype("float32")
    np.testing.assert_allclose(model.predict(x, verbose=0), correlate(x[0][:, None], (3, 1, 2, 4, tap))[:, 0][None], atol=1e-5)


@pytest.mark.parametrize("version", ["1.2.2", "2.2.4"])
def test_theano_turned_kernels_around(tmp_path, rng, version):
    kernel = rng.normal(size=(3, 2, 3, 4)).astype("float32")
    write(tmp_path / "w.h5", ["layer_W", "layer_b"], [kernel, np.zeros(4, "float32")], version, "theano")
    model = k.Sequential([k.Input((7, 8, 3)), k.layers.Conv2D(4, (3, 2))])
    model.load_weights(tmp_path / "w.h5")
    x = rng.normal(size=(1, 7, 8, 3)).astype("float32")
    expected = correlate(x[0], (3, 2, 3, 4, lambda r, c, channel, f: kernel[2 - r, 1 - c, channel, f]))
    np.testing.assert_allclose(model.predict(x, verbose=0)[0], expected, atol=1e-5)


@pytest.mark.parametrize("data_format, shape", [("channels_last", (3, 2, 4, 5)), ("channels_first", (5, 4, 3, 2))])
def test_transposed_convolutions(tmp_path, rng, data_format, shape):
    """Each pixel of the input adds its kernel to the output."""
    kernel = rng.normal(size=shape).astype("float32")
    write(tmp_path / "w.h5", ["layer_W", "layer_b"], [kernel, np.zeros(5, "float32")])
    last = data_format == "channels_last"
    image = rng.normal(size=(4, 4, 4)).astype("float32")
    model = k.Sequential([k.Input((4, 4, 4)), k.layers.Conv2DTranspose(5, (3, 2), data_format=data_format)])
    model.load_weights(tmp_path / "w.h5")
    expected = np.zeros((6, 5, 5))
    for row, column, r, c, channel, f in np.ndindex(4, 4, 3, 2, 4, 5):
        tap = kernel[r, c, channel, f] if last else kernel[f, channel, r, c]
        expected[row + r, column + c, f] += image[row, column, channel] * tap
    y = model.predict(image[None] if last else image.transpose(2, 0, 1)[None], verbose=0)[0]
    np.testing.assert_allclose(y if last else y.transpose(1, 2, 0), expected, atol=1e-5)


def test_dense_layers_stay(tmp_path, rng):
    kernel = rng.normal(size=(3, 4)).astype("float32")
    write(tmp_path / "w.h5", ["layer_W", "layer_b"], [kernel, np.ones(4, "float32")], "1.2.2", "theano")
    model = k.Sequential([k.Input((3,)), k.layers.Dense(4)])
    model.load_weights(tmp_path / "w.h5")
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), kernel)
