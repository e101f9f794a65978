"""Bounding boxes in layers: the numbers of Keras, and around the pixels that were in them wherever these go."""

import numpy as np
import pytest

from convlayers import layers, utils
from tests.layers.boxes import FORMATS, HEIGHT, RNG, WIDTH, as_tensors, in_format, some_boxes

CROP = {"height": 12, "width": 14}
LAYERS = [
    ("CenterCrop", CROP),
    ("CenterCrop", {"height": 25, "width": 14}),
    ("CenterCrop", {"height": 40, "width": 45}),
    ("MaxNumBoundingBoxes", {"max_number": 3}),
    ("MaxNumBoundingBoxes", {"max_number": 9, "fill_value": -2}),
    ("RandomBrightness", {"factor": 0.3}),
    ("RandomErasing", {}),
    ("RandomFlip", {}),
    ("RandomFlip", {"mode": "horizontal"}),
    ("RandomFlip", {"mode": "vertical"}),
    ("RandomShear", {"x_factor": 0.4, "y_factor": 0.3}),
    ("RandomTranslation", {"height_factor": 0.4, "width_factor": 0.3}),
    ("RandomZoom", {"height_factor": 0.4, "width_factor": 0.3}),
    ("Resizing", {"height": 10, "width": 40}),
    ("Resizing", {"height": 40, "width": 45, "crop_to_aspect_ratio": True}),
    ("Resizing", {"height": 40, "width": 90, "pad_to_aspect_ratio": True}),
    ("Resizing", {"height": 50, "width": 60, "pad_to_aspect_ratio": True}),
]
# What Keras does for one format only.
LAYERS_FOR_XYXY = [
    ("RandomPerspective", {"factor": (0.5, 0.5), "scale": 0.5}),
    ("RandomRotation", {"factor": 0.2}),
]
RANDOM_SEED = 3


def make(library, name, arguments, **others):
    random = name.startswith("Random")
    return getattr(library.layers, name)(**arguments, **({"seed": RANDOM_SEED} if random else {}), **others)


def images(count=4, data_format="channels_last"):
    x = RNG.uniform(0, 255, (count, HEIGHT, WIDTH, 3)).astype("float32")
    return x if data_format == "channels_last" else np.moveaxis(x, -1, 1)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(
    ("name", "arguments", "source"),
    [(*case, source) for case in LAYERS for source in ("xyxy", "center_xywh", "rel_yxyx")]
    + [(*case, "xyxy") for case in LAYERS_FOR_XYXY],
    ids=str,
)
def test_boxes_of_keras(name, arguments, source, data_format, keras):
    import convlayers

    x = images(data_format=data_format)
    boxes = {"boxes": in_format(some_boxes(4, 6), source), "labels": RNG.integers(0, 9, (4, 6))}
    others = {"data_format": data_format, "bounding_box_format": source}
    ours, theirs = (make(library, name, arguments, **others) for library in (convlayers, keras))
    transformation = ours.get_random_transformation({"images": x, "bounding_boxes": boxes})
    expected = theirs.transform_bounding_boxes(as_tensors(boxes, keras), as_tensors(transformation, keras))
    found = ours.transform_bounding_boxes(boxes, transformation)
    np.testing.assert_allclose(found["boxes"], keras.ops.convert_to_numpy(expected["boxes"]), atol=1e-3)
    np.testing.assert_array_equal(found["labels"], keras.ops.convert_to_numpy(expected["labels"]))
    assert found["boxes"].dtype == "float32"


def test_parts_of_keras(keras):
    """Keras takes the first row of the part for its first column, and cuts nothing off below and to the right."""
    boxes = {"boxes": some_boxes(4, 6), "labels": RNG.integers(0, 9, (4, 6))}
    ours, theirs = (library.RandomCrop(12, 14, bounding_box_format="xyxy") for library in (layers, keras.layers))
    row, column = ours.get_random_transformation(images())
    expected = theirs.transform_bounding_boxes(as_tensors(boxes, keras), (column, row))["boxes"]
    found = ours.transform_bounding_boxes(boxes, (row, column))["boxes"]
    np.testing.assert_allclose(found, np.minimum(keras.ops.convert_to_numpy(expected), [14, 12, 14, 12]), atol=1e-5)


