"""The table of cases. Rows are only added: a row that changes loses its history.

Sizes are chosen so that one call takes 1 to 50 ms on a few cores. The arguments of a row are

    conv(name, batch, size, channels, filters, kernel=3, stride=1, dilation=1, groups=1, padding="same")
    depthwise(name, batch, size, channels, kernel=3, stride=1, dilation=1, padding="same")
    conv_transpose(name, batch, size, channels, filters, kernel, stride, padding="same")
    pool(name, "max_pool" or "average_pool", batch, size, channels, window, stride=window, padding="valid")
    adaptive_pool(name, "adaptive_max_pool" or "adaptive_average_pool", batch, size, channels, output_size)
    keeping(name, class, shape of the input, **arguments)
    images(name, class, shape of the input, shape of the output, **arguments)
    merging(name, class, shapes of the inputs, **arguments)

where one number stands for a square. `first` marks the first layer of a model, whose training needs no gradient for the
input; `quick` marks the small selection. Layers with stride 2 are "valid" on an input that already has its border of
zeros, as in Keras's own ResNet and MobileNet: every library then computes the same, without an extra copy.
"""

from benchmarks.image_case import images
from benchmarks.keeping_case import keeping
from benchmarks.layer_case import adaptive_pool, conv, conv_transpose, depthwise, family, pool
from benchmarks.merging_case import merging
from benchmarks.models import MODEL_CASES
from benchmarks.scaling import SCALING_CASES

