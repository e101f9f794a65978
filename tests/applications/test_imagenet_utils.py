"""Images before a model, and predictions after it."""

import json

import numpy as np
import pytest

from convlayers import Model, layers, ops
from convlayers.applications import downloads, imagenet_utils, mobilenet, resnet50

MODES = ["caffe", "tf", "torch"]
FORMATS = ["channels_last", "channels_first"]


def _image(data_format, batch=(), dtype="float32"):
    shape = (4, 5, 3) if data_format == "channels_last" else (3, 4, 5)
    return np.random.default_rng(0).uniform(0, 255, (*batch, *shape)).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32", "float64"])
@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("mode", MODES)
def test_arrays_as_in_keras(keras, mode, data_format, batch, dtype):
    x = _image(data_format, batch, dtype)
    expected = keras.applications.imagenet_utils.preprocess_input(x.copy(), data_format, mode)
    y = imagenet_utils.preprocess_input(x.copy(), data_format, mode)
    assert y.dtype == expected.dtype
    np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_floats_are_written_over_as_in_keras(keras, mode):
    ours, theirs = _image("channels_last"), _image("channels_last")
    imagenet_utils.preprocess_input(ours, mode=mode)
    keras.applications.imagenet_utils.preprocess_input(theirs, mode=mode)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("mode", MODES)
def test_symbolic_tensors(mode, data_format, batch):
    x = _image(data_format, batch)
    symbolic = layers.Input(batch_shape=x.shape)
    model = Model(symbolic, imagenet_utils.preprocess_input(symbolic, data_format, mode))
    np.testing.assert_allclose(model(x), imagenet_utils.preprocess_input(x.copy(), data_format, mode), rtol=1e-5, atol=1e-4)


def test_in_a_model():
    """The example of Keras's documentation."""
    inputs = layers.Input((8, 8, 3), dtype="uint8")
    outputs = resnet50.preprocess_input(ops.cast(inputs, "float32"))
    x = _image("channels_last", (2,), "uint8").repeat(2, 1)[:, :8].repeat(2, 2)[:, :, :8]
    np.testing.assert_allclose(
        Model(inputs, outputs)(x), x[..., ::-1] - np.array([103.939, 116.779, 123.68]), rtol=1e-5, atol=1e-4
    )


def test_modules_have_their_modes():
    x = np.full((1, 1, 3), 255.0)
    np.testing.assert_allclose(mobilenet.preprocess_input(x.copy()), 1.0)
    np.testing.assert_allclose(resnet50.preprocess_input(x.copy())[0, 0], [255 - 103.939, 255 - 116.779, 255 - 123.68])
    assert mobilenet.preprocess_input.__name__ == "preprocess_input"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "keras"}, "Expected mode to be one of `caffe`, `tf` or `torch`. Received: mode=keras"),
        (
            {"data_format": "NHWC"},
            "Expected data_format to be one of `channels_first` or `channels_last`. Received: data_format=NHWC",
        ),
    ],
)
def test_mistakes(keras, arguments, message):
    for utils in (imagenet_utils, keras.applications.imagenet_utils):
        with pytest.raises(ValueError) as raised:
            utils.preprocess_input(_image("channels_last"), **arguments)
        assert str(raised.value).splitlines()[0] == message


# Predictions ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def class_index(tmp_path, monkeypatch):
    """A cache with a list of classes, which is taken for the right one."""
    classes = {str(i): [f"n{i:08}", f"class_{i}"] for i in range(1000)}
    (tmp_path / "models").mkdir()
    path = tmp_path / "models" / "imagenet_class_index.json"
    path.write_text(json.dumps(classes))
    monkeypatch.setattr(imagenet_utils, "_classes", {})
    monkeypatch.setattr(imagenet_utils, "fetch", lambda *_: str(path))


def test_decode_predictions(class_index):
    scores = np.random.default_rng(0).permutation(2000).reshape(2, 1000) / 2000
    decoded = imagenet_utils.decode_predictions(scores, top=3)
    for row, sample in zip(scores, decoded, strict=True):
        best = np.argsort(-row)[:3]
        assert sample == [(f"n{i:08}", f"class_{i}", row[i]) for i in best]
    assert len(imagenet_utils.decode_predictions(scores)[0]) == 5


def test_decode_predictions_of_another_model():
    with pytest.raises(ValueError, match=r"`decode_predictions` expects a batch of predictions .* shape: \(2, 100\)"):
        imagenet_utils.decode_predictions(np.ones((2, 100)))


def test_without_a_connection(monkeypatch, tmp_path):
    """The error says where to put the file."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(imagenet_utils, "_classes", {})
    with pytest.raises(
        OSError, match=r"(?s)URL fetch failure on .*\n.*put it here as .*imagenet_class_index.json.*weights=None"
    ):
        _decode_offline(monkeypatch)


def _decode_offline(monkeypatch):
    from urllib.error import URLError

    def refuse(*_, **__):
        raise URLError("no connection")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    imagenet_utils.decode_predictions(np.ones((1, 1000)))


def test_a_file_in_the_cache_is_not_downloaded(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "weights.h5").write_bytes(b"")
    empty = "d41d8cd98f00b204e9800998ecf8427e"
    assert downloads.fetch("weights.h5", "https://example.org/weights.h5", empty) == str(tmp_path / "models" / "weights.h5")
