"""`ImageDataGenerator` gives the images of Keras, for the same random numbers."""

import itertools
import types
import warnings

import numpy as np
import pytest

from convlayers import Input, Sequential, config, layers
from convlayers.legacy import image as ours
from convlayers.utils.images import save_img

ours = types.SimpleNamespace(**ours.ADDED)
RANDOM = np.random.default_rng(0)
IMAGES = (RANDOM.random((6, 11, 14, 3)) * 255).astype("float32")
LABELS = np.arange(6)


@pytest.fixture(scope="module")
def keras_image(keras):
    """Keras's module. SciPy has moved what it uses."""
    ndimage = pytest.importorskip("scipy.ndimage")
    from keras.src.legacy.preprocessing import image

    image.scipy = types.SimpleNamespace(
        ndimage=types.SimpleNamespace(interpolation=types.SimpleNamespace(affine_transform=ndimage.affine_transform))
    )
    return image


@pytest.fixture(autouse=True)
def quiet():
    config.disable_interactive_logging()
    yield
    config.enable_interactive_logging()


CHANGES = [
    {"rotation_range": 40},
    {"width_shift_range": 0.3, "height_shift_range": 0.2},
    {"width_shift_range": 3, "height_shift_range": [1, 2]},
    {"shear_range": 20},
    {"zoom_range": 0.4},
    {"zoom_range": (0.5, 0.9)},
    {"rotation_range": 40, "width_shift_range": 0.3, "shear_range": 20, "zoom_range": 0.4, "horizontal_flip": True},
    {"rotation_range": 40, "zoom_range": 0.4, "interpolation_order": 0},
    {"rotation_range": 40, "interpolation_order": 3},
    {"horizontal_flip": True, "vertical_flip": True},
    {"channel_shift_range": 50.0},
    {"rescale": 1 / 255, "preprocessing_function": np.sqrt},
    {"samplewise_center": True, "samplewise_std_normalization": True},
    {"dtype": "float64", "rotation_range": 20},
]


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: "-".join(changes))
def test_images_are_those_of_keras(keras_image, changes, data_format):
    x = IMAGES if data_format == "channels_last" else np.ascontiguousarray(IMAGES.transpose(0, 3, 1, 2))
    batches = []
    for module in (keras_image, ours):
        np.random.seed(0)
        flow = module.ImageDataGenerator(**changes, data_format=data_format).flow(x, LABELS, batch_size=4)
        batches.append([flow[0], flow[1], next(flow), next(flow), next(flow)])
    for (expected, labels), (received, same_labels) in zip(*batches, strict=True):
        assert received.dtype == expected.dtype
        np.testing.assert_array_equal(same_labels, labels)
        np.testing.assert_allclose(received, expected, rtol=1e-4, atol=2e-3)


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("fill_mode", ["nearest", "constant", "reflect", "wrap"])
def test_what_is_outside(keras_image, fill_mode, order):
    how = {"row_axis": 0, "col_axis": 1, "channel_axis": 2, "fill_mode": fill_mode, "cval": 9.0, "order": order}
    for theta, shift in itertools.product((0, 31), (-20.31, -3.23, 0.13, 5.77, 33.19)):
        arguments = {"theta": theta, "tx": shift, "ty": -shift / 2.1, "zx": 1.3, **how}
        expected = keras_image.apply_affine_transform(IMAGES[0], **arguments)
        received = ours.apply_affine_transform(IMAGES[0], **arguments)
        np.testing.assert_allclose(received, expected, rtol=1e-4, atol=2e-3)


def test_nothing_to_do_changes_nothing():
    image = IMAGES[0]
    assert ours.apply_affine_transform(image, row_axis=0, col_axis=1, channel_axis=2) is image
    generator = ours.ImageDataGenerator(horizontal_flip=True, rescale=2.0)
    before = IMAGES.copy()
    list(itertools.islice(generator.flow(IMAGES, batch_size=2), 3))
    np.testing.assert_array_equal(IMAGES, before)