LAYER_CASES = [
    *family(
        # Stride 1, at least 32 channels and filters.
        "3x3",
        conv("vgg16/conv1_2", 1, 224, 64, 64),
        conv("vgg16/conv2_1", 1, 112, 64, 128),
        conv("vgg16/conv2_2", 1, 112, 128, 128),
        conv("vgg16/conv3_1", 1, 56, 128, 256),
        conv("vgg16/conv3_2", 1, 56, 256, 256),
        conv("vgg16/conv3_3", 2, 56, 256, 256),  # The same layer as conv3_2, like others below: more images at once.
        conv("vgg16/conv4_1", 1, 28, 256, 512),
        conv("vgg16/conv4_2", 1, 28, 512, 512),
        conv("vgg16/conv4_3", 2, 28, 512, 512),
        conv("vgg16/conv5_1", 1, 14, 512, 512, quick=True),
        conv("vgg16/conv5_2", 4, 14, 512, 512),
        conv("vgg16/conv5_3", 8, 14, 512, 512),
        conv("resnet50/conv2_3x3", 4, 56, 64, 64, quick=True),
        conv("resnet50/conv3_3x3", 4, 28, 128, 128),
        conv("resnet50/conv4_3x3", 4, 14, 256, 256),
        conv("resnet50/conv5_3x3", 8, 7, 512, 512),
        conv("resnet18/conv2", 1, 56, 64, 64),
        conv("resnet18/conv3", 1, 28, 128, 128),
        conv("resnet18/conv4", 1, 14, 256, 256),
        conv("resnet18/conv5", 1, 7, 512, 512),
        conv("resnet18/conv3_batch32", 32, 28, 128, 128),
        conv("unet/down2", 1, 128, 64, 128),
        conv("unet/bottom", 1, 16, 512, 1024),
        conv("unet/up3", 1, 48, 512, 256),
        conv("unet/up1", 1, 160, 128, 64),
        conv("cifar/32x32x32", 64, 32, 32, 32),
        conv("cifar/32x32x64", 16, 32, 64, 64),
        conv("cifar/16x16x64", 64, 16, 64, 128),
        conv("cifar/8x8x128", 64, 8, 128, 256),
        conv("mnist/conv2", 64, 13, 64, 128, padding="valid", quick=True),
        conv("mnist/conv3", 64, 5, 128, 256, padding="valid"),
        conv("book128/conv2", 16, 63, 32, 64, padding="valid"),
        conv("book128/conv3", 16, 30, 64, 128, padding="valid"),
        conv("book128/conv4", 16, 14, 128, 128, padding="valid"),
    ),
    *family(
        # All other ordinary convolutions in two dimensions.
        "dense",
        # Few input channels.
        conv("mnist/conv1", 64, 28, 1, 64, padding="valid", first=True, quick=True),
        conv("vgg16/conv1_1", 4, 224, 3, 64, first=True),
        conv("book128/conv1", 16, 128, 3, 32, padding="valid", first=True),
        conv("cifar/conv1", 64, 32, 3, 32, first=True),
        conv("mobilenetv2/conv1", 8, 225, 3, 32, stride=2, padding="valid", first=True),
        conv("resnet50/conv1", 4, 230, 3, 64, 7, stride=2, padding="valid", first=True, quick=True),
        conv("alexnet/conv1", 8, 227, 3, 96, 11, stride=4, padding="valid", first=True),
        conv("lenet/conv1", 256, 28, 1, 6, 5, first=True),
        conv("gray/7x7", 8, 128, 1, 32, 7, first=True),
        conv("few/3to16_inner", 32, 64, 3, 16),
        conv("few/16to3_inner", 32, 64, 16, 3),
        # Larger and oblong kernels.
        conv("alexnet/conv2", 4, 27, 96, 256, 5),
        conv("lenet/conv2", 256, 14, 6, 16, 5, padding="valid"),
        conv("inception/5x5", 8, 28, 32, 96, 5),
        conv("inception/1x7", 8, 17, 128, 128, (1, 7), quick=True),
        conv("inception/7x1", 8, 17, 128, 192, (7, 1)),
        conv("large/7x7", 2, 56, 64, 64, 7),
        # Stride 2.
        conv("resnet18/conv3_stride2", 4, 58, 64, 128, stride=2, padding="valid"),
        conv("resnet18/conv4_stride2", 8, 30, 128, 256, stride=2, padding="valid"),
        conv("resnet18/conv5_stride2", 8, 16, 256, 512, stride=2, padding="valid"),
        conv("allconv/stride2", 32, 32, 96, 96, stride=2, padding="valid"),
        conv("dcgan/5x5_stride2", 8, 35, 64, 128, 5, stride=2, padding="valid"),
        conv("same/stride2", 8, 64, 32, 64, stride=2),
        # 1x1.
        conv("resnet50/conv2_reduce", 4, 56, 256, 64, 1),
        conv("resnet50/conv2_expand", 4, 56, 64, 256, 1, quick=True),
        conv("resnet50/conv3_reduce", 4, 28, 512, 128, 1),
        conv("resnet50/conv3_expand", 4, 28, 128, 512, 1),
        conv("resnet50/conv4_reduce", 4, 14, 1024, 256, 1),
        conv("resnet50/conv4_expand", 4, 14, 256, 1024, 1),
        conv("resnet50/conv5_reduce", 8, 7, 2048, 512, 1),
        conv("resnet50/conv5_expand", 8, 7, 512, 2048, 1),
        conv("resnet50/conv3_shortcut", 4, 56, 256, 512, 1, stride=2),
        conv("resnet50/conv4_shortcut", 4, 28, 512, 1024, 1, stride=2),
        conv("resnet50/conv5_shortcut", 8, 14, 1024, 2048, 1, stride=2),
        conv("mobilenetv2/block1_expand", 4, 112, 16, 96, 1),
        conv("mobilenetv2/block1_project", 8, 56, 96, 24, 1),
        conv("mobilenetv2/block6_expand", 16, 28, 32, 192, 1),
        conv("mobilenetv2/block12_project", 16, 14, 576, 96, 1),
        conv("mobilenetv2/conv_last", 16, 7, 320, 1280, 1),
        # Dilated.
        conv("deeplab/rate2", 2, 32, 256, 256, dilation=2, quick=True),
        conv("deeplab/rate6", 2, 33, 256, 256, dilation=6),
        conv("context/rate4", 2, 64, 64, 64, dilation=4),
        conv("context/5x5_rate2", 2, 64, 32, 64, 5, dilation=2),
        # Channels that fill no whole vector.
        conv("odd/17to19", 16, 56, 17, 19),
        conv("odd/20to50", 32, 28, 20, 50),
        conv("odd/33to65", 16, 28, 33, 65),
        conv("odd/100to10_1x1", 64, 28, 100, 10, 1),
        conv("odd/24to24", 16, 56, 24, 24),
    ),
    *family(
        "depthwise",
        depthwise("mobilenetv2/block0", 8, 112, 32),
        depthwise("mobilenetv2/block1_stride2", 4, 113, 96, stride=2, padding="valid"),
        depthwise("mobilenetv2/block2", 8, 56, 144, quick=True),
        depthwise("mobilenetv2/block3_stride2", 8, 57, 144, stride=2, padding="valid"),
        depthwise("mobilenetv2/block4", 16, 28, 192),
        depthwise("mobilenetv2/block6_stride2", 32, 29, 192, stride=2, padding="valid"),
        depthwise("mobilenetv2/block7", 32, 14, 384),
        depthwise("mobilenetv2/block11", 16, 14, 576),
        depthwise("mobilenetv2/block13_stride2", 32, 15, 576, stride=2, padding="valid"),
        depthwise("mobilenetv2/block14", 64, 7, 960),
        depthwise("efficientnet/block3", 8, 56, 144, 5),
        depthwise("efficientnet/block3_stride2", 8, 59, 144, 5, stride=2, padding="valid", quick=True),
        depthwise("efficientnet/block5", 16, 28, 240, 5),
        depthwise("efficientnet/block9", 16, 14, 672, 5),
        depthwise("efficientnet/block12_stride2", 16, 17, 672, 5, stride=2, padding="valid"),
        depthwise("odd/channels20", 32, 56, 20),
    ),
    *family(
        "grouped",
        conv("alexnet/conv2_groups2", 4, 27, 96, 256, 5, groups=2),
        conv("alexnet/conv4_groups2", 8, 13, 384, 384, groups=2),
        conv("groups4/56x56x128", 2, 56, 128, 128, groups=4),
        conv("groups8/28x28x128", 4, 28, 128, 128, groups=8),
        conv("groups16/28x28x256", 4, 28, 256, 256, groups=16),
        conv("resnext50/conv2", 4, 56, 128, 128, groups=32, quick=True),
        conv("resnext50/conv3_stride2", 4, 58, 256, 256, groups=32, stride=2, padding="valid"),
        conv("resnext50/conv3", 4, 28, 256, 256, groups=32),
        conv("resnext50/conv4", 8, 14, 512, 512, groups=32),
        conv("resnext50/conv5", 8, 7, 1024, 1024, groups=32),
        conv("shufflenet/1x1_groups3", 8, 28, 240, 240, 1, groups=3),
        conv("groups2/1x1", 8, 28, 256, 256, 1, groups=2),
    ),
    *family(
        "transposed",
        conv_transpose("unet/up4", 1, 14, 1024, 512, 2, stride=2),
        conv_transpose("unet/up3_2x2", 1, 28, 512, 256, 2, stride=2, quick=True),
        conv_transpose("unet/up2_2x2", 1, 56, 256, 128, 2, stride=2),
        conv_transpose("unet/up1_2x2", 1, 112, 128, 64, 2, stride=2),
        conv_transpose("dcgan/project", 16, 1, 100, 512, 4, stride=1, padding="valid", first=True),
        conv_transpose("dcgan/4x4_up1", 8, 8, 512, 256, 4, stride=2),
        conv_transpose("dcgan/4x4_up2", 8, 16, 256, 128, 4, stride=2),
        conv_transpose("dcgan/4x4_image", 16, 32, 64, 3, 4, stride=2),
        conv_transpose("decoder/3x3_stride2", 4, 28, 128, 64, 3, stride=2, padding="valid"),
        conv_transpose("decoder/3x3_stride1", 4, 56, 64, 64, 3, stride=1),
        conv_transpose("decoder/5x5_stride2", 8, 14, 128, 64, 5, stride=2, padding="valid"),
        conv_transpose("patches/16x16_image", 4, 14, 384, 3, 16, stride=16),
    ),
    *family(
        "pooling",
        pool("mnist/max", "max_pool", 64, 26, 64, 2),
        pool("vgg16/max1", "max_pool", 4, 224, 64, 2),
        pool("vgg16/max4", "max_pool", 16, 28, 512, 2, quick=True),
        pool("book128/max1", "max_pool", 16, 126, 32, 2),
        pool("resnet50/max", "max_pool", 8, 113, 64, 3, stride=2),
        pool("inception/max_3x3", "max_pool", 8, 28, 192, 3, stride=1, padding="same"),
        pool("odd/max_channels20", "max_pool", 32, 56, 20, 2),
        pool("lenet/average", "average_pool", 256, 28, 6, 2),
        pool("densenet/average", "average_pool", 16, 56, 128, 2, quick=True),
        pool("inception/average_3x3", "average_pool", 8, 28, 192, 3, stride=1, padding="same"),
        pool("global/average_7x7", "average_pool", 64, 7, 2048, 7),
        pool("1d/max", "max_pool", 32, (4096,), 32, 2),
        pool("3d/max", "max_pool", 4, (16, 56, 56), 32, 2),
        pool("1d/max_channels3", "max_pool", 32, (4000,), 3, 3, stride=2),
        pool("few/max_channel1", "max_pool", 64, 113, 1, 2),
        pool("few/max_channel1_3x3", "max_pool", 32, 57, 1, 3, stride=1, padding="same"),
        pool("few/max_channels3", "max_pool", 16, 113, 3, 3, stride=2),
        pool("few/max_channels10_5x5", "max_pool", 16, 57, 10, 5, stride=2),
        pool("few/average_channels3", "average_pool", 32, 113, 3, 3, stride=2),
        pool("odd/max_channels17", "max_pool", 16, 57, 17, 3, stride=2),
        pool("huge/max_64x64", "max_pool", 64, 64, 1, 64),
        pool("huge/max_16x16", "max_pool", 32, 64, 8, 16),
        pool("3d/max_channel1", "max_pool", 8, (16, 56, 56), 1, 2),
        adaptive_pool("few/adaptive_max_channel1", "adaptive_max_pool", 64, 57, 1, 12),
        adaptive_pool("spp/max_56to7", "adaptive_max_pool", 16, 56, 64, 7),
        adaptive_pool("spp/max_13to6", "adaptive_max_pool", 64, 13, 256, 6, quick=True),
        adaptive_pool("psp/average_28to6", "adaptive_average_pool", 16, 28, 256, 6),
        adaptive_pool("vgg16/average_14to7", "adaptive_average_pool", 32, 14, 512, 7),
        adaptive_pool("resnet50/average_7to1", "adaptive_average_pool", 64, 7, 2048, 1),
        adaptive_pool("odd/average_channels20", "adaptive_average_pool", 64, 28, 20, 5),
        adaptive_pool("1d/adaptive_average", "adaptive_average_pool", 32, (4000,), 32, 128),
        adaptive_pool("3d/adaptive_max", "adaptive_max_pool", 4, (16, 56, 56), 32, (4, 7, 7)),
    ),
    *family(
        "1d-3d",
        conv("text/128to128_width3", 32, (256,), 128, 128, quick=True),
        conv("text/128to256_width5", 32, (128,), 128, 256, 5),
        conv("audio/1to64_width80_stride4", 4, (16000,), 1, 64, 80, stride=4, padding="valid", first=True),
        conv("audio/64to128", 8, (4000,), 64, 128),
        conv("wavenet/rate16", 4, (4096,), 32, 64, 2, dilation=16, padding="valid"),
        conv("signal/64to64_1", 32, (512,), 64, 64, 1),
        conv("c3d/conv1", 1, (16, 80, 80), 3, 32, first=True),
        conv("c3d/conv2", 1, (16, 56, 56), 32, 64),
        conv("c3d/conv4", 1, (8, 14, 14), 256, 256, quick=True),
        conv("unet3d/down1", 1, (32, 48, 48), 32, 32),
        conv("r2plus1d/spatial", 1, (8, 56, 56), 64, 64, (1, 3, 3)),
        conv("r2plus1d/temporal", 1, (8, 56, 56), 64, 64, (3, 1, 1)),
        conv("slowfast/1x1x1_stride2", 2, (8, 56, 56), 64, 128, 1, stride=(1, 2, 2)),
    ),
]

