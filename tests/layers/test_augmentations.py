"""Layers that make several changes, and the equalization by tiles: the numbers of Keras for what was drawn, and loops."""

import copy

import numpy as np
import pytest

from convlayers import layers
from tests.layers.boxes import as_tensors

RNG = np.random.default_rng(0)
AUGMENTATIONS = [
    ("AugMix", {}),
    ("AugMix", {"num_chains": 2, "chain_depth": 5, "factor": 0.8, "alpha": 0.5, "all_ops": False}),
    ("RandAugment", {}),
    ("RandAugment", {"num_ops": 5, "factor": (0.2, 0.9), "interpolation": "nearest"}),
]
augmentations = pytest.mark.parametrize(("name", "arguments"), AUGMENTATIONS, ids=str)
formats = pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])


def images(data_format="channels_last", shape=(4, 12, 15, 3)):
    x = RNG.uniform(0, 255, shape).astype("float32")
    return x if data_format == "channels_last" else np.moveaxis(x, -1, -3)


# Augmentations --------------------------------------------------------------------------------------------------------


def leave_inputs_alone(layer):
    """On PyTorch, some layers of Keras change the images and the matrices that they are given, and others then see them so."""

    def on_copies(change):
        return lambda *args, **kwargs: change(*copy.deepcopy(args), **kwargs)

    for part in layer._flatten_layers(include_self=False):
        for method in ("transform_images", "transform_segmentation_masks"):
            setattr(part, method, on_copies(getattr(part, method)))


@augmentations
def test_same_transformation_same_images(name, arguments, keras):
    ours, theirs = (getattr(library, name)(**arguments, seed=1) for library in (layers, keras.layers))
    leave_inputs_alone(theirs)
    for _ in range(8):
        # Where bits are dropped or numbers compared with a threshold, nearly the same is not the same.
        x = np.rint(images())
        transformation = ours.get_random_transformation(x)
        expected = keras.ops.convert_to_numpy(theirs.transform_images(*as_tensors([x, transformation], keras)))
        found = ours.transform_images(x, transformation)
        assert (np.abs(found - expected) < 0.1).mean() > 0.99
        masks = (x > 128).astype("float32")
        expected = theirs.transform_segmentation_masks(*as_tensors([masks, transformation], keras))
        found = ours.transform_segmentation_masks(masks, transformation)
        assert np.isclose(found, keras.ops.convert_to_numpy(expected), atol=1e-3).mean() > 0.99


@augmentations
def test_channels_first(name, arguments):
    first, last = (getattr(layers, name)(**arguments, seed=1, data_format=f"channels_{side}") for side in ("first", "last"))
    x = images()
    for _ in range(4):
        y = last(x, training=True)
        np.testing.assert_allclose(first(np.moveaxis(x, -1, 1), training=True), np.moveaxis(y, -1, 1), atol=1e-3)


@augmentations
def test_transformations_have_the_parts_of_keras(name, arguments, keras):
    x = images()
    ours = getattr(layers, name)(**arguments).get_random_transformation(x)
    theirs = getattr(keras.layers, name)(**arguments).get_random_transformation(as_tensors(x, keras))
    assert ours.keys() == theirs.keys()
    if name == "RandAugment":
        assert list(ours["transforms"]) == list(theirs["transforms"])
        assert ours["layer_idxes"].shape == tuple(theirs["layer_idxes"].shape)
    else:
        assert ours["chain_mixing_weights"].shape == tuple(theirs["chain_mixing_weights"].shape)
        np.testing.assert_allclose(ours["chain_mixing_weights"].sum(), 1, rtol=1e-6)
        assert len(ours["chain_transforms"]) == len(theirs["chain_transforms"])


@augmentations
def test_configs(name, arguments, keras):
    ours, theirs = (getattr(library, name)(**arguments, seed=3, name="layer") for library in (layers, keras.layers))
    assert ours.get_config() == theirs.get_config()
    x = images()
    again = type(ours).from_config(ours.get_config())
    np.testing.assert_array_equal(again(x, training=True), ours(x, training=True))
    assert len(ours.weights) == len(theirs.weights)


