"""asv: what `import` costs, each time in a fresh interpreter."""


def timeraw_import_convlayers():
    return "import convlayers"


def timeraw_import_layers_and_models():
    return "from convlayers import layers, Model, Sequential"


def timeraw_import_numpy():
    """For comparison: convlayers cannot be faster than this."""
    return "import numpy"