@pytest.mark.parametrize(
    "changes",
    [
        {"featurewise_center": True, "featurewise_std_normalization": True},
        {"zca_whitening": True, "featurewise_center": True},
        {"featurewise_center": True, "rescale": 0.5},
    ],
    ids=lambda changes: "-".join(changes),
)
@pytest.mark.parametrize("augment", [False, True])
def test_fit(keras_image, changes, augment):
    x = IMAGES[:, :5, :6]
    batches = []
    for module in (keras_image, ours):
        np.random.seed(0)
        generator = module.ImageDataGenerator(**changes, horizontal_flip=augment)
        generator.fit(x, augment=augment, rounds=2)
        batches.append(generator.flow(x, batch_size=6, seed=1)[0])
    np.testing.assert_allclose(batches[1], batches[0], rtol=1e-3, atol=1e-3 * np.abs(batches[0]).max())


def test_random_changes(keras_image):
    for name, arguments in [
        ("random_rotation", (30,)),
        ("random_shift", (0.2, 0.1)),
        ("random_shear", (20,)),
        ("random_zoom", ((0.5, 1.5),)),
    ]:
        images = []
        for module in (keras_image, ours):
            np.random.seed(3)
            images.append(getattr(module, name)(IMAGES[0], *arguments, row_axis=0, col_axis=1, channel_axis=2))
        np.testing.assert_allclose(images[1], images[0], rtol=1e-4, atol=2e-3)
    np.random.seed(3)
    expected = keras_image.random_channel_shift(IMAGES[0], 30.0, channel_axis=2)
    np.random.seed(3)
    np.testing.assert_allclose(ours.random_channel_shift(IMAGES[0], 30.0, channel_axis=2), expected)


@pytest.mark.parametrize("scale", [True, False])
def test_brightness(keras_image, scale):
    pytest.importorskip("PIL")
    for image in (IMAGES[0], IMAGES[0] - 100):
        np.testing.assert_array_equal(
            ours.apply_brightness_shift(image, 1.4, scale), keras_image.apply_brightness_shift(image, 1.4, scale)
        )


def test_subsets_and_weights():
    y = np.array([0, 1, 0, 1, 1, 0])
    generator = ours.ImageDataGenerator(validation_split=0.34)
    validation = generator.flow(IMAGES, y, subset="validation", shuffle=False)
    training = generator.flow(IMAGES, y, subset="training", shuffle=False, sample_weight=None)
    np.testing.assert_array_equal(validation[0][0], IMAGES[:2])
    np.testing.assert_array_equal(training[0][1], y[2:])
    both, weights = ours.ImageDataGenerator().flow((IMAGES, [y, y * 2]), y, sample_weight=y + 1.0, shuffle=False)[0][::2]
    np.testing.assert_array_equal(both[2], y * 2)
    np.testing.assert_array_equal(weights, y + 1)
    with pytest.raises(ValueError, match="Training and validation subsets have different number of classes"):
        generator.flow(IMAGES, LABELS, subset="training")


@pytest.fixture
def photos(tmp_path):
    pytest.importorskip("PIL")
    for name, count in (("cats", 5), ("dogs", 3)):
        (tmp_path / name).mkdir()
        for number in range(count):
            save_img(tmp_path / name / f"{number}.png", RANDOM.random((9 + number, 8, 3)) * 255, scale=False)
    (tmp_path / "cats" / "notes.txt").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"class_mode": "binary", "color_mode": "grayscale"},
        {"class_mode": "sparse", "subset": "validation"},
        {"class_mode": "input", "subset": "training", "interpolation": "bilinear"},
        {"class_mode": None, "classes": ["dogs"], "keep_aspect_ratio": True},
        {"color_mode": "rgba", "seed": 3},
    ],
    ids=lambda arguments: "-".join(arguments),
)
def test_folders(keras_image, photos, arguments):
    flows, batches = [], []
    for module in (keras_image, ours):
        np.random.seed(0)
        generator = module.ImageDataGenerator(rotation_range=20, validation_split=0.4)
        flows.append(generator.flow_from_directory(str(photos), target_size=(7, 6), batch_size=3, **arguments))
        batches.append([flows[-1][number] for number in range(len(flows[-1]))])
    expected, received = flows
    for name in ("samples", "n", "filenames", "filepaths", "class_indices", "num_classes", "image_shape"):
        assert getattr(received, name) == getattr(expected, name), name
    np.testing.assert_array_equal(received.classes, expected.classes)
    for one, other in zip(*batches, strict=True):
        for part, same in zip(*([batch] if isinstance(batch, np.ndarray) else batch for batch in (one, other)), strict=True):
            assert part.dtype == same.dtype
            np.testing.assert_allclose(same, part, rtol=1e-4, atol=2e-3)


