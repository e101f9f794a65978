"""Drawings on images: pixels, and the files of galleries."""

import numpy as np
import pytest

from convlayers import visualization

RNG = np.random.default_rng(0)
BLACK = np.zeros((2, 40, 60, 3), "uint8")
BOXES = {"boxes": np.array([[[10, 8, 30, 25]], [[5, 20, 50, 30]]]), "labels": np.array([[1], [-1]])}


@pytest.fixture
def pyplot(monkeypatch):
    """Matplotlib without a screen; nothing is left open."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    yield pyplot
    assert pyplot.get_fignums() == []


# Boxes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("thickness", [1, 2, 3])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_boxes(thickness, data_format):
    images = BLACK if data_format == "channels_last" else BLACK.transpose(0, 3, 1, 2)
    arguments = {"color": (10, 20, 30), "line_thickness": thickness, "data_format": data_format}
    drawn = visualization.draw_bounding_boxes(images, BOXES, "xyxy", **arguments)
    assert drawn.shape == images.shape
    drawn = drawn if data_format == "channels_last" else drawn.transpose(0, 2, 3, 1)
    expected = np.zeros((40, 60), bool)
    for row in range(40):
        for column in range(60):
            # How far a pixel is from the lines, and whether it is beside the box.
            to_x, to_y = min(abs(column - x) for x in (10, 30)), min(abs(row - y) for y in (8, 25))
            inside = 10 - thickness / 2 <= column <= 30 + thickness / 2 and 8 - thickness / 2 <= row <= 25 + thickness / 2
            expected[row, column] = inside and min(to_x, to_y) < (thickness + 1) / 2 and thickness % 2
    if thickness % 2:
        np.testing.assert_array_equal(drawn[0].any(axis=-1), expected)
    lines = drawn[0].any(axis=-1)
    assert (lines[15].sum(), lines[:, 20].sum()) == (2 * thickness, 2 * thickness)
    assert set(map(tuple, drawn[0][lines])) == {(10, 20, 30)}
    assert not drawn[1].any()  # a label of -1
    assert not BLACK.any()


def test_boxes_that_reach_beyond_the_image():
    boxes = {
        "boxes": np.array([[[-10, -10, 30, 25], [-90, 0, -80, 10]], [[50, 30, 90, 90], [0, 0, 0, 0]]]),
        "labels": np.ones((2, 2)),
    }
    drawn = visualization.draw_bounding_boxes(BLACK, boxes, "xyxy").any(axis=-1)
    assert drawn[0, 25, :30].all()
    assert drawn[0, :25, 30].all()
    assert drawn[0].sum() < 150
    assert drawn[1, 30, 50:].all()


@pytest.mark.parametrize(("scale", "dtype"), [(1, "float32"), (255, "float64"), (255, "uint8")])
def test_bytes_and_floats(scale, dtype):
    images = (RNG.uniform(0.1, 1, (1, 8, 8, 3)) * scale).astype(dtype)
    boxes = {"boxes": np.zeros((1, 0, 4)), "labels": np.zeros((1, 0), int)}
    drawn = visualization.draw_bounding_boxes(images, boxes, "rel_xywh")
    assert drawn.dtype == "uint8"
    np.testing.assert_array_equal(drawn, (images * (255 / scale)).astype("uint8"))


def test_names(pyplot):
    arguments = {"class_mapping": {1: "cat"}, "color": (200, 100, 50)}
    plain = visualization.draw_bounding_boxes(BLACK, BOXES, "xyxy")
    named = visualization.draw_bounding_boxes(BLACK, BOXES, "xyxy", **arguments, text_thickness=1)
    bold = visualization.draw_bounding_boxes(BLACK, BOXES, "xyxy", **arguments, text_thickness=3)
    large = visualization.draw_bounding_boxes(BLACK, BOXES, "xyxy", **arguments, font_scale=2.0)
    confident = {**BOXES, "confidences": np.array([[0.5], [0.5]])}
    longer = visualization.draw_bounding_boxes(np.repeat(BLACK, 2, axis=2), confident, "xyxy", **arguments)
    covered = [int((drawn[0].sum(axis=-1) > 0).sum()) for drawn in (plain, named, bold, longer)]
    assert covered == sorted(set(covered))
    assert (large[0] > 0).any(axis=-1).sum() > covered[1]
    other = visualization.draw_bounding_boxes(BLACK, BOXES, "xyxy", class_mapping={2: "dog"}, color=(200, 100, 50))
    assert (other[0].sum(axis=-1) > 0).sum() == covered[0]


@pytest.mark.parametrize(
    ("images", "boxes", "error"),
    [
        (BLACK[0], BOXES, ValueError),
        (BLACK, [1], TypeError),
        (BLACK, {"boxes": BOXES["boxes"]}, ValueError),
    ],
    ids=["rank", "list", "no labels"],
)
def test_mistakes_with_boxes(images, boxes, error):
    with pytest.raises(error, match="should be a dict|must be batched 4D tensor"):
        visualization.draw_bounding_boxes(images, boxes, "xyxy")


# Masks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blend", [True, False])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"alpha": 0.3, "ignore_index": 0},
        {"color_mapping": {label: (label, 2 * label, 200) for label in range(5)}},
    ],
    ids=str,
)
def test_masks_of_keras(blend, arguments, keras):
    images, masks = RNG.uniform(0, 255, (2, 6, 7, 3)).astype("float32"), RNG.integers(0, 5, (2, 6, 7, 1))
    arguments = {"num_classes": 5, **arguments}
    expected = keras.visualization.draw_segmentation_masks(images, masks, blend=blend, **arguments)
    expected = keras.ops.convert_to_numpy(expected)
    for given in (masks, masks[..., 0]):
        found = visualization.draw_segmentation_masks(images, given, blend=blend, **arguments)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    arguments = {**arguments, "blend": blend, "data_format": "channels_first"}
    found = visualization.draw_segmentation_masks(images.transpose(0, 3, 1, 2), masks.transpose(0, 3, 1, 2), **arguments)
    np.testing.assert_array_equal(found, expected)


def test_number_of_classes():
    masks = RNG.integers(0, 5, (2, 40, 60))
    all_of_them, some = (visualization.draw_segmentation_masks(BLACK, masks, num_classes=number) for number in (5, 3))
    np.testing.assert_array_equal(visualization.draw_segmentation_masks(BLACK, masks), all_of_them)
    np.testing.assert_array_equal(some, np.where(masks[..., None] < 3, all_of_them, BLACK))


def test_mistakes_with_masks():
    with pytest.raises(ValueError, match="`images` must be batched 4D tensor. Received: images.shape="):
        visualization.draw_segmentation_masks(BLACK[0], np.zeros((40, 60), int))
    with pytest.raises(
        TypeError, match="`segmentation_masks` must be in integer dtype. Received: segmentation_masks.dtype=float"
    ):
        visualization.draw_segmentation_masks(BLACK, np.zeros((2, 40, 60)))


# Galleries ------------------------------------------------------------------------------------------------------------


def test_a_gallery_of_images(pyplot, tmp_path):
    """Five images, 2 by 3: the sixth place stays empty."""
    colors = np.array([[250, 0, 0], [0, 250, 0], [0, 0, 250], [250, 250, 0], [0, 250, 250]]) / 250
    images = np.broadcast_to(colors[:, None, None], (5, 8, 8, 3))
    for given, data_format in ((images, "channels_last"), (images.transpose(0, 3, 1, 2), "channels_first")):
        path = tmp_path / f"{data_format}.png"
        visualization.plot_image_gallery(
            given, rows=2, value_range=(0, 1), path=path, data_format=data_format, transparent=False
        )
        picture = pyplot.imread(path)[..., :3]
        places = [tuple(np.rint(picture[y, x])) for y in (20, -20) for x in (20, picture.shape[1] // 2, -20)]
        assert places == [*map(tuple, np.rint(colors)), (1, 1, 1)]


def test_titles(pyplot):
    labels = {0: "cat", 1: "dog"}
    visualization.plot_image_gallery(BLACK, y_true=np.array([0, 1]), y_pred=np.array([1, 7]), label_map=labels, show=False)
    figure = pyplot.gcf()
    assert [axis.get_title() for axis in figure.axes] == ["Label: cat  Pred: dog", "Label: dog  Pred: Unknown"]
    pyplot.close(figure)


def test_galleries_of_boxes_and_masks(pyplot, tmp_path):
    visualization.plot_bounding_box_gallery(
        BLACK, "xyxy", y_true=BOXES, y_pred=BOXES, class_mapping={1: "cat"}, legend=True, path=tmp_path / "boxes.png"
    )
    picture = (pyplot.imread(tmp_path / "boxes.png")[..., :3] * 255).reshape(-1, 3)
    assert (np.abs(picture - [255, 235, 59]).max(axis=-1) < 30).any()
    masks = RNG.integers(0, 3, (2, 40, 60))
    visualization.plot_segmentation_mask_gallery(BLACK, 3, y_true=masks, y_pred=masks[..., None], path=tmp_path / "masks.png")
    height, width, _ = pyplot.imread(tmp_path / "masks.png").shape
    assert width > height  # three beside each other, two below


def test_mistakes_with_galleries(pyplot, tmp_path):
    with pytest.raises(ValueError, match="expects either `path` to be set, or `show` to be true"):
        visualization.plot_image_gallery(BLACK, path=tmp_path / "x.png", show=True)
    with pytest.raises(ValueError, match="a `label_map` must also be provided"):
        visualization.plot_image_gallery(BLACK, y_true=[1, 2])
    with pytest.raises(ValueError, match="batch your `np.array` samples together"):
        visualization.plot_image_gallery(BLACK[0])
    with pytest.raises(ValueError, match="Only pass `legend` OR `legend_handles`"):
        visualization.plot_bounding_box_gallery(BLACK, "xyxy", legend=True, legend_handles=[1])


def test_names_and_signatures_are_those_of_keras(keras):
    import inspect

    for name in visualization.__all__:
        ours, theirs = (inspect.signature(getattr(library, name)) for library in (visualization, keras.visualization))
        assert ours == theirs
    assert set(visualization.__all__) == {name for name in dir(keras.visualization) if not name.startswith("_")}
