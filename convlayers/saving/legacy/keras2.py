"""What Keras 2 called classes and arguments, and what they are called today."""

CLASSES = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "LossScaleOptimizerV3": "LossScaleOptimizer",
    "SyncBatchNormalization": "BatchNormalization",
    "ThresholdedReLU": "ReLU",
}

_OPTIMIZER = {"lr": "learning_rate"}
OPTIMIZERS = ("Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lion", "Nadam", "RMSprop", "SGD", "Adafactor")

ARGUMENTS = {
    "InputLayer": {"batch_input_shape": "batch_shape"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "ReLU": {"theta": "threshold"},
    "MaxNorm": {"m": "max_value"},
    **dict.fromkeys(OPTIMIZERS, _OPTIMIZER),
}

# Names of functions that are other ones today.
ACTIVATIONS = {"hard_sigmoid": "hard_sigmoid_of_keras2", "identity": "linear"}

# Layers that Keras 3 no longer has. They changed the sizes of images in training, and nothing in predictions.
RANDOM_SIZES = ("RandomHeight", "RandomWidth")

# Arguments with the values that meant nothing. Another value is an error of the class, which names it.
WITHOUT_EFFECT = {
    "DepthwiseConv1D": {"groups": 1},
    "DepthwiseConv2D": {"groups": 1},
    "SeparableConv1D": {"groups": 1},
    "SeparableConv2D": {"groups": 1},
    "Conv1DTranspose": {"groups": 1},
    "Conv2DTranspose": {"groups": 1},
    "Conv3DTranspose": {"groups": 1},
    "BatchNormalization": {"renorm": False, "fused": None, "virtual_batch_size": None},
}

# Arguments that nothing depends on today, whatever their value.
DROPPED = {
    "Discretization": ("trainable",),
    **dict.fromkeys(("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), ("noise_shape", "trainable")),
    **dict.fromkeys(OPTIMIZERS, ("jit_compile", "is_legacy_optimizer")),
    **dict.fromkeys(
        ("SeparableConv1D", "SeparableConv2D", "DepthwiseConv1D", "DepthwiseConv2D"),
        ("kernel_initializer", "kernel_regularizer", "kernel_constraint"),
    ),
    **dict.fromkeys(
        (
            "Constant",
            "GlorotNormal",
            "GlorotUniform",
            "HeNormal",
            "HeUniform",
            "Identity",
            "LecunNormal",
            "LecunUniform",
            "Ones",
            "Orthogonal",
            "RandomNormal",
            "RandomUniform",
            "TruncatedNormal",
            "VarianceScaling",
            "Zeros",
        ),
        ("dtype",),
    ),
}

# For writing: what came with Keras 3, with the values that mean what there was before.
LATER_ARGUMENTS = {
    "optimizers": {"loss_scale_factor": None, "gradient_accumulation_steps": None},
    "InputLayer": {"optional": False},
    "BatchNormalization": {"synchronized": False},
    "LayerNormalization": {"rms_scaling": False},
    "Conv1DTranspose": {"output_padding": None},
    "Dense": {"lora_rank": None, "quantization_config": None},
    "ZeroPadding1D": {"data_format": "channels_last"},
    "Resizing": {
        "antialias": False,
        "data_format": "channels_last",
        "fill_mode": "constant",
        "fill_value": 0.0,
        "pad_to_aspect_ratio": False,
    },
    "RandomContrast": {"data_format": "channels_last", "value_range": [0, 255]},
    "CenterCrop": {"data_format": "channels_last"},
    "RandomBrightness": {"data_format": "channels_last"},
    "RandomCrop": {"data_format": "channels_last"},
    "RandomFlip": {"data_format": "channels_last"},
    "RandomRotation": {"data_format": "channels_last"},
    "RandomTranslation": {"data_format": "channels_last"},
    "RandomZoom": {"data_format": "channels_last"},
}
LATER_LAYERS = {
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
    "AugMix",
    "AutoContrast",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "CutMix",
    "Equalization",
    "MaxNumBoundingBoxes",
    "MelSpectrogram",
    "MixUp",
    "Pipeline",
    "RMSNormalization",
    "RandAugment",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "STFTSpectrogram",
    "Solarization",
}
