"""Where things were in Keras 1 and 2, as tables. Paths are those behind "keras."."""

# Modules that are gone, and those that have their names today.
OLD_MODULES = {
    "backend.tensorflow_backend": ("backend",),
    "engine": ("layers", "models"),
    "engine.base_layer": ("layers",),
    "engine.functional": ("models",),
    "engine.input_layer": ("layers",),
    "engine.input_spec": ("layers",),
    "engine.network": ("models",),
    "engine.sequential": ("models",),
    "engine.topology": ("layers", "utils"),
    "engine.training": ("models",),
    "initializations": ("initializers",),
    "initializers.initializers_v2": ("initializers",),
    "layers.advanced_activations": ("layers",),
    "layers.convolutional": ("layers",),
    "layers.core": ("layers",),
    "layers.embeddings": ("layers",),
    "layers.experimental": ("layers",),
    "layers.experimental.preprocessing": ("layers",),
    "layers.merge": ("layers",),
    "layers.noise": ("layers",),
    "layers.normalization": ("layers",),
    "layers.normalization.batch_normalization": ("layers",),
    "layers.pooling": ("layers",),
    "layers.wrappers": ("layers",),
    "mixed_precision.experimental": ("mixed_precision",),
    "objectives": ("losses",),
    "optimizer_v2": ("optimizers",),
    "optimizer_v2.adam": ("optimizers",),
    "optimizer_v2.gradient_descent": ("optimizers",),
    "optimizer_v2.rmsprop": ("optimizers",),
    "optimizers.adam_v2": ("optimizers",),
    "optimizers.experimental": ("optimizers",),
    "optimizers.gradient_descent_v2": ("optimizers",),
    "optimizers.legacy": ("optimizers",),
    "optimizers.rmsprop_v2": ("optimizers",),
    "utils.data_utils": ("utils",),
    "utils.generic_utils": ("utils",),
    "utils.layer_utils": ("utils",),
    "utils.np_utils": ("utils",),
    "utils.vis_utils": ("utils",),
    "utils.visualize_util": ("utils",),
}

# Modules that are gone from Keras, and kept here for scripts.
KEPT_MODULES = {
    "wrappers.scikit_learn": "convlayers.legacy.wrappers.scikit_learn",
}

# Names that are spelled otherwise today, or are in another module, by the module that had them.
RENAMED = {
    "constraints": {"maxnorm": "max_norm", "nonneg": "non_neg", "unitnorm": "unit_norm"},
    "initializers": {
        "normal": "random_normal",
        "one": "ones",
        "uniform": "random_uniform",
        "zero": "zeros",
    },
    "losses": {
        "KLD": "kl_divergence",
        "MAE": "mean_absolute_error",
        "MAPE": "mean_absolute_percentage_error",
        "MSE": "mean_squared_error",
        "MSLE": "mean_squared_logarithmic_error",
        "cosine": "cosine_similarity",
        "cosine_proximity": "cosine_similarity",
        "kullback_leibler_divergence": "kl_divergence",
        "logcosh": "log_cosh",
        "mae": "mean_absolute_error",
        "mape": "mean_absolute_percentage_error",
        "mse": "mean_squared_error",
        "msle": "mean_squared_logarithmic_error",
    },
    "metrics": {
        "MAE": "mean_absolute_error",
        "MSE": "mean_squared_error",
        "mae": "mean_absolute_error",
        "mse": "mean_squared_error",
    },
    "mixed_precision": {"set_policy": "set_global_policy"},
    "models": {"Input": "layers.Input"},
    "regularizers": {
        "activity_l1": "l1",
        "activity_l1l2": "l1_l2",
        "activity_l2": "l2",
        "l1l2": "l1_l2",
        "WeightRegularizer": "L1L2",
    },
    "utils": {"plot": "plot_model"},
}

# Modules of this package that have more names for scripts than Keras has today.
ADDITIONS = {
    "backend": "convlayers.legacy.backend",
    "callbacks": "convlayers.legacy.callbacks",
    "layers": "convlayers.legacy.layers",
    "losses": "convlayers.legacy.losses",
    "models": "convlayers.legacy.files",
    "optimizers": "convlayers.legacy.optimizers",
    "preprocessing": "convlayers.legacy.utils",
    "preprocessing.image": "convlayers.legacy.image",
    "utils": "convlayers.legacy.utils",
    "wrappers": "convlayers.legacy.wrappers",
}
