"""`python -m convlayers predict`."""

import numpy as np
import pytest

import convlayers as k
from convlayers import layers
from convlayers.commands.errors import BAD_FILE
from convlayers.commands.predict import describe


def image(path, color, size=(12, 8), mode="RGB"):
    Image = pytest.importorskip("PIL.Image")
    Image.new(mode, size, color).save(path)
    return path


def test_predict_resizes_images(run, tmp_path, filepath):
    paths = [image(tmp_path / "red.png", (255, 0, 0)), image(tmp_path / "gray.bmp", 100, mode="L")]
    code, out, err = run("predict", filepath, *paths, "--scale", "0.5", "--top", "2")
    assert (code, err) == (0, "")
    rows = [line.split(maxsplit=1) for line in out.splitlines()]
    assert rows == [
        ["image", "prediction"],
        ["red.png", "class 0: 127.5, class 1: 0"],
        ["gray.bmp", "class 0: 50, class 1: 50"],
    ]


def test_predict_for_several_outputs(run, tmp_path):
    x = k.Input((4, 6, 3))
    k.Model(x, [layers.Flatten()(x), layers.GlobalMaxPooling2D()(x)]).save(tmp_path / "two.keras")
    np.save(tmp_path / "x.npy", np.zeros((4, 6, 3), "float32"))
    code, out, err = run("predict", tmp_path / "two.keras", tmp_path / "x.npy", "--top", "1")
    assert (code, err) == (0, "")
    assert [line.split(maxsplit=2) for line in out.splitlines()] == [
        ["image", "output", "prediction"],
        ["x.npy", "0", "class 0: 0"],
        ["x.npy", "1", "class 0: 0"],
    ]


def test_predict_tells_what_pixels_are(run, tmp_path, filepath):
    white = image(tmp_path / "white.png", (255, 255, 255))
    _, out, err = run("predict", filepath, white)
    assert "class 0: 255" in out and err.startswith("note: pixels go in as 0 to 255.")
    _, out, err = run("predict", filepath, white, "--scale", "1/255")
    assert "class 0: 1" in out and err == ""
    k.Sequential([k.Input((4, 6, 3)), layers.Rescaling(1 / 255), layers.GlobalMaxPooling2D()]).save(tmp_path / "own.keras")
    _, out, err = run("predict", tmp_path / "own.keras", white)
    assert "class 0: 1" in out and err == ""


def test_predict_arrays(run, tmp_path, filepath):
    batch = np.zeros((2, 4, 6, 3), "float32")
    batch[1, ..., 2] = 7
    np.save(tmp_path / "batch.npy", batch)
    np.save(tmp_path / "one.npy", batch[1])
    code, out, _ = run("predict", filepath, tmp_path / "batch.npy", tmp_path / "one.npy")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["image", "batch.npy[0]", "batch.npy[1]", "one.npy"]
    assert out.count("class 2: 7, class 0: 0, class 1: 0") == 2


def test_predict_with_files_that_do_not_fit(run, tmp_path, filepath):
    np.save(tmp_path / "wrong.npy", np.zeros((4, 5, 3)))
    np.save(tmp_path / "pickled.npy", np.array([{}]), allow_pickle=True)
    (tmp_path / "bad.npy").write_bytes(b"\x93NUMPY nonsense")
    for name, message in (
        ("wrong.npy", "Expected an array of shape (4, 6, 3), or a batch of such"),
        ("pickled.npy", "Object arrays cannot be loaded when allow_pickle=False"),
        ("bad.npy", "error: "),
    ):
        code, out, err = run("predict", filepath, tmp_path / name)
        assert (code, out) == (BAD_FILE, "")
        assert message in err


def test_predict_with_images_that_cannot_be_read(run, tmp_path, filepath):
    pytest.importorskip("PIL")
    (tmp_path / "bad.png").write_bytes(b"nonsense")
    (tmp_path / "model.png").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(64))
    (tmp_path / "cut.bmp").write_bytes(image(tmp_path / "whole.bmp", (1, 2, 3)).read_bytes()[:60])
    for name, message in (
        ("bad.png", "is no image: cannot identify image file"),
        ("model.png", "is no image: cannot find loader for this HDF5 file. Expected: one that Pillow reads, or an array"),
        ("cut.bmp", "is no image: image file is truncated"),
        ("missing.png", "There is no file"),
        (".", "is a folder"),
    ):
        code, out, err = run("predict", filepath, tmp_path / name)
        assert (code, out) == (BAD_FILE, "")
        assert message in err


def test_predict_reads_numbers_of_16_bits_as_pixels(run, tmp_path, filepath):
    gray = image(tmp_path / "gray.png", 100 * 257, mode="I;16")
    assert run("predict", filepath, gray)[1].endswith("class 0: 100, class 1: 100, class 2: 100\n")


@pytest.mark.parametrize("scale", ["1/0", "much", "1e999"])
def test_predict_with_a_scale_that_is_no_number(run, filepath, scale, capsys):
    with pytest.raises(SystemExit):
        run("predict", filepath, "x.npy", "--scale", scale)
    assert f"argument --scale: expected a number, such as 0.5 or 1/255. Received: {scale}" in capsys.readouterr().err


def test_predict_for_channels_first(run, tmp_path):
    model = k.Sequential([k.Input((3, 4, 6)), layers.GlobalAveragePooling2D(data_format="channels_first")])
    model.save(tmp_path / "first.keras")
    code, out, _ = run("predict", tmp_path / "first.keras", image(tmp_path / "green.png", (0, 255, 0)))
    assert code == 0
    assert "class 1: 255, class 0: 0, class 2: 0" in out


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ([0.1, 0.7, 0.2], "class 1: 0.7, class 2: 0.2"),
        ([0.25], "0.25"),
        (np.arange(6.0).reshape(2, 3), "shape (2, 3), 0 to 5, mean 2.5"),
    ],
)
def test_what_is_shown_of_an_output(output, text):
    assert describe(np.array(output), 2) == text