def test_boxes_of_two_images_are_on_their_mean(keras):
    boxes = {"boxes": some_boxes(4, 6), "labels": RNG.integers(0, 9, (4, 6))}
    ours, theirs = (library.MixUp(bounding_box_format="xyxy") for library in (layers, keras.layers))
    transformation = {"mix_weight": np.full(4, 0.5), "permutation_order": np.array([2, 0, 3, 1])}
    found = ours.transform_bounding_boxes(boxes, transformation)
    expected = theirs.transform_bounding_boxes(as_tensors(boxes, keras), as_tensors(transformation, keras))
    np.testing.assert_array_equal(found["boxes"], keras.ops.convert_to_numpy(expected["boxes"]))
    np.testing.assert_array_equal(found["labels"][:, :6], boxes["labels"])
    np.testing.assert_array_equal(found["labels"][:, 6:], boxes["labels"][transformation["permutation_order"]])


STAYING = "MaxNumBoundingBoxes", "RandomBrightness", "RandomErasing", "RandomShear"
FOLLOWING = [
    *(case for case in LAYERS + LAYERS_FOR_XYXY if case[0] not in STAYING),
    ("RandomCrop", CROP),
    ("RandomCrop", {"height": 30, "width": 14}),
    ("Resizing", {"height": 33, "width": 27, "pad_to_aspect_ratio": True}),
    ("Resizing", {"height": 33, "width": 27, "crop_to_aspect_ratio": True}),
]


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize(("name", "arguments"), FOLLOWING, ids=str)
def test_boxes_follow_what_is_painted_in_them(name, arguments, source):
    """Bright rectangles on a dark image: afterwards, boxes are around what is bright, but for pixels cut in half."""
    import convlayers

    if name in ("RandomRotation", "RandomTranslation", "RandomZoom"):
        arguments = {**arguments, "fill_mode": "constant"}
    rng, count = np.random.default_rng(5), 16
    left, top = rng.integers(0, WIDTH - 6, count), rng.integers(0, HEIGHT - 6, count)
    right, bottom = left + rng.integers(4, WIDTH - left), top + rng.integers(4, HEIGHT - top)
    x = np.zeros((count, HEIGHT, WIDTH, 3), "float32")
    for image, *sides in zip(x, left, top, right, bottom, strict=True):
        image[sides[1] : sides[3], sides[0] : sides[2]] = 200
    boxes = in_format(np.stack([left, top, right, bottom], axis=-1)[:, None].astype("float32"), source)
    layer = make(convlayers, name, arguments, bounding_box_format=source)
    outputs = layer({"images": x, "bounding_boxes": {"boxes": boxes, "labels": np.ones((count, 1), int)}}, training=True)
    height, width = outputs["images"].shape[1:3]
    found = utils.bounding_boxes.convert_format(outputs["bounding_boxes"]["boxes"], source, "xyxy", height, width)[:, 0]
    for image, box, label in zip(outputs["images"], found, outputs["bounding_boxes"]["labels"], strict=True):
        rows, columns = np.nonzero(image[..., 0] > 10)
        if len(rows):
            around = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            scale = max(height / HEIGHT, width / WIDTH, 1)
            np.testing.assert_allclose(box, around, atol=1.5 * scale)
        if label[0] == -1:
            assert len(rows) == 0


# How they are called --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "arguments"), FOLLOWING, ids=str)
def test_one_image(name, arguments):
    import convlayers

    data = {"images": images(1), "bounding_boxes": {"boxes": some_boxes(1, 3), "labels": np.array([[4, 5, 6]])}}
    one = {"images": data["images"][0], "bounding_boxes": {key: part[0] for key, part in data["bounding_boxes"].items()}}
    batch, single = (make(convlayers, name, arguments, bounding_box_format="xyxy") for _ in range(2))
    expected, found = (layer(data, training=True)["bounding_boxes"] for layer, data in ((batch, data), (single, one)))
    for key in expected:
        np.testing.assert_allclose(found[key], expected[key][0], atol=1e-4)


