"""The weights of layers as older HDF5 files have them: a group for each layer, which lists the names of its arrays in order."""


class StoredWeights:
    """The arrays that a group lists by their names, in the order in which they were saved.

    Args:
        reader: an `ArrayReader`.
        path: of the group.
        name: of the layer that the arrays belong to.
    """

    def __init__(self, reader, path, name=None):
        self.name = name
        self.weight_names = texts(reader, path, "weight_names")
        # A name may lead through groups: "conv2d/kernel:0".
        places = [f"{path}/{weight_name}".rpartition("/") for weight_name in self.weight_names]
        groups = {group: reader.arrays(group) for group, _, _ in places}
        self._places = [(groups[group], key) for group, _, key in places]

    def __len__(self):
        return len(self._places)

    def shape(self, index):
        """Returns the shape of an array without reading it."""
        arrays, key = self._find(index)
        return arrays.shape(key)

    def read(self, index):
        """Returns an array."""
        arrays, key = self._find(index)
        return arrays[key]

    def read_into(self, index, array, is_new=False):
        """Reads an array into another one of its shape."""
        arrays, key = self._find(index)
        arrays.read_into(key, array, is_new)

    def _find(self, index):
        arrays, key = self._places[index]
        if key not in arrays:
            raise ValueError(f"The file lacks the array '{self.weight_names[index]}' of layer '{self.name}', which it lists.")
        return arrays, key


def texts(reader, path, name):
    """Returns the list of texts in an attribute of a group, or in `name0`, `name1` ... where it was too long for one."""
    found = reader.attribute(path, name)
    if found is not None:
        return [found] if isinstance(found, str) else found
    parts = []
    while (part := reader.attribute(path, f"{name}{len(parts)}")) is not None:
        parts.append([part] if isinstance(part, str) else part)
    return [text for part in parts for text in part]


def stored_layers(reader, path):
    """Returns the `StoredWeights` of all layers below a path, in the order of the model that was saved."""
    names = texts(reader, path, "layer_names")
    return [StoredWeights(reader, f"{path}/{name}".strip("/"), name) for name in names]