@augmentations
def test_calls(name, arguments):
    x = images()
    layer = getattr(layers, name)(**arguments, seed=2)
    drawn = [layer(x, training=True) for _ in range(6)]
    assert all(y.shape == x.shape and y.dtype == "float32" for y in drawn)
    assert len({y.tobytes() for y in drawn}) > 3
    np.testing.assert_array_equal(layer(x, training=False), x)
    assert layer(x[0].astype("uint8"), training=True).dtype == "float32"
    assert layer(layers.Input((12, 15, 3))).shape == (None, 12, 15, 3)


def test_every_change_is_made():
    layer = layers.RandAugment(seed=1)
    drawn = [index for _ in range(100) for index in layer.get_random_transformation(images())["layer_idxes"]]
    assert set(drawn) == set(range(11))
    for all_ops, number in ((True, 11), (False, 7)):
        layer = layers.AugMix(num_chains=300, chain_depth=1, all_ops=all_ops, seed=1)
        chains = layer.get_random_transformation(images())["chain_transforms"]
        assert {len(chain) for chain in chains} == {0, 1}
        assert len({link["layer_name"] for chain in chains for link in chain}) == number


@pytest.mark.parametrize("turn", [-0.1, 0.03, 0.125])
@pytest.mark.parametrize("translations", [1, 2])
def test_boxes_go_where_images_go(turn, translations):
    """As often and in the same order, which Keras leaves out."""
    layer = layers.RandAugment(num_ops=3, bounding_box_format="xyxy")
    layer.random_rotation.factor = (turn, turn)
    layer.random_translation.fill_mode = layer.random_rotation.fill_mode = "constant"
    x = np.zeros((3, 60, 80, 3), "float32")
    x[:, 20:40, 30:45] = 200
    transformation = layer.get_random_transformation(x)
    names = list(transformation["transforms"])
    moves = ["random_translation", "random_rotation", "random_translation"][-1 - translations :]
    transformation["layer_idxes"] = np.array([names.index(name) for name in moves])
    transformation["transforms"]["random_translation"]["translations"] = np.array([[3, 8], [6, 2], [0, 7]], "float32")
    boxes = {"boxes": np.tile(np.array([[30, 20, 45, 40]], "float32"), (3, 1, 1)), "labels": np.ones((3, 1), int)}
    found = layer.transform_bounding_boxes(boxes, transformation)["boxes"][:, 0]
    masks = layer.transform_segmentation_masks(x, transformation)
    for box, mask in zip(found, masks, strict=True):
        rows, columns = np.nonzero(mask[..., 0])
        # Boxes and images turn around centers that are half a pixel apart; each turn makes a box larger than what is in it.
        assert (box[:2] <= [columns.min() + 1.5, rows.min() + 1.5]).all()
        assert (box[2:] >= [columns.max() - 0.5, rows.max() - 0.5]).all()
        assert np.abs(box - [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]).max() < 14


@augmentations
def test_mistakes(name, arguments, keras):
    for wrong in ({"factor": 2}, {"factor": "a"}, {"interpolation": "bicubic"}, {"value_range": 3}):
        with pytest.raises(Exception) as expected:
            getattr(keras.layers, name)(**{**arguments, **wrong})
        with pytest.raises(type(expected.value)) as raised:
            getattr(layers, name)(**{**arguments, **wrong})
        assert str(raised.value).startswith(str(expected.value).splitlines()[0])


# Equalization by tiles ------------------------------------------------------------------------------------------------

CLAHE = "ContrastLimitedAdaptiveHistogramEqualization"