@pytest.mark.parametrize(("name", "arguments"), [*LAYERS, ("RandomCrop", CROP), ("MixUp", {})], ids=str)
def test_shapes_in_a_graph(name, arguments):
    import convlayers

    boxes = {"boxes": some_boxes(4, 5), "labels": np.ones((4, 5), "int32")}
    data = {"images": images(), "bounding_boxes": boxes, "segmentation_masks": images()[..., :1]}
    symbols = {
        "images": layers.Input((HEIGHT, WIDTH, 3)),
        "bounding_boxes": {"boxes": layers.Input((5, 4)), "labels": layers.Input((5,), dtype="int32")},
        "segmentation_masks": layers.Input((HEIGHT, WIDTH, 1)),
    }
    layer = make(convlayers, name, arguments, bounding_box_format="xyxy")
    found, spec = layer(data), layer.compute_output_spec(symbols)
    for key in ("images", "segmentation_masks"):
        assert spec[key].shape == (None, *found[key].shape[1:])
    for key in boxes:
        assert spec["bounding_boxes"][key].shape == (None, *found["bounding_boxes"][key].shape[1:])
        assert spec["bounding_boxes"][key].dtype == found["bounding_boxes"][key].dtype


@pytest.mark.filterwarnings("ignore:When providing `inputs` as a dict")
def test_a_model_for_images_and_boxes(tmp_path):
    from convlayers import Model, models

    inputs = {
        "images": layers.Input((HEIGHT, WIDTH, 3)),
        "bounding_boxes": {"boxes": layers.Input((5, 4)), "labels": layers.Input((5,), dtype="int32")},
    }
    x = layers.RandAugment(bounding_box_format="xyxy", seed=1)(inputs)
    x = layers.Resizing(40, 30, bounding_box_format="xyxy")(x)
    model = Model(inputs, layers.MaxNumBoundingBoxes(8, bounding_box_format="xyxy")(x))
    data = {"images": images(), "bounding_boxes": {"boxes": some_boxes(4, 5), "labels": np.ones((4, 5), "int32")}}
    drawn = [model(data, training=True) for _ in range(4)]
    assert len({outputs["bounding_boxes"]["boxes"].tobytes() for outputs in drawn}) > 1
    expected = model(data, training=False)
    np.testing.assert_allclose(expected["bounding_boxes"]["boxes"][:, :5], data["bounding_boxes"]["boxes"] * [1, 2, 1, 2])
    model.save(tmp_path / "model.keras")
    found = models.load_model(tmp_path / "model.keras")(data, training=False)
    np.testing.assert_array_equal(found["bounding_boxes"]["boxes"], expected["bounding_boxes"]["boxes"])
    np.testing.assert_array_equal(found["images"], expected["images"])


def test_nothing_that_was_given_is_changed():
    boxes = {"boxes": some_boxes(4, 3), "labels": np.ones((4, 3), int)}
    before = {key: part.copy() for key, part in boxes.items()}
    layers.RandomFlip(bounding_box_format="xyxy", seed=1)({"images": images(), "bounding_boxes": boxes}, training=True)
    for key in boxes:
        np.testing.assert_array_equal(boxes[key], before[key])


def test_outside_of_training():
    boxes = {"boxes": some_boxes(4, 3), "labels": np.ones((4, 3), int)}
    data = {"images": images(), "bounding_boxes": boxes}
    for name, arguments in (("RandomFlip", {}), ("RandomRotation", {"factor": 0.2}), ("MixUp", {}), ("RandAugment", {})):
        outputs = getattr(layers, name)(**arguments, bounding_box_format="xyxy")(data, training=False)
        np.testing.assert_array_equal(outputs["bounding_boxes"]["boxes"], boxes["boxes"])


