"""What Keras 1 called classes and arguments, and what they are called today."""

CLASSES = {
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "Deconvolution2D": "Conv2DTranspose",
    "SeparableConvolution2D": "SeparableConv2D",
    "TimeDistributedDense": "Dense",
}

# What a layer that merges others was asked to do, and the layers that do it.
MERGE_MODES = {
    "sum": "Add",
    "mul": "Multiply",
    "ave": "Average",
    "max": "Maximum",
    "concat": "Concatenate",
    "dot": "Dot",
    "cos": "Dot",
}

# Names of values. Initializers were always named, never written out.
VALUES = {
    "data_format": {"tf": "channels_last", "th": "channels_first", "default": None},
    "kernel_initializer": {
        "uniform": "random_uniform",
        "normal": "random_normal",
        "zero": "zeros",
        "one": "ones",
    },
}

_CONVOLUTION = {
    "nb_filter": "filters",
    "subsample": "strides",
    "subsample_length": "strides",
    "atrous_rate": "dilation_rate",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_POOLING = {
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "pool_length": "pool_size",
    "stride": "strides",
}
_DIM_ORDERING = {"dim_ordering": "data_format"}

# Layers that did not write where the channels of their images are: where those of the other layers in the model are.
WITHOUT_DIM_ORDERING = {
    "Cropping2D",
    "Cropping3D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding2D",
    "ZeroPadding3D",
}

ARGUMENTS = {
    "InputLayer": {"input_dtype": "dtype"},
    "Conv1D": {**_CONVOLUTION, "filter_length": "kernel_size"},
    "Conv2D": _CONVOLUTION,
    "Conv3D": _CONVOLUTION,
    "Conv2DTranspose": _CONVOLUTION,
    "SeparableConv2D": {**_CONVOLUTION, "init": "depthwise_initializer"},
    "Dense": {**_CONVOLUTION, "output_dim": "units"},
    "Embedding": {"init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer"},
    "MaxPooling1D": _POOLING,
    "MaxPooling2D": _POOLING,
    "MaxPooling3D": _POOLING,
    "AveragePooling1D": _POOLING,
    "AveragePooling2D": _POOLING,
    "AveragePooling3D": _POOLING,
    "GlobalMaxPooling2D": _DIM_ORDERING,
    "GlobalMaxPooling3D": _DIM_ORDERING,
    "GlobalAveragePooling2D": _DIM_ORDERING,
    "GlobalAveragePooling3D": _DIM_ORDERING,
    "UpSampling1D": {"length": "size"},
    "UpSampling2D": _DIM_ORDERING,
    "UpSampling3D": _DIM_ORDERING,
    "ZeroPadding2D": _DIM_ORDERING,
    "ZeroPadding3D": _DIM_ORDERING,
    "Cropping2D": _DIM_ORDERING,
    "Cropping3D": _DIM_ORDERING,
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    "PReLU": {"init": "alpha_initializer"},
    "Dropout": {"p": "rate"},
    "SpatialDropout1D": {"p": "rate"},
    "SpatialDropout2D": {"p": "rate", **_DIM_ORDERING},
    "SpatialDropout3D": {"p": "rate", **_DIM_ORDERING},
    "GaussianDropout": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
}

# Of several numbers that are one argument today, in their order.
JOINED = {
    "kernel_size": (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3")),
}

# Arguments that say what the shapes of the file say anyway.
WITHOUT_EFFECT = {"input_dim", "input_length", "input_dtype"}
# Where they do have one.
NEEDED = {"Embedding": {"input_dim"}, "InputLayer": WITHOUT_EFFECT}