KEEPING_CASES = [
    keeping("batch/28x28x128", "BatchNormalization", (32, 28, 28, 128)),
    keeping("layer/28x28x128", "LayerNormalization", (32, 28, 28, 128)),
    keeping("layer/56x56x64", "LayerNormalization", (8, 56, 56, 64)),
    keeping("layer/512", "LayerNormalization", (64, 512), quick=True),
    keeping("rms/28x28x128", "RMSNormalization", (32, 28, 28, 128)),
    keeping("rms/512", "RMSNormalization", (64, 512)),
    keeping("group/28x28x128", "GroupNormalization", (32, 28, 28, 128), groups=32),
    keeping("group/56x56x64", "GroupNormalization", (8, 56, 56, 64), groups=16, quick=True),
    keeping("group/512", "GroupNormalization", (64, 512), groups=32),
    keeping("instance/28x28x128", "GroupNormalization", (32, 28, 28, 128), groups=128),
    keeping("prelu/28x28x128", "PReLU", (32, 28, 28, 128), shared_axes=[1, 2]),
    keeping("dropout/28x28x128", "Dropout", (32, 28, 28, 128), random=True, rate=0.3),
    keeping("dropout/512", "Dropout", (64, 512), random=True, quick=True, rate=0.5),
    keeping("separable/28x28x128", "SeparableConv2D", (8, 28, 28, 128), filters=128, kernel_size=3, padding="same"),
    keeping("dropout2d/28x28x128", "SpatialDropout2D", (32, 28, 28, 128), random=True, rate=0.3),
    keeping("noise/28x28x128", "GaussianNoise", (32, 28, 28, 128), random=True, stddev=0.1),
    keeping("noise/512", "GaussianNoise", (64, 512), random=True, stddev=0.1),
]


