"""Names of layers in older files."""


def today_name(name):
    """Returns the name that a layer has today: Keras 2 allowed slashes in it."""
    return name.replace("/", "_")
