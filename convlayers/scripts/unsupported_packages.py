"""Packages that compute with TensorFlow itself, and what to use instead."""

_ADVICE = {
    "The optimizers `AdamW` and `Lamb`, the layers `GroupNormalization` (with `groups=-1`, of each channel by itself), "
    "`SpectralNormalization` and `UnitNormalization` and the metric `F1Score` are in Keras.": "tensorflow_addons",
    "`keras.random` has random numbers, and a log probability is a line of `keras.ops`.": "tensorflow_probability",
    "Networks with their weights are in `keras.applications`, and `keras.models.load_model` reads files of Keras.": """
        keras_hub tensorflow_hub tensorflow_models
    """,
    "Networks are in `keras.applications`, layers that change images in `keras.layers` (`RandomFlip`, `RandomRotation`, "
    "`MixUp`, `CutMix`, `RandAugment` ...). Detecting objects and whole pipelines for it are not part of convlayers.": """
        keras_cv object_detection
    """,
    "Text is not part of convlayers, which is for convolutional networks.": "keras_nlp tensorflow_text",
    "Models are saved by `model.save('model.keras')`, which Keras can convert.": "tensorflow_model_optimization tensorflowjs",
}
_BY_PACKAGE = {package: advice for advice, packages in _ADVICE.items() for package in packages.split()}


class NeedsTensorFlow:
    """Refuses to load one of these packages. Only an import meets it: `importlib.util.find_spec` is to raise nothing."""

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__spec__.name
        raise ModuleNotFoundError(
            f"No module named '{name}' for this script, which runs with convlayers: '{name}' needs TensorFlow itself.\n"
            f"{_BY_PACKAGE[name]}",
            name=name,
        )


def needs_tensorflow(package):
    """Returns whether a package is one of these."""
    return package in _BY_PACKAGE