def _to(size):
    return {"height": size, "width": size, "interpolation": "bilinear"}


IMAGE_CASES = [
    images("upsample/56x56x64_nearest", "UpSampling2D", (8, 56, 56, 64), (8, 112, 112, 64), interpolation="nearest"),
    images("upsample/56x56x64_bilinear", "UpSampling2D", (8, 56, 56, 64), (8, 112, 112, 64), interpolation="bilinear"),
    images("upsample/14x14x256_bilinear", "UpSampling2D", (16, 14, 14, 256), (16, 28, 28, 256), interpolation="bilinear"),
    images("resize/256to224", "Resizing", (16, 256, 256, 3), (16, 224, 224, 3), **_to(224)),
    images("resize/224to96_antialias", "Resizing", (16, 224, 224, 3), (16, 96, 96, 3), **_to(96), antialias=True, quick=True),
    images("pad/56x56x64", "ZeroPadding2D", (8, 56, 56, 64), (8, 58, 58, 64), padding=1),
    images("global/average_7x7x2048", "GlobalAveragePooling2D", (16, 7, 7, 2048), (16, 2048)),
    images("global/max_56x56x64", "GlobalMaxPooling2D", (8, 56, 56, 64), (8, 64)),
    images("rescale/224x224x3", "Rescaling", (16, 224, 224, 3), quick=True, scale=1 / 127.5, offset=-1.0),
    images("flip/128x128x3", "RandomFlip", (32, 128, 128, 3), random=True, mode="horizontal"),
    images("rotate/128x128x3", "RandomRotation", (32, 128, 128, 3), random=True, quick=True, factor=0.1),
    images("brightness/128x128x3", "RandomBrightness", (32, 128, 128, 3), random=True, factor=0.2, value_range=(-9, 9)),
    images("contrast/128x128x3", "RandomContrast", (32, 128, 128, 3), random=True, factor=0.2, value_range=(-9, 9)),
    images("translate/128x128x3", "RandomTranslation", (32, 128, 128, 3), random=True, height_factor=0.2, width_factor=0.2),
    images("crop/32x32x3", "RandomCrop", (8, 32, 32, 3), (8, 24, 24, 3), random=True, height=24, width=24),
    images("flip/32x32x3", "RandomFlip", (8, 32, 32, 3), random=True, mode="horizontal"),
    images("rotate/32x32x3", "RandomRotation", (8, 32, 32, 3), random=True, factor=0.1),
    images("brightness/32x32x3", "RandomBrightness", (8, 32, 32, 3), random=True, factor=0.2, value_range=(-9, 9)),
]