def test_lists_of_different_lengths():
    boxes = {"boxes": [[[1, 2, 3, 4]], [[5, 6, 7, 8], [9, 10, 11, 12]]], "labels": [[1], [2, 3]]}
    layer = layers.RandomBrightness(0.1, bounding_box_format="xyxy")
    outputs = layer({"images": images(2), "bounding_boxes": boxes})["bounding_boxes"]
    np.testing.assert_array_equal(outputs["labels"], [[1, -1], [2, 3]])
    np.testing.assert_array_equal(outputs["boxes"][0], [[1, 2, 3, 4], [0, 0, 0, 0]])
    one = layer({"images": images(1)[0], "bounding_boxes": {"boxes": [[1, 2, 3, 4]], "labels": [7]}})["bounding_boxes"]
    np.testing.assert_array_equal(one["boxes"], [[1, 2, 3, 4]])


def test_resizing_leaves_filled_boxes_empty():
    boxes = {"boxes": np.array([[[-1, -1, -1, -1], [0, 0, 0, 0], [2, 3, 4, 5]]], "float32"), "labels": np.array([[-1, -1, 2]])}
    layer = layers.Resizing(20, 60, pad_to_aspect_ratio=True, bounding_box_format="xywh")
    outputs = layer({"images": images(1), "bounding_boxes": boxes})["bounding_boxes"]
    np.testing.assert_array_equal(outputs["boxes"][0], [[0, 0, 0, 0], [0, 0, 0, 0], [17, 3, 4, 5]])


# Mistakes -------------------------------------------------------------------------------------------------------------

BOXES = np.zeros((2, 3, 4))


@pytest.mark.parametrize(
    "boxes",
    [
        BOXES,
        {"boxes": BOXES},
        {"boxes": BOXES[0, 0], "labels": np.zeros(2)},
        {"boxes": BOXES, "labels": np.zeros(2)},
        {"boxes": BOXES[0], "labels": np.zeros((1, 2, 3))},
        {"boxes": BOXES.tolist(), "labels": np.zeros((2, 3))},
        {"boxes": BOXES.tolist(), "labels": [1]},
    ],
    ids=["array", "no labels", "rank 1", "rank of labels", "rank of labels for one", "no list", "lengths"],
)
def test_mistakes_with_layers(boxes, keras):
    data = {"images": images(2), "bounding_boxes": boxes}
    with pytest.raises(ValueError) as expected:
        keras.layers.RandomFlip(bounding_box_format="xyxy").call(data)
    with pytest.raises(ValueError) as raised:
        layers.RandomFlip(bounding_box_format="xyxy").call(data)
    words = str(expected.value).split("torch.Size")[0]
    assert str(raised.value).startswith(words)


def test_a_format_is_needed(keras):
    data = {"images": images(2), "bounding_boxes": {"boxes": BOXES, "labels": np.zeros((2, 3))}}
    with pytest.raises(ValueError) as expected:
        keras.layers.RandomBrightness(0.1).call(data)
    with pytest.raises(ValueError) as raised:
        layers.RandomBrightness(0.1)(data)
    assert str(expected.value) in str(raised.value)


@pytest.mark.parametrize("name", ["CutMix", "RandomElasticTransform"])
def test_layers_that_move_no_boxes(name):
    data = {"images": images(2), "bounding_boxes": {"boxes": BOXES, "labels": np.zeros((2, 3))}}
    with pytest.raises(NotImplementedError, match=f"{name} does not move bounding boxes."):
        getattr(layers, name)(bounding_box_format="xyxy")(data, training=True)


def test_configs(keras):
    layer = layers.MaxNumBoundingBoxes(5, name="layer")
    assert layer.get_config() == keras.layers.MaxNumBoundingBoxes(5, name="layer").get_config()
    copy = layers.MaxNumBoundingBoxes.from_config(layers.MaxNumBoundingBoxes(5, fill_value=-2).get_config())
    assert copy.fill_value == -2
    shapes = {"images": (4, 8, 8, 3), "bounding_boxes": {"boxes": (4, 7, 4), "labels": (4, 7)}}
    assert layer.compute_output_shape(shapes)["bounding_boxes"] == {"boxes": [4, 5, 4], "labels": [4, 5]}
    with pytest.raises(KeyError, match="There are unsupported keys in `bounding_boxes`"):
        layer.compute_output_shape({"bounding_boxes": {"boxes": (4, 7, 4), "labels": (4, 7), "scores": (4, 7)}})
