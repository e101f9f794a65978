"""Names in older files, and in those that are written as older versions did."""

# Losses that readers of HDF5 files do not know by these names: Keras 3 among them, which writes them itself.
LONG_NAMES = {
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}


def today_name(name):
    """Returns the name that a layer has today: Keras 2 allowed slashes in it."""
    return name.replace("/", "_")