MERGING_CASES = [
    merging("add/56x56x256", "Add", *2 * [(4, 56, 56, 256)], quick=True),
    merging("add3/28x28x128", "Add", *3 * [(16, 28, 28, 128)]),
    merging("add/512", "Add", *2 * [(64, 512)]),
    merging("multiply/56x56x64", "Multiply", *2 * [(8, 56, 56, 64)]),
    merging("multiply/gate", "Multiply", (8, 28, 28, 240), (8, 1, 1, 240)),
    merging("average3/28x28x128", "Average", *3 * [(16, 28, 28, 128)]),
    merging("maximum/56x56x64", "Maximum", *2 * [(8, 56, 56, 64)]),
    merging("concatenate/unet", "Concatenate", *2 * [(1, 160, 160, 64)], output_shape=(1, 160, 160, 128)),
    merging("concatenate/densenet", "Concatenate", (8, 28, 28, 256), (8, 28, 28, 32), output_shape=(8, 28, 28, 288)),
    merging("dot/64x128", "Dot", *2 * [(32, 64, 128)], output_shape=(32, 64, 64), axes=2),
]

CASES = [*LAYER_CASES, *KEEPING_CASES, *IMAGE_CASES, *MERGING_CASES, *MODEL_CASES]
FAMILIES = list(dict.fromkeys(case.family for case in CASES))


def named(name):
    """Returns the case of this name, from this table or that of `scaling.py`."""
    return next(case for case in [*CASES, *SCALING_CASES] if case.name == name)


def select(families=(), substrings=(), quick=False):
    """Returns the cases of `families` (all if empty) whose names contain one of `substrings` (any if empty)."""
    return [
        case
        for case in CASES
        if (not families or case.family in families)
        and (not substrings or any(part in case.name for part in substrings))
        and (not quick or case.quick)
    ]
