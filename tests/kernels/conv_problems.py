"""Convolutions that all kernels are tested with."""

from convlayers.ops.conv_problem import ConvProblem

# Around the register tiles (12 x 32, 6 x 16, 6 x 8 and their halves), the chunk of the depth (384), and blocks of 64 and 72.
CHANNELS = (1, 3, 7, 16, 17, 33, 73, 385)
FILTERS = (1, 6, 8, 15, 31, 32, 33, 65)


def problem(
    image, taps, channels=5, filters=4, strides=(1, 1, 1), dilations=(1, 1, 1), pads=(0, 0, 0), behind=None, groups=1, batch=2
):
    behind = pads if behind is None else behind
    outputs = [
        (size + before + after - (tap - 1) * dilation - 1) // stride + 1
        for size, before, after, tap, dilation, stride in zip(image, pads, behind, taps, dilations, strides, strict=True)
    ]
    return ConvProblem(
        input_shape=(batch, *image, channels * groups),
        kernel_shape=(*taps, channels, filters * groups),
        output_shape=(batch, *outputs, filters * groups),
        strides=strides,
        dilations=dilations,
        pads=pads,
        groups=groups,
        dtype="float32",
    )


def _problems():
    one = (1, 1, 1)
    for channels in CHANNELS:
        yield f"3x3, {channels} channels", problem((1, 6, 9), (1, 3, 3), channels, 5, pads=(0, 1, 1))
    for filters in FILTERS:
        yield f"3x3, {filters} filters", problem((1, 6, 9), (1, 3, 3), 5, filters, pads=(0, 1, 1))
    for pixels in (1, 11, 12, 13, 25, 191, 192, 193, 385):
        yield f"1x1, {pixels} pixels", problem((1, 1, pixels), one, 7, 33, batch=1)
        yield f"3 taps, {pixels} pixels", problem((1, 1, pixels), (1, 1, 3), 2, 9, pads=(0, 0, 1), batch=1)
    for pixels in (1, 6, 13, 31):
        yield f"a dense layer, {pixels} samples", problem((1, 1, pixels), one, 61, 130, batch=1)
    yield "a dense layer, many features", problem((1, 1, 5), one, 1035, 64, batch=1)
    yield "outputs far fewer than inputs", problem((1, 5, 6), (1, 3, 4), 40, 35, batch=7)
    yield "a large dilation", problem((1, 7, 9), (1, 3, 3), 33, 34, dilations=(1, 4, 5), pads=(0, 4, 5), batch=3)
    yield "a large dilation and strides", problem((1, 19, 17), (1, 3, 2), 36, 34, dilations=(1, 5, 6), strides=(1, 2, 3))
    yield (
        "blocks of uneven size",
        problem((1, 20, 42), (1, 5, 4), 96, 35, dilations=(1, 2, 1), pads=(0, 1, 2), behind=(0, 2, 1), batch=2),
    )
    yield (
        "outputs that seem to lie evenly",
        problem(
            (2, 8, 10), (1, 3, 3), 96, 16, strides=(1, 1, 3), dilations=(1, 2, 1), pads=(0, 0, 2), behind=(0, 1, 2), batch=5
        ),
    )
    yield "one long axis", problem((1, 1, 4500), (1, 1, 3), 33, 32, pads=(0, 0, 1), batch=1)
    yield "many pixels", problem((1, 70, 70), (1, 3, 3), 4, 3, batch=3)
    yield "large weights", problem((1, 3, 3), (1, 3, 3), 800, 300, pads=(0, 1, 1))
    yield "a deep window", problem((1, 3, 3), (1, 3, 3), 900, 8, batch=3)
    yield "the image of a tile", problem((1, 4, 4), (1, 3, 3), 34, 66, pads=(0, 1, 1), batch=5)
    yield "uneven padding", problem((1, 8, 5), (1, 3, 3), 34, 66, pads=(0, 2, 0), behind=(0, 0, 2))
    yield "many tiles", problem((1, 41, 23), (1, 3, 3), 40, 70, pads=(0, 1, 1), batch=4)
    # Their gradients for the input have more tiles than outputs have, and Winograd's kernel computes them from those.
    yield "more tiles in than out", problem((1, 41, 22), (1, 3, 3), 40, 70, batch=3)
    yield "more tiles in than out, many images", problem((1, 13, 14), (1, 3, 3), 70, 65, batch=13)
    yield "more tiles in than out, deep transformed weights", problem((1, 6, 10), (1, 3, 3), 200, 170, batch=3)
    yield "nine tiles", problem((1, 13, 13), (1, 3, 3), 70, 64, batch=1)
    yield "64 channels", problem((1, 13, 22), (1, 3, 3), 64, 64, pads=(0, 1, 1), batch=2)
    yield "deep transformed weights", problem((1, 9, 9), (1, 3, 3), 300, 140, pads=(0, 1, 1))
    yield "strides", problem((1, 11, 13), (1, 3, 2), strides=(1, 2, 3), pads=(0, 1, 0))
    yield "1x1, rows a page apart", problem((1, 5, 13), one, 1024, 33)
    yield "strides beyond the kernel", problem((1, 11, 13), (1, 2, 1), strides=(1, 3, 4))
    yield "strides of 1x1", problem((1, 9, 8), one, 65, 33, strides=(1, 2, 2))
    yield "dilation", problem((1, 12, 11), (1, 3, 3), dilations=(1, 2, 3), pads=(0, 2, 1))
    yield "dilation and strides", problem((1, 14, 15), (1, 3, 3), dilations=(1, 2, 3), strides=(1, 3, 2), pads=(0, 3, 1))
    yield "padding beyond the kernel", problem((1, 3, 4), (1, 2, 2), pads=(0, 4, 5))
    yield "padding behind only, beyond the kernel", problem((1, 4, 5), (1, 3, 3), 34, 34, behind=(0, 4, 7))
    yield "1x1, padding behind only", problem((1, 1, 3), one, 33, 34, behind=(0, 0, 5))
    yield "1x1, padding behind only, many pixels", problem((1, 14, 15), one, 65, 34, behind=(0, 3, 2))
    yield "1x1, strides, padding", problem((1, 9, 8), one, 20, 33, strides=(1, 2, 3), pads=(0, 1, 2), behind=(0, 4, 0))
    # Taps that only some outputs see, or none: boxes of outputs, down to single pixels, and tiles of several boxes.
    yield "a dilation beyond the image", problem((1, 7, 6), (1, 3, 3), 33, 34, dilations=(1, 8, 9), pads=(0, 8, 9))
    yield "a dilation of half the image", problem((1, 13, 12), (1, 3, 3), 40, 35, dilations=(1, 6, 6), pads=(0, 6, 6), batch=3)
    yield "a dilation of most of the image", problem((1, 20, 20), (1, 3, 3), 64, 65, dilations=(1, 12, 15), pads=(0, 12, 15))
    yield "a dilation of rows only", problem((1, 30, 20), (1, 3, 3), 96, 64, dilations=(1, 12, 1), pads=(0, 12, 1), batch=1)
    yield "wide groups, dilation", problem((1, 7, 9), (1, 3, 3), 33, 17, groups=2, dilations=(1, 5, 4), pads=(0, 5, 4))
    yield "each output sees other taps", problem((1, 6, 5), (1, 7, 6), 20, 33, pads=(0, 3, 2), behind=(0, 3, 3), batch=3)
    yield "outputs that see nothing", problem((1, 2, 3), (1, 3, 3), 33, 34, dilations=(1, 2, 2), pads=(0, 11, 9))
    yield (
        "strides, dilation and much padding",
        problem((1, 9, 8), (1, 4, 3), 33, 34, strides=(1, 2, 3), dilations=(1, 3, 5), pads=(0, 9, 9), behind=(0, 4, 10)),
    )
    yield "a causal axis", problem((1, 1, 40), (1, 1, 4), 33, 34, dilations=(1, 1, 9), pads=(0, 0, 27), behind=(0, 0, 0))
    yield "three short axes", problem((3, 4, 5), (3, 3, 3), 20, 33, pads=(1, 1, 1))
    yield "three axes, dilation", problem((4, 5, 6), (3, 3, 3), 64, 33, dilations=(3, 2, 4), pads=(3, 2, 4))
    yield "taps along the depth", problem((6, 7, 9), (3, 1, 1), 40, 33, pads=(1, 0, 0))
    yield (
        "taps along the depth and the width, strides, dilation",
        problem((9, 5, 8), (3, 1, 2), 33, 34, strides=(2, 2, 1), dilations=(2, 1, 3), pads=(3, 0, 1), behind=(4, 0, 2)),
    )
    yield "a kernel as large as the image", problem((1, 5, 6), (1, 5, 6))
    yield "groups", problem((1, 7, 7), (1, 3, 3), 3, 5, groups=4, pads=(0, 1, 1))
    yield "wide groups", problem((1, 5, 7), (1, 3, 3), 33, 34, groups=2, strides=(1, 2, 1))
    yield "as many groups as channels", problem((1, 9, 8), (1, 3, 3), 1, 1, groups=19, pads=(0, 1, 1))
    yield "depthwise, few channels", problem((1, 9, 8), (1, 2, 3), 1, 1, groups=4)
    yield "depthwise, a vector", problem((1, 9, 8), (1, 2, 3), 1, 1, groups=16)
    yield "depthwise, several filters", problem((1, 9, 8), (1, 5, 3), 1, 3, groups=17, strides=(1, 2, 2), pads=(0, 2, 1))
    yield "depthwise, dilation", problem((1, 9, 8), (1, 3, 3), 1, 1, groups=33, dilations=(1, 2, 2), pads=(0, 2, 2))
    yield "depthwise, more than a megabyte", problem((1, 45, 47), (1, 3, 3), 1, 1, groups=68, pads=(0, 1, 1))
    yield "depthwise, every other pixel of a megabyte", problem((1, 47, 45), (1, 5, 5), 1, 1, groups=67, strides=(1, 2, 2))
    # Vectors of filters of one group, of several groups, or of several pixels; the last vector is not full.
    for channels, filters, groups in (
        (4, 4, 9),
        (2, 2, 17),
        (8, 8, 5),
        (1, 3, 33),
        (3, 1, 33),
        (5, 3, 7),
        (3, 7, 5),
        (12, 12, 3),
        (17, 20, 2),
        (1, 1, 3),
        (1, 2, 2),
    ):
        shape = problem((1, 9, 16), (1, 3, 3), channels, filters, groups=groups, pads=(0, 1, 1))
        yield f"{groups} groups of {channels} channels and {filters} filters", shape
    yield "groups, strides", problem((1, 13, 17), (1, 3, 3), 4, 4, groups=8, strides=(1, 2, 2), pads=(0, 1, 1))
    yield "groups, strides beyond the kernel", problem((1, 13, 17), (1, 2, 3), 4, 4, groups=8, strides=(1, 3, 1))
    yield "groups, dilation", problem((1, 13, 17), (1, 3, 3), 4, 4, groups=8, dilations=(1, 2, 2), pads=(0, 4, 1))
    yield "groups, three axes", problem((4, 5, 9), (2, 3, 3), 4, 4, groups=4, strides=(1, 2, 1), pads=(1, 1, 1))
    yield "groups, padding beyond the kernel", problem((1, 2, 3), (1, 3, 3), 4, 4, groups=8, pads=(0, 5, 9))
    yield "groups, several blocks", problem((1, 60, 8), (1, 3, 3), 4, 4, groups=64, pads=(0, 1, 1))
    yield "few channels, strides", problem((1, 9, 31), (1, 3, 2), 1, 1, groups=3, strides=(1, 2, 3), pads=(0, 1, 1))
    # Bundles of groups, the last of which is smaller; groups that are divided into blocks; both sizes of tiles.
    yield "many groups of a vector", problem((1, 17, 9), (1, 3, 3), 16, 17, groups=9, pads=(0, 1, 1))
    yield "groups that are divided", problem((1, 9, 10), (1, 3, 3), 97, 100, groups=2, pads=(0, 0, 2), behind=(0, 1, 1))
    yield "groups of 5x5", problem((1, 11, 13), (1, 5, 5), 20, 33, groups=3, pads=(0, 2, 4), behind=(0, 1, 2))
    yield "one axis", problem((1, 1, 40), (1, 1, 5), 6, 7, strides=(1, 1, 2), dilations=(1, 1, 3), pads=(0, 0, 12))
    yield "three axes", problem((5, 6, 7), (2, 3, 3), strides=(2, 1, 2), dilations=(1, 2, 1), pads=(1, 2, 0))
    # Sums over slices of the depth: blocks of a few, kernels that fit no cache, taps and slices that are left out.
    yield "3x3x3, many slices", problem((11, 9, 14), (3, 3, 3), 34, 65, pads=(1, 1, 1), batch=3)
    yield "3x3x3, one slice", problem((1, 9, 14), (3, 3, 3), 17, 33, pads=(1, 1, 1))
    yield "3x3x3, no padding", problem((9, 13, 14), (3, 3, 3), 70, 33)
    yield "3x3x3, many weights", problem((5, 6, 7), (3, 3, 3), 130, 200, pads=(1, 1, 1), batch=1)
    yield "3x3x3, slices of padding", problem((2, 6, 9), (3, 3, 3), 33, 34, pads=(2, 1, 1), behind=(7, 1, 1))
    yield "3x3x3, dilation", problem((7, 11, 9), (3, 3, 3), 35, 34, dilations=(3, 2, 1), pads=(3, 2, 1))
    yield "two taps of 3x3 along the depth", problem((6, 5, 9), (2, 3, 3), 33, 34, pads=(1, 1, 0), behind=(0, 1, 2))
    yield "five taps of 3x3 along the depth", problem((4, 9, 6), (5, 3, 3), 33, 34, pads=(4, 2, 2))
    yield "slices that are images", problem((5, 9, 6), (1, 3, 3), 33, 34, pads=(0, 1, 1))
    # Tiles whose pixels are apart: of all phases, and of some only in the last stretch of an axis.
    yield "two rates of dilation", problem((1, 23, 31), (1, 3, 3), 40, 66, dilations=(1, 2, 5), pads=(0, 2, 5), batch=3)
    yield "dilation, no padding", problem((1, 13, 21), (1, 3, 3), 34, 33, dilations=(1, 3, 2))
    yield "groups of 5x5, dilation", problem((1, 19, 14), (1, 5, 5), 20, 33, groups=2, dilations=(1, 2, 3), pads=(0, 4, 6))
    # Parts of kernels, for Winograd's algorithm: along one axis or two, blocks of neighbours, every so many-th tap.
    for taps in (2, 3, 4, 5, 6, 7, 9):
        yield f"{taps} taps along a row", problem((1, 3, 41), (1, 1, taps), 34, 33, pads=(0, 0, taps // 2))
        yield f"{taps} taps along a column", problem((1, 23, 5), (1, taps, 1), 33, 34, pads=(0, taps - 1, 0), behind=(0, 0, 0))
        yield f"{taps}x{taps}", problem((1, 19, 22), (1, taps, taps), 20, 33, pads=(0, taps // 2, taps // 2))
    for taps, stride in ((2, 2), (3, 2), (4, 2), (5, 2), (7, 2), (7, 3), (12, 2)):
        behind = (0, stride - 1, taps - 1)
        yield (
            f"{taps}x{taps}, strides of {stride}",
            problem((1, 29, 26), (1, taps, taps), 18, 34, strides=(1, stride, stride), pads=(0, taps - 1, 1), behind=behind),
        )
    yield "uneven strides", problem((1, 21, 30), (1, 4, 3), 33, 17, strides=(1, 1, 3), pads=(0, 2, 0))
    yield "strides of volumes", problem((5, 15, 14), (3, 3, 4), 17, 33, strides=(1, 2, 2), pads=(1, 1, 1))
    yield "7x5, dilation", problem((1, 33, 30), (1, 7, 5), 17, 33, dilations=(1, 2, 3), pads=(0, 6, 6))
    yield "5x5, many weights", problem((1, 9, 9), (1, 5, 5), 130, 200, strides=(1, 2, 2), pads=(0, 2, 2), batch=4)
    yield "7x7, many tiles", problem((1, 41, 40), (1, 7, 7), 33, 65, pads=(0, 3, 3), batch=2)
    for taps in (2, 5, 7, 8, 10, 11):
        yield f"few channels, {taps} taps", problem((1, 9, 31), (1, 3, taps), 1, 20, pads=(0, 1, 2))
    for filters in (6, 24, 40, 72):
        yield f"few channels, {filters} filters", problem((1, 29, 27), (1, 3, 3), 3, filters, strides=(1, 2, 1), pads=(0, 1, 0))
    yield "few channels, a long row", problem((1, 1, 5000), (1, 1, 9), 2, 12, pads=(0, 0, 4), batch=1)
    yield "few channels, narrow", problem((3, 40, 1), (2, 3, 1), 4, 18, pads=(0, 1, 0), dilations=(1, 3, 1))
    for filters in (2, 4, 5, 7):
        yield f"to {filters} filters", problem((1, 19, 30), (1, 3, 3), 20, filters, pads=(0, 1, 0), dilations=(1, 2, 1))
    yield "to few filters, blocks of rows", problem((1, 73, 39), (1, 3, 3), 36, 3, pads=(0, 1, 1), batch=1)
    yield "to few filters, parts of rows", problem((1, 2, 4000), (1, 2, 5), 17, 3, pads=(0, 1, 2), batch=1)
    yield "to few filters, three axes", problem((4, 9, 20), (3, 3, 3), 18, 3, pads=(1, 1, 1))
    yield "from few channels, phases", problem((1, 37, 42), (1, 4, 4), 3, 20, strides=(1, 2, 2), pads=(0, 1, 1), batch=3)
    yield "from few channels, larger phases", problem((2, 50, 40), (1, 5, 3), 2, 33, strides=(2, 3, 2), pads=(0, 2, 1), batch=1)
    yield "no images", problem((1, 6, 6), (1, 3, 3), 33, 33, batch=0)


PROBLEMS = dict(_problems())
