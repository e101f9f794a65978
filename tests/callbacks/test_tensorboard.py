"""The files of `TensorBoard`, read by TensorBoard itself."""

import json
import struct

import numpy as np
import pytest

import convlayers
from convlayers.callbacks import TensorBoard
from convlayers.callbacks.event_writer import EventWriter
from tests.callbacks.either_package import Library

library = Library(convlayers)


@pytest.fixture
def read():
    """Returns a function from a folder to what is in its files: {name: [(step, tensor), ...]}, and the plugins."""
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util import tensor_util

    def read(folder):
        events = EventAccumulator(str(folder), size_guidance={"tensors": 0})
        events.Reload()
        names = events.Tags()["tensors"]
        tensors = {
            name: [(event.step, tensor_util.make_ndarray(event.tensor_proto)) for event in events.Tensors(name)]
            for name in names
        }
        return tensors, {name: events.SummaryMetadata(name).plugin_data.plugin_name for name in names}

    return read


def fit(tmp_path, *others, **arguments):
    return library.fit([*others, TensorBoard(str(tmp_path), **arguments)], library.make_model(metrics=["mae"]), epochs=2)


def test_logs_of_epochs(read, tmp_path):
    model = fit(tmp_path)
    tensors, plugins = read(tmp_path / "train")
    assert set(tensors) == {"keras", "epoch_loss", "epoch_mae", "epoch_learning_rate"}
    history = model.history.history
    assert [step for step, _ in tensors["epoch_loss"]] == [0, 1]
    np.testing.assert_allclose([value for _, value in tensors["epoch_loss"]], history["loss"], rtol=1e-6)
    assert plugins["epoch_loss"] == "scalars" and plugins["keras"] == "graph_keras_model"
    assert json.loads(tensors["keras"][0][1].item())["class_name"] == "Sequential"
    tensors, _ = read(tmp_path / "validation")
    np.testing.assert_allclose([value for _, value in tensors["epoch_mae"]], history["val_mae"], rtol=1e-6)
    np.testing.assert_allclose([value for _, value in tensors["evaluation_loss_vs_iterations"]], history["val_loss"], rtol=1e-6)
    assert [step for step, _ in tensors["evaluation_loss_vs_iterations"]] == [3, 6]


def test_logs_of_batches(read, tmp_path):
    fit(tmp_path, update_freq=2, write_graph=False, write_steps_per_second=True)
    tensors, _ = read(tmp_path / "train")
    assert [step for step, _ in tensors["batch_loss"]] == [2, 4, 6]
    assert all(value > 0 for name in ("batch_steps_per_second", "epoch_steps_per_second") for _, value in tensors[name])
    assert "keras" not in tensors


def test_histograms_and_images_of_weights(read, tmp_path):
    model = fit(tmp_path, histogram_freq=1, write_images=True)
    tensors, plugins = read(tmp_path / "train")
    kernel, bias = model.weights
    histogram = tensors[f"{kernel.path}/histogram"][-1][1]
    assert histogram.shape == (30, 3) and histogram[:, 2].sum() == 2
    assert histogram[0, 0] == kernel.value.min() and histogram[-1, 1] == kernel.value.max()
    width, height, png = tensors[f"{kernel.path}/image"][0][1]
    assert (width, height) == (b"1", b"2") and struct.unpack(">II", png[16:24]) == (1, 2)
    # A single number is no image.
    assert f"{bias.path}/image" not in tensors
    assert plugins[f"{kernel.path}/image"] == "images" and plugins[f"{bias.path}/histogram"] == "histograms"


def test_images_can_be_read(tmp_path, read):
    image = pytest.importorskip("PIL.Image")
    import io

    pixels = np.linspace(-0.5, 1.5, 5 * 7 * 3).reshape(1, 5, 7, 3)
    writer = EventWriter(str(tmp_path))
    writer.images("pixels", pixels, 0)
    writer.close()
    ((_, (_, _, png)),) = read(tmp_path)[0]["pixels"]
    wanted = np.round(np.clip(pixels[0], 0, 1) * 255)
    np.testing.assert_allclose(np.asarray(image.open(io.BytesIO(png))), wanted, atol=1)


def test_without_the_packages_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("convlayers.callbacks.event_writer._PACKAGES", (("no_such_package.proto", "no_such_package.writer"),))
    with pytest.raises(ImportError, match=r"(?s)TensorBoard callback requires a package.*pip install tensorboard"):
        fit(tmp_path)


def test_there_is_no_profiler(keras):
    texts = []
    for kind in (TensorBoard, keras.callbacks.TensorBoard):
        with pytest.raises(ValueError) as failure:
            kind(profile_batch=2)
        texts.append(str(failure.value).replace("torch", "numpy"))
    assert texts[0] == texts[1]
