"""Functions on bounding boxes: the numbers and messages of Keras."""

import itertools

import numpy as np
import pytest

from convlayers import layers, utils
from tests.layers.boxes import FORMATS, HEIGHT, RNG, WIDTH, as_tensors, in_format, some_boxes

every_format = pytest.mark.parametrize("source", FORMATS)


def check(name, keras, *args, tolerance=1e-5, **kwargs):
    """Checks that a function returns what that of Keras does."""
    found = getattr(utils.bounding_boxes, name)(*args, **kwargs)
    tensors = [as_tensors(arg, keras) for arg in args]
    expected = keras.ops.convert_to_numpy(getattr(keras.utils.bounding_boxes, name)(*tensors, **kwargs))
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, atol=tolerance, rtol=1e-4)


@every_format
def test_formats(source, keras):
    boxes = in_format(some_boxes(3, 5), source)
    for target in FORMATS:
        check("convert_format", keras, boxes, source, target, height=HEIGHT, width=WIDTH)
        sizes = {"height": np.full((3, 1, 1), HEIGHT), "width": np.full((3, 1, 1), WIDTH)}
        there = utils.bounding_boxes.convert_format(boxes, source, target, **sizes)
        back = utils.bounding_boxes.convert_format(there, target.upper(), source, **sizes)
        np.testing.assert_allclose(back, boxes, atol=1e-5)


def test_formats_of_a_dict():
    boxes = {"boxes": np.array([[1, 2, 3, 5]]), "labels": np.array([7])}
    converted = utils.bounding_boxes.convert_format(boxes, "xyxy", "xywh")
    np.testing.assert_array_equal(converted["boxes"], [[1, 2, 2, 3]])
    assert converted["labels"] is boxes["labels"]
    np.testing.assert_array_equal(boxes["boxes"], [[1, 2, 3, 5]])


def test_affine_transform(keras):
    boxes = some_boxes(3, 5)
    for center in ({}, {"center_x": 0.2, "center_y": 0.9}):
        numbers = RNG.uniform(-1, 1, (6, 3)).astype("float32") * [[40], [1], [1], [0.5], [20], [20]]
        angle, right, down, scale, *shears = numbers.astype("float32")
        arguments = (angle, right, down, 1 + scale, *shears, HEIGHT, WIDTH)
        check("affine_transform", keras, boxes, *arguments, **center, tolerance=1e-3)


def test_crop_and_pad(keras):
    boxes = some_boxes(3, 5)
    check("crop", keras, boxes, 3, 4, 10, 12)
    check("pad", keras, boxes, 3, 4)


@pytest.mark.parametrize("source", ["xyxy", "rel_xyxy"])
def test_clip(source, keras):
    boxes = in_format(some_boxes(4, 20, least=-1.0, largest=2.0), source)
    labels = np.arange(80).reshape(4, 20)
    sizes = {"height": HEIGHT, "width": WIDTH, "bounding_box_format": source}
    data = {"boxes": boxes, "labels": labels}
    found = utils.bounding_boxes.clip_to_image_size(data, **sizes)
    expected = keras.utils.bounding_boxes.clip_to_image_size(as_tensors(data, keras), **sizes)
    assert 0 < (found["labels"] == -1).sum() < 80
    for key in data:
        np.testing.assert_array_equal(found[key], keras.ops.convert_to_numpy(expected[key]))


@every_format
def test_overlap(source, keras):
    shape = {"image_shape": (HEIGHT, WIDTH, 3)}
    first, second = (in_format(some_boxes(3, count), source) for count in (5, 4))
    first[0, 0] = in_format(np.full(4, -1.0), source)
    for boxes1, boxes2 in itertools.product((first, first[0]), (second, second[0])):
        check("compute_iou", keras, boxes1, boxes2, source, **shape)
    check("compute_iou", keras, first, second, source, use_masking=True, mask_val=-3, **shape)
    # Keras wants the shape of the image for relative formats, and refuses them when it has it.
    if not source.startswith("rel_"):
        check("compute_ciou", keras, first[:, :4], second, source)


