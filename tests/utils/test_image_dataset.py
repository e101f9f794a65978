"""Images in folders as a data set."""

import numpy as np
import pytest

from convlayers import Input, Sequential, layers, ops, utils

pytest.importorskip("PIL")
SIZE = (6, 5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Folders of gray images: the brightness of the image number i of all is 4 * i."""
    root = tmp_path_factory.mktemp("photos")
    number = 0
    for name, count in (("cats", 5), ("dogs", 4), ("owls", 3)):
        (root / name).mkdir()
        for _ in range(count):
            utils.save_img(root / name / f"{number:02}.png", np.full((8, 7, 3), 4.0 * number), scale=False)
            number += 1
    (root / "cats" / "notes.txt").write_text("no image")
    (root / ".hidden").mkdir()
    return root


def load(folder, **arguments):
    return utils.image_dataset_from_directory(folder, image_size=SIZE, verbose=False, **arguments)


def numbers_of(dataset):
    batches = [batch[0] if isinstance(batch, tuple) else batch for batch in dataset]
    return [round(brightness / 4) for images in batches for brightness in images.mean((1, 2, 3))]


def test_images_and_labels(folder, capsys):
    data = utils.image_dataset_from_directory(folder, batch_size=5, image_size=SIZE, shuffle=False)
    assert capsys.readouterr().out == "Found 12 files belonging to 3 classes.\n"
    images, labels = data[0]
    assert (images.shape, images.dtype) == ((5, *SIZE, 3), "float32")
    assert labels.dtype == "int32"
    assert numbers_of(data) == list(range(12))
    assert np.concatenate([labels for _, labels in data]).tolist() == [0] * 5 + [1] * 4 + [2] * 3
    assert data.class_names == ["cats", "dogs", "owls"]
    assert data.file_paths[0] == str(folder / "cats" / "00.png")
    assert len(data) == 3


def test_labels_of_other_kinds(folder):
    assert load(folder, label_mode=None, shuffle=False)[0].shape == (12, *SIZE, 3)
    assert load(folder, labels=None, shuffle=False).class_names is None
    _, labels = load(folder, label_mode="categorical", shuffle=False)[0]
    np.testing.assert_array_equal(labels, np.eye(3)[[0] * 5 + [1] * 4 + [2] * 3])
    data = load(folder, label_mode="binary", class_names=["owls", "cats"], shuffle=False)
    np.testing.assert_array_equal(data[0][1][:, 0], [0.0] * 3 + [1.0] * 5)
    given = load(folder, labels=list(range(12)), shuffle=False)
    np.testing.assert_array_equal(given[0][1], np.arange(12))


def test_colors_and_formats(folder):
    assert load(folder, color_mode="grayscale", label_mode=None)[0].shape == (12, *SIZE, 1)
    assert load(folder, color_mode="rgba", label_mode=None, data_format="channels_first")[0].shape == (12, 4, *SIZE)
    image, label = load(folder, batch_size=None, shuffle=False)[11]
    assert (image.shape, label) == ((*SIZE, 3), 2)


@pytest.mark.parametrize(
    "arguments", [{}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "interpolation": "nearest"}]
)
def test_images_are_resized_as_ops_do(tmp_path, arguments):
    photo = np.random.default_rng(0).integers(0, 256, (9, 13, 3)).astype("float32")
    (tmp_path / "all").mkdir()
    utils.save_img(tmp_path / "all" / "a.png", photo, scale=False)
    resized = ops.image.resize(photo, SIZE, **{"interpolation": "bilinear", **arguments})
    np.testing.assert_allclose(load(tmp_path, label_mode=None, **arguments)[0][0], resized)


def test_parts_and_order_are_those_of_keras(keras, folder, capsys):
    from keras.src.utils import dataset_utils

    paths, labels, _ = dataset_utils.index_directory(str(folder), "inferred", (".png",), seed=7)
    train, test = load(folder, validation_split=0.3, subset="both", seed=7)
    assert capsys.readouterr().out.endswith("Using 9 files for training.\nUsing 3 files for validation.\n")
    assert train.file_paths == paths[:9]
    assert test.file_paths == paths[9:]
    np.testing.assert_array_equal(test[0][1], labels[9:])
    only = load(folder, validation_split=0.3, subset="training", seed=7)
    assert only.file_paths == train.file_paths
    assert sorted(numbers_of(train) + numbers_of(test)) == list(range(12))


def test_a_model_trains_on_it(folder):
    data = load(folder, batch_size=4, seed=0).map(lambda images, labels: (images / 255, labels)).prefetch()
    model = Sequential([Input((*SIZE, 3)), layers.Flatten(), layers.Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    losses = model.fit(data, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert model.predict(data, verbose=0).shape == (12, 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(labels="all"), "^`labels` argument should be a list/tuple of integer labels"),
        (dict(labels=[1, 2]), "^Expected the lengths of `labels` to match the number of files in the target directory"),
        (dict(labels=[1] * 12, class_names=["a"]), "^You can only pass `class_names` if `labels=.inferred"),
        (dict(labels=None, class_names=["a"]), "^When `labels=None` .no labels., argument `class_names` cannot"),
        (dict(class_names=["bats"]), "^The `class_names` passed did not match the names of the subdirectories"),
        (dict(label_mode="text"), '^`label_mode` argument must be one of "int", "categorical", "binary", or None'),
        (dict(label_mode="binary"), '^When passing `label_mode="binary"`, there must be exactly 2 class_names'),
        (dict(color_mode="cmyk"), '^`color_mode` must be one of {"rgb", "rgba", "grayscale"}'),
        (dict(interpolation="best"), "^Argument `interpolation` should be one of"),
        (dict(interpolation="area"), "^Only TensorFlow has interpolation='area'"),
        (dict(format="torch"), '^`format` should be either "tf" or "grain"'),
        (
            dict(crop_to_aspect_ratio=True, pad_to_aspect_ratio=True),
            "^Only one of `pad_to_aspect_ratio`, `crop_to_aspect_ratio`",
        ),
        (dict(validation_split=2), "^`validation_split` must be between 0 and 1, received: 2"),
        (dict(validation_split=0.2), "^If `subset` is set, `validation_split` must be set, and inversely"),
        (dict(validation_split=0.2, subset="test"), '^`subset` must be either "training", "validation" or "both"'),
        (dict(validation_split=0.2, subset="both"), "^If using `validation_split` and shuffling the data, you must provide"),
    ],
)
def test_mistakes(folder, arguments, message):
    with pytest.raises(ValueError, match=message):
        load(folder, **arguments)


def test_more_mistakes(folder, tmp_path):
    with pytest.raises(ValueError, match="^Invalid `image_size` value. Expected a tuple of 2 integers"):
        utils.image_dataset_from_directory(folder, image_size=(1, 2, 3))
    with pytest.raises(ValueError, match="^No images found in directory"):
        load(tmp_path, labels=None)