TABLE_ARGUMENTS = [
    {},
    {"class_mode": "binary"},
    {"class_mode": "sparse", "classes": ["dog", "cat"], "weight_col": "weight"},
    {"class_mode": "raw", "y_col": "age"},
    {"class_mode": "multi_output", "y_col": ["age", "weight"]},
    {"class_mode": "categorical", "y_col": "tags"},
    {"class_mode": None, "subset": "training"},
    {"class_mode": "input", "validate_filenames": False},
]


@pytest.mark.parametrize("arguments", TABLE_ARGUMENTS, ids=lambda arguments: "-".join(map(str, arguments.values())))
def test_tables(keras_image, photos, arguments):
    pandas = pytest.importorskip("pandas")
    rows = [(f"cats/{number}.png", "cat", ["a"], number, 1.0) for number in range(5)]
    rows += [(f"dogs/{number}.png", "dog", ["a", "b"], number, 2.0) for number in range(3)]
    if arguments.get("validate_filenames", True):
        rows.append(("dogs/nothing.png", "dog", ["b"], 1, 1.0))
    table = pandas.DataFrame(rows, columns=["filename", "class", "tags", "age", "weight"])
    flows, batches = [], []
    for module in (keras_image, ours):
        np.random.seed(0)
        generator = module.ImageDataGenerator(zoom_range=0.2, validation_split=0.4)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            flow = generator.flow_from_dataframe(table, str(photos), target_size=(7, 6), batch_size=4, **arguments)
        flows.append(flow)
        batches.append([flow[number] for number in range(len(flow))])
    assert flows[1].filenames == flows[0].filenames
    assert getattr(flows[1], "class_indices", None) == getattr(flows[0], "class_indices", None)
    for one, other in zip(*batches, strict=True):
        one, other = ([batch] if isinstance(batch, np.ndarray) else batch for batch in (one, other))
        for part, same in zip(one, other, strict=True):
            np.testing.assert_allclose(same, part, rtol=1e-4, atol=2e-3)


def test_saves_what_it_yields(tmp_path):
    pytest.importorskip("PIL")
    flow = ours.ImageDataGenerator().flow(IMAGES, batch_size=3, save_to_dir=str(tmp_path), save_prefix="a", save_format="jpg")
    next(flow)
    assert len(list(tmp_path.glob("a_*.jpg"))) == 3


def test_trains_a_model():
    model = Sequential([Input((11, 14, 3)), layers.Flatten(), layers.Dense(6)])
    model.compile("adam", "mse")
    generator = ours.ImageDataGenerator(horizontal_flip=True, rescale=1 / 255)
    flow = generator.flow(IMAGES, np.eye(6), batch_size=4)
    history = model.fit(flow, epochs=2, validation_data=flow, verbose=0)
    assert len(history.history["val_loss"]) == 2
    assert model.predict(generator.flow(IMAGES, shuffle=False), verbose=0).shape == (6, 6)


def test_mistakes():
    generator = ours.ImageDataGenerator
    for arguments, message in [
        ({"zoom_range": (1, 2, 3)}, "`zoom_range` should be a float or a tuple or list of two floats"),
        ({"validation_split": 1.5}, "`validation_split` must be strictly between 0 and 1"),
        ({"data_format": "nchw"}, "`data_format` should be"),
        ({"brightness_range": 3}, "`brightness_range should be tuple or list of two floats"),
    ]:
        with pytest.raises(ValueError, match=message):
            generator(**arguments)
    for arguments, message in [
        ({"x": IMAGES[0]}, "should have rank 4. You passed an array with shape"),
        ({"x": IMAGES, "y": LABELS[:3]}, "should have the same length. Found: x.shape"),
        ({"x": IMAGES, "subset": "test"}, "Invalid subset name: test"),
    ]:
        with pytest.raises(ValueError, match=message):
            generator().flow(**arguments)
    with pytest.raises(ValueError, match="Asked to retrieve element 7"):
        generator().flow(IMAGES)[7]
    with pytest.raises(ValueError, match="Unknown `fill_mode`"):
        generator(fill_mode="nothing", rotation_range=3).flow(IMAGES)[0]
    with pytest.warns(UserWarning, match="it hasn't been fit on any training data"):
        generator(featurewise_center=True).flow(IMAGES)[0]
    with pytest.warns(UserWarning, match="`zca_whitening`, which overrides setting of `featurewise_center`"):
        generator(zca_whitening=True)