def test_overlap_of_relative_boxes():
    first, second = some_boxes(3, 5), some_boxes(3, 5)
    relative = (in_format(boxes, "rel_xywh") for boxes in (first, second))
    found = utils.bounding_boxes.compute_ciou(*relative, "rel_xywh", image_shape=(HEIGHT, WIDTH, 3))
    np.testing.assert_allclose(found, utils.bounding_boxes.compute_ciou(first, second, "xyxy"), rtol=1e-3, atol=1e-4)


def test_overlap_is_a_loss():
    """The gradient of the CIoU draws a box to the other."""
    from convlayers.models import Sequential

    target = np.array([[2.0, 3.0, 9.0, 8.0]], "float32")
    model = Sequential([layers.Input((1,)), layers.Dense(4, bias_initializer="ones")])
    model.layers[0].bias.assign([0.0, 0.0, 20.0, 20.0])
    model.compile("adam", loss=lambda y, boxes: 1 - utils.bounding_boxes.compute_ciou(y, boxes, "xyxy"))
    model.optimizer.learning_rate = 0.1
    model.fit(np.zeros((1, 1)), target, epochs=400, verbose=0)
    np.testing.assert_allclose(model.predict(np.zeros((1, 1)), verbose=0), target, atol=0.1)


@every_format
@pytest.mark.parametrize("encoding", ["center_xywh", "center_yxhw"])
@pytest.mark.parametrize("variance", [None, [0.1, 0.1, 0.2, 0.2]])
def test_deltas(source, encoding, variance, keras):
    anchors, boxes = in_format(some_boxes(5), source), in_format(some_boxes(3, 5), source)
    settings = {"variance": variance, "image_shape": (HEIGHT, WIDTH, 3)}
    check("encode_box_to_deltas", keras, anchors, boxes, source, source, encoding, **settings, tolerance=1e-3)
    deltas = utils.bounding_boxes.encode_box_to_deltas(anchors, boxes, source, source, encoding, **settings)
    check("decode_deltas_to_boxes", keras, anchors, deltas, source, "yxyx", encoding, **settings, tolerance=1e-3)
    levels = utils.bounding_boxes.decode_deltas_to_boxes({"P3": anchors}, {"P3": deltas}, source, source, encoding, **settings)
    np.testing.assert_allclose(levels["P3"], boxes, atol=1e-3)


# Mistakes -------------------------------------------------------------------------------------------------------------

BOXES = np.zeros((2, 3, 4))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("convert_format", (BOXES[..., :3], "xyxy", "xywh")),
        ("convert_format", (BOXES, "xyxy", "wh")),
        ("convert_format", (BOXES, "xyxy", "rel_xywh")),
        ("clip_to_image_size", ({"boxes": BOXES},)),
        ("clip_to_image_size", ({"boxes": BOXES}, 3, 4, "xywh")),
        ("crop", (BOXES, 1, 1, 1, 1, "xywh")),
        ("pad", (BOXES, 1, 1, 1, 1, "xywh")),
        ("compute_iou", (BOXES[0, 0], BOXES, "xyxy")),
        ("compute_iou", (BOXES, BOXES[None], "xyxy")),
        ("compute_iou", (BOXES, BOXES, "rel_xyxy")),
        ("compute_ciou", (BOXES, BOXES, "rel_xyxy")),
        ("encode_box_to_deltas", (BOXES, BOXES, "xyxy", "xyxy", "xywh")),
        ("encode_box_to_deltas", (BOXES, BOXES, "xyxy", "xyxy", "center_xywh", [1.0])),
        ("decode_deltas_to_boxes", (BOXES, BOXES, "xyxy", "xyxy", "xywh")),
        ("decode_deltas_to_boxes", (BOXES, BOXES, "xyxy", "xyxy", "center_xywh", [1.0])),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_mistakes_with_functions(name, args, keras):
    with pytest.raises(Exception) as expected:
        getattr(keras.utils.bounding_boxes, name)(*(as_tensors(arg, keras) for arg in args))
    with pytest.raises(type(expected.value)) as raised:
        getattr(utils.bounding_boxes, name)(*args)
    words = str(expected.value).split("got tensor")[0].split("torch.Size")[0]
    assert str(raised.value).startswith(words)