def equalized_by_loops(image, clip_limit, grid):
    """Returns an image of one channel with values from 0 to 255, equalized tile by tile."""
    (height, width), (rows, columns) = image.shape, grid
    tile_height, tile_width = -(-height // rows), -(-width // columns)
    mirrored = np.pad(image, [(0, tile_height * rows - height), (0, tile_width * columns - width)], mode="symmetric")
    tables = {}
    for row in range(rows):
        for column in range(columns):
            top, left = row * tile_height, column * tile_width
            counts = np.zeros(256)
            for value in mirrored[top : top + tile_height, left : left + tile_width].ravel():
                counts[int(value)] += 1
            if clip_limit:
                clipped = np.minimum(counts, clip_limit * tile_height * tile_width / 256)
                counts = clipped + (counts - clipped).sum() / 256
            sums = np.cumsum(counts)
            tables[row, column] = (sums - sums[0]) * 255 / max(tile_height * tile_width - sums[0], 1e-9)
    outputs = np.zeros(image.shape)
    for y in range(height):
        for x in range(width):
            down, right = y / tile_height - 0.5, x / tile_width - 0.5
            for row in (int(np.floor(down)), int(np.floor(down)) + 1):
                for column in (int(np.floor(right)), int(np.floor(right)) + 1):
                    weight = (1 - abs(down - row)) * (1 - abs(right - column))
                    table = tables[min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)]
                    outputs[y, x] += weight * table[int(image[y, x])]
    return outputs


@pytest.mark.parametrize("clip_limit", [0, 1.5, 4.0])
@pytest.mark.parametrize("grid", [(8, 8), (2, 3), (1, 1)], ids=str)
@pytest.mark.parametrize("shape", [(24, 32, 1), (2, 19, 23, 2), (1, 8, 8, 3)], ids=str)
@formats
def test_tiles(clip_limit, grid, shape, data_format):
    x = images(data_format, shape)
    layer = getattr(layers, CLAHE)(clip_limit=clip_limit, tile_grid_size=grid, data_format=data_format)
    channels = (
        x.reshape(-1, *shape[-3:-1]) if data_format == "channels_first" else np.moveaxis(x, -1, -3).reshape(-1, *shape[-3:-1])
    )
    expected = np.reshape(
        [equalized_by_loops(channel, clip_limit, grid) for channel in channels], (*shape[:-3], shape[-1], *shape[-3:-1])
    )
    found = layer(x)
    found = found if data_format == "channels_first" else np.moveaxis(found, -1, -3)
    np.testing.assert_allclose(found, expected, atol=2e-3)


@pytest.mark.parametrize("value_range", [(0, 255), (0, 510), (-1, 1)], ids=str)
@formats
def test_tiles_of_keras(value_range, data_format, keras):
    """On PyTorch, Keras counts in integers, and so has no limit below 1; and it mirrors no borders."""
    low, high = value_range
    x = images(data_format, (2, 24, 32, 3)) / 255 * (high - low) + low
    arguments = {"clip_limit": 0, "tile_grid_size": (2, 4), "value_range": value_range, "data_format": data_format}
    found = getattr(layers, CLAHE)(**arguments)(x)
    expected = getattr(keras.layers, CLAHE)(**arguments)(as_tensors(x, keras))
    np.testing.assert_allclose(found, keras.ops.convert_to_numpy(expected), atol=1e-5 * (high - low))
    ours, theirs = (getattr(library, CLAHE)(**arguments, name="layer") for library in (layers, keras.layers))
    assert ours.get_config() == theirs.get_config()


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float64"])
def test_types_of_tiles(dtype, keras):
    x = images().astype(dtype)
    arguments = {"tile_grid_size": (2, 3), "clip_limit": 0, "dtype": "float64" if dtype == "float64" else "float32"}
    found = getattr(layers, CLAHE)(**arguments)(x)
    expected = keras.ops.convert_to_numpy(getattr(keras.layers, CLAHE)(**arguments)(as_tensors(x, keras)))
    assert found.dtype == expected.dtype
    assert np.abs(found.astype(float) - expected.astype(float)).max() <= (1 if found.dtype.kind in "iu" else 2e-3)


def test_contrast_is_spread():
    x = RNG.uniform(100, 110, (1, 64, 64, 1)).astype("float32")
    without, limited = (getattr(layers, CLAHE)(clip_limit=limit)(x) for limit in (0, 2.0))
    assert np.ptp(without) > 220
    assert np.ptp(x) < np.ptp(limited) < 60
