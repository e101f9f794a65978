"""The editor for files of weights."""

import numpy as np
import pytest

import convlayers as k


def stack(*units):
    return k.Sequential([k.Input((3,)), *(k.layers.Dense(n, name=f"dense_of_{n}") for n in units)])


@pytest.fixture(params=["keras", "weights.h5"])
def editor(request, tmp_path):
    path = tmp_path / f"model.{request.param}"
    model = stack(4, 5)
    (model.save if request.param == "keras" else model.save_weights)(path)
    return k.saving.KerasFileEditor(path)


def test_it_shows_what_is_there(editor, capsys):
    editor.summary()
    shown = capsys.readouterr().out
    assert "dense_1 ('dense_of_5')" in shown and "0: shape=(4, 5), dtype=float32" in shown
    assert list(editor.weights_dict["layers"]) == ["dense", "dense_1"]
    assert editor.compare(stack(4, 5)) == {"status": "success", "error_count": 0, "match_count": 4}


def test_a_file_for_a_model_that_was_changed(editor, tmp_path, capsys):
    """A layer was put between the two, and the last one lost its bias."""
    bigger = k.Sequential([*stack(4).layers, k.layers.Dense(4), k.layers.Dense(5, use_bias=False)])
    bigger.build((None, 3))
    result = editor.compare(bigger)
    assert (result["status"], result["error_count"]) == ("error", 3)
    assert "Object /layers/dense_2 present in reference model, missing from saved file" in capsys.readouterr().out
    last = editor.weights_dict["layers"]["dense_1"]["0"]
    editor.rename_object("dense_1", "dense_2")
    editor.delete_weight("layers/dense_2", "1")
    editor.add_object("layers/dense_1", {"0": np.full((4, 4), 7.0)})
    editor.add_weights("layers/dense_1", {"1": np.zeros(4)})
    assert editor.compare(bigger)["status"] == "success"
    editor.save(tmp_path / "edited.weights.h5")
    bigger.load_weights(tmp_path / "edited.weights.h5")
    np.testing.assert_array_equal(bigger.layers[1].kernel.numpy(), np.full((4, 4), 7))
    np.testing.assert_array_equal(bigger.layers[2].kernel.numpy(), last)


def test_models_in_models(tmp_path):
    model = k.Sequential([stack(4), k.layers.Dense(2)])
    model.save_weights(tmp_path / "model.weights.h5")
    editor = k.saving.KerasFileEditor(tmp_path / "model.weights.h5")
    assert editor.compare(model)["match_count"] == 4
    editor.delete_object("layers/sequential/layers/dense")
    assert editor.compare(model)["status"] == "error"


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda editor: editor.delete_object("dens"), "Source name 'dens' does not appear in the model"),
        (lambda editor: editor.delete_object("layers/dens"), "Path 'layers/dens' not found in model"),
        (lambda editor: editor.delete_object("0"), "Name '0' occurs more than once in the model"),
        (lambda editor: editor.rename_object("dense", "a/b"), "should be a leaf name, not a full path name"),
        (lambda editor: editor.add_object("a/b", {"0": np.ones(1)}), "Path 'a' not found in model"),
        (lambda editor: editor.add_weights("dense", [np.ones(1)]), "`weights` should be a dict"),
        (lambda editor: editor.delete_weight("dense", "5"), "Weight 5 not found in object dense"),
        (lambda editor: editor.save("model.keras"), "expected a `.weights.h5` extension"),
    ],
)
def test_mistakes(editor, change, message):
    with pytest.raises(ValueError, match=message):
        change(editor)
    assert editor.compare(stack(4, 5))["status"] == "success"


def test_other_files_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Invalid filename: expected a `.keras` `.weights.h5` extension"):
        k.saving.KerasFileEditor(tmp_path / "model.h5")
