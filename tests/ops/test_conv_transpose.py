"""Transposed convolution against plain loops in float64, and against PyTorch."""

import itertools

import numpy as np
import pytest

from convlayers import ops
from convlayers.autograd import Tape

RANDOM = np.random.default_rng(0)


def loops(x, kernel, strides, dilation, groups):
    """Returns the sum of all windows: what "valid" padding gives with `output_padding` 0."""
    *size, filters, channels = kernel.shape
    spans = [(taps - 1) * step + 1 for taps, step in zip(size, dilation, strict=True)]
    spatial = [(length - 1) * stride + span for length, stride, span in zip(x.shape[1:-1], strides, spans, strict=True)]
    y = np.zeros((len(x), *spatial, filters * groups))
    for pixel, tap in itertools.product(np.ndindex(x.shape[1:-1]), np.ndindex(*size)):
        place = tuple(p * stride + t * step for p, stride, t, step in zip(pixel, strides, tap, dilation, strict=True))
        for group in range(groups):
            c = slice(group * channels // groups, (group + 1) * channels // groups)
            k = slice(group * filters, (group + 1) * filters)
            y[(slice(None), *place, k)] += x[(slice(None), *pixel, c)] @ kernel[(*tap, slice(None), c)].T
    return y


CASES = [
    ((2, 5, 3), (3,), 4, (2,), (1,), 1),
    ((1, 4, 5, 3), (2, 3), 4, (2, 1), (1, 1), 1),
    ((2, 4, 3, 33), (3, 3), 34, (2, 2), (1, 1), 1),
    ((1, 3, 5, 4), (2, 2), 1, (3, 3), (1, 1), 1),
    ((1, 6, 5, 3), (3, 2), 2, (1, 1), (2, 3), 1),
    ((1, 4, 4, 6), (3, 3), 5, (2, 3), (3, 2), 1),
    ((1, 3, 2, 4, 2), (2, 3, 2), 3, (2, 1, 2), (1, 1, 1), 1),
    ((2, 4, 5, 6), (3, 3), 2, (2, 2), (1, 1), 3),
    ((2, 4, 5, 20), (3, 3), 1, (2, 2), (1, 1), 20),
    ((1, 9, 8, 64), (3, 3), 48, (1, 1), (1, 1), 1),
    ((3, 1, 1, 40), (4, 4), 33, (1, 1), (1, 1), 1),
    ((4, 16, 16, 70), (4, 4), 40, (2, 2), (1, 1), 1),
    ((2, 24, 17, 40), (2, 2), 24, (2, 2), (1, 1), 1),
    ((1, 70, 40, 20), (2, 2), 24, (2, 2), (1, 1), 1),
    ((2, 3, 4, 5, 20), (2, 2, 2), 24, (2, 2, 2), (1, 1, 1), 1),
    ((2, 5, 3, 40), (4, 2), 3, (4, 2), (1, 1), 1),
    ((1, 2, 3, 2, 9), (1, 2, 3), 2, (1, 2, 3), (1, 1, 1), 1),
    ((2, 6, 5), (3,), 1, (3,), (1,), 1),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", [None, ops.relu, ops.gelu])
@pytest.mark.parametrize(("shape", "size", "filters", "strides", "dilation", "groups"), CASES)
def test_outputs_and_gradients_of_plain_loops(shape, size, filters, strides, dilation, groups, activation, dtype):
    sizes = shape, (*size, filters, shape[-1]), (filters * groups,)
    arrays = [RANDOM.normal(size=size).astype(dtype) for size in sizes]
    exact = [array.astype("float64") for array in arrays]

    def linear(x, kernel, bias):
        return loops(x, kernel, strides, dilation, groups) + bias

    before = linear(*exact)
    # Gradients leave out what is near the corner of relu, on whose sides rounding errors put it.
    d_y = (RANDOM.normal(size=before.shape) * (np.abs(before) > 1e-3)).astype(dtype)
    with Tape() as tape:
        sources = [tape.watch(array) for array in arrays]
        y = ops.conv_transpose_bias_activation(*sources, strides, 0, None, None, dilation, activation, groups)
    gradients = tape.backward([y], [d_y], sources)
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    expected = activation(before) if activation else before
    np.testing.assert_allclose(y.value, expected, rtol=0, atol=tolerance * np.abs(before).max())
    # A gradient times a direction is what outputs change along it: linear in each array, then times the activation's slope.
    slope = (activation(before + 1e-4) - activation(before - 1e-4)) / 2e-4 if activation else 1
    for place, (gradient, array) in enumerate(zip(gradients, exact, strict=True)):
        direction = RANDOM.normal(size=array.shape)
        moved = [*exact[:place], array + direction, *exact[place + 1 :]]
        change = (linear(*moved) - before) * slope
        np.testing.assert_allclose(
            np.vdot(gradient, direction),
            np.vdot(change, d_y),
            atol=max(tolerance, 1e-8) * np.linalg.norm(change) * np.linalg.norm(d_y),
        )


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(
    ("rank", "strides", "padding", "output_padding", "dilation", "groups"),
    [(1, 2, 1, 1, 1, 1), (2, 2, 1, 1, 1, 2), (2, (3, 2), (0, 2), (2, 0), 1, 1), (2, 2, 1, 1, 2, 4), (3, 2, (1, 0, 1), 1, 1, 2)],
)
def test_padding_and_groups_of_pytorch(rank, strides, padding, output_padding, dilation, groups, data_format):
    torch = pytest.importorskip("torch")
    transpose = (torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d)[rank - 1]
    x, kernel = RANDOM.normal(size=(2, 8, 5, 4, 3)[: rank + 2]), RANDOM.normal(size=(*(3, 2, 3)[:rank], 6 // groups * 2, 8))
    bias = RANDOM.normal(size=kernel.shape[-2] * groups)
    expected = transpose(
        *map(torch.tensor, (x, np.moveaxis(kernel, (-1, -2), (0, 1)).copy(), bias)),
        strides,
        padding,
        output_padding,
        groups,
        dilation,
    ).numpy()
    given = x if data_format == "channels_first" else np.moveaxis(x, 1, -1)
    y = ops.conv_transpose_bias_activation(
        given, kernel, bias, strides, padding, output_padding, data_format, dilation, groups=groups
    )
    np.testing.assert_allclose(
        y if data_format == "channels_first" else np.moveaxis(y, -1, 1), expected, rtol=1e-10, atol=1e-10
    )


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("output_padding", [None, 0, 1, 2])
def test_lengths_and_places_of_keras(keras, padding, output_padding):
    for length, size, stride, dilation in itertools.product((1, 2, 5), (1, 2, 3, 4, 5), (1, 2, 3), (1, 2)):
        if output_padding is not None and output_padding >= stride:
            continue
        x, kernel = RANDOM.normal(size=(1, length, 2)), RANDOM.normal(size=(size, 3, 2))
        arguments = stride, padding, output_padding, "channels_last", dilation
        y = ops.conv_transpose(x, kernel, *arguments)
        if y.size:  # PyTorch refuses to make nothing.
            expected = keras.ops.convert_to_numpy(keras.ops.conv_transpose(x, kernel, *arguments))
            np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-10, err_msg=str((length, size, stride, dilation)))


@pytest.mark.parametrize("op", ["conv_transpose", "depthwise_conv"])
def test_other_channels_are_refused_in_the_words_of_keras(keras, op):
    x, kernel = np.ones((2, 3, 8, 8)), np.ones((3, 3, 4, 4))
    messages = []
    for library in (ops, keras.ops):
        with pytest.raises(ValueError) as error:
            getattr(library, op)(x, kernel, data_format="channels_last")
        messages.append(str(error.value))
    assert messages[0].split("\n")[0] == messages[1]
    assert "look like channels_first: (2, 3, 8, 8)" in messages[0]


def test_arrays_without_pixels_or_images():
    kernel = np.ones((2, 2, 3, 4))
    for shape in ((0, 4, 4, 4), (2, 0, 4, 4)):
        with Tape() as tape:
            x = tape.watch(np.ones(shape))
            y = ops.conv_transpose(x, kernel, 2, "same")
        assert y.shape == (shape[0], 2 * shape[1], 8, 3)
        assert tape.backward([y], [np.ones(y.shape)], [x])[0].shape == shape


@pytest.mark.parametrize(
    ("shape", "size", "strides"),
    [
        ((1, 112, 112, 128), (2, 2, 64, 128), 2),  # windows side by side, several times as many as are computed at once
        ((2, 100, 96, 40), (4, 4, 3, 40), 4),
        ((2, 8, 60, 50, 20), (2, 2, 2, 24, 20), 2),
        ((8, 32, 32, 64), (4, 4, 3, 64), 2),  # few filters
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_same_results_for_any_number_of_threads(threads, shape, size, strides, dtype):
    x, kernel, bias = (RANDOM.normal(size=size).astype(dtype) for size in (shape, size, size[-2:-1]))
    results = []
    for count in (1, 2, 4):
        with threads(count):
            results.append(ops.conv_transpose_bias_activation(x, kernel, bias, strides, "same", activation=ops.relu))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])
