"""An editor for files of weights."""

import contextlib
import io

import numpy as np

from convlayers.saving.files import replacing
from convlayers.saving.places import places


class KerasFileEditor:
    """Shows what is in a file of weights, and changes it: for files that a model was changed after.

    Args:
        filepath: path of a `.keras` or `.weights.h5` file.

    Attributes:
        weights_dict: the weights, as dicts in dicts by the parts of their paths.
        object_metadata: dict of the paths of objects, and what the file says about them: their names.
        metadata, config: what a `.keras` file has about itself and the model; None for other files.

    Raises:
        ValueError: if the path has another ending, or if the file is damaged.

    Example:

    >>> editor = KerasFileEditor("model.weights.h5")
    >>> editor.summary()
    >>> editor.rename_object("layers/dense_2", "dense_1")
    >>> editor.delete_object("layers/dense_3")
    >>> editor.add_object("layers/einsum_dense", weights={"0": kernel, "1": bias})
    >>> editor.save("edited.weights.h5")
    """

    def __init__(self, filepath):
        import rich.console

        self.filepath = str(filepath)
        self.metadata = self.config = self.model = None
        self.console = rich.console.Console(highlight=False)
        if not self.filepath.endswith((".keras", ".weights.h5")):
            raise ValueError(
                f"Invalid filename: expected a `.keras` `.weights.h5` extension. Received: filepath={self.filepath}"
            )
        from convlayers.saving.archive import CONFIG, METADATA, open_archive
        from convlayers.saving.weight_stores import open_arrays

        if self.filepath.endswith(".keras"):
            with open_archive(self.filepath) as archive:
                self.config, self.metadata = archive.read_json(CONFIG), archive.read_json(METADATA)
        self.object_metadata = {}
        with open_arrays(self.filepath) as reader:
            self.weights_dict = self._read(reader)
        self.console.print(f"Keras model file '{self.filepath}'")
        if self.metadata is not None:
            version, date = self.metadata.get("keras_version"), self.metadata.get("date_saved")
            self.console.print(f"Saved with Keras {version} - date: {date}")

    def _read(self, reader):
        content = {}
        for path in sorted(path for path, *_ in reader.walk()):
            place, _, key = path.strip("/").rpartition("/")
            *parts, last = ["", *place.split("/")]
            # Arrays lie in a group of this name, which has the name of the object.
            parts = parts if last == "vars" else [*parts, last]
            around = content
            for part in filter(None, parts):
                around = around.setdefault(part, {})
            around[key] = reader.arrays(place)[key]
            name = reader.attribute(place, "name")
            if name is not None:
                self.object_metadata["/".join(parts)] = {"name": name}
        return content

    # What is there ----------------------------------------------------------------------------------------------------

    def summary(self):
        """Prints the objects in the file, and the shapes of their weights."""
        self.console.print("Weights structure")
        for line in self._lines(self.weights_dict, "", "  "):
            self.console.print(line)

    def _lines(self, content, path, indent):
        for number, (key, value) in enumerate(content.items()):
            is_last = number == len(content) - 1
            line = f"{indent}{'└─' if is_last else '├─'} [bold]{key}[/]"
            if not isinstance(value, dict):
                yield f"{line}: shape={value.shape}, dtype={value.dtype}"
                continue
            name = self.object_metadata.get(f"{path}/{key}", {}).get("name")
            yield line + (f" ('{name}')" if name else "")
            yield from self._lines(value, f"{path}/{key}", indent + ("    " if is_last else "│   "))

    def compare(self, reference_model):
        """Prints where the file differs from what a model would be saved as.

        Args:
            reference_model: a `Model` whose layers are built.

        Returns:
            Dict with "status", which is "success" or "error", "error_count" and "match_count".
        """
        self.console.print("Running comparison")
        differences, matches = [], []
        _compare(self.weights_dict, _weights_of(reference_model), "", differences, matches)
        for difference in differences:
            self.console.print(f"...{difference}")
        self.console.print("─────────────────────")
        if differences:
            plural = "s" if len(differences) > 1 else ""
            self.console.print(f"Found {len(differences)} error{plural}: saved file is not compatible with the reference model")
        else:
            self.console.print(
                "Comparison successful: saved file is compatible with the reference model\n"
                f"    Found {len(matches)} matching weight{'s' * (len(matches) != 1)}"
            )
        return {
            "status": "error" if differences else "success",
            "error_count": len(differences),
            "match_count": len(matches),
        }

    # Changes ----------------------------------------------------------------------------------------------------------

    def rename_object(self, object_name, new_name):
        """Gives an object, as a layer, another name.

        Args:
            object_name: its name, or its path in the file, as "layers/dense_2".
            new_name: the last part of the new path.
        """
        if "/" in new_name:
            raise ValueError(
                f"Argument `target_name` should be a leaf name, not a full path name. Received: target_name='{new_name}'"
            )
        around, name = self._find(object_name)
        around[new_name] = around.pop(name)

    def delete_object(self, object_name):
        """Removes an object.

        Args:
            object_name: its name, or its path in the file.
        """
        around, name = self._find(object_name)
        del around[name]

    def add_object(self, object_path, weights):
        """Adds an object.

        Args:
            object_path: its path in the file.
            weights: dict of its weights, which usually are called "0", "1" ...
        """
        _check_weights(weights)
        *outer, name = object_path.split("/")
        around = self.weights_dict
        for part in outer:
            if part not in around:
                raise ValueError(f"Path '{'/'.join(outer)}' not found in model.")
            around = around[part]
        around[name] = dict(weights)

    def delete_weight(self, object_name, weight_name):
        """Removes a weight of an object.

        Args:
            object_name: the object's name, or its path in the file.
            weight_name: the weight's name, as "0".
        """
        around, name = self._find(object_name)
        if weight_name not in around[name]:
            raise ValueError(
                f"Weight {weight_name} not found in object {object_name}. Weights found: {list(around[name].keys())}"
            )
        del around[name][weight_name]

    def add_weights(self, object_name, weights):
        """Adds weights to an object, or replaces them.

        Args:
            object_name: the object's name, or its path in the file.
            weights: dict of weights.
        """
        _check_weights(weights)
        around, name = self._find(object_name)
        around[name].update(weights)

    def save(self, filepath):
        """Writes the weights as they are now.

        Args:
            filepath: path that ends in ".weights.h5".
        """
        from convlayers.saving import hdf5

        filepath = str(filepath)
        if not filepath.endswith(".weights.h5"):
            raise ValueError(f"Invalid `filepath` argument: expected a `.weights.h5` extension. Received: filepath={filepath}")
        content = io.BytesIO()
        with hdf5.create(content) as writer:
            self._write(writer, self.weights_dict, "")
        with replacing(filepath) as file:
            file.write(content.getbuffer())

    resave_weights = save

    def _write(self, writer, content, path):
        arrays = {key: value for key, value in content.items() if not isinstance(value, dict)}
        if arrays:
            group = writer.group(path, self.object_metadata.get(f"/{path}", {}).get("name", path.rpartition("/")[2]))
            for key, value in arrays.items():
                group[key] = np.asarray(value)
        for key, value in content.items():
            if isinstance(value, dict):
                self._write(writer, value, f"{path}/{key}".strip("/"))

    def _find(self, name):
        """Returns the dict that an object is in, and its name there."""
        if "/" not in name:
            found = list(_dicts_with(self.weights_dict, name))
            if len(found) > 1:
                raise ValueError(f"Name '{name}' occurs more than once in the model; try passing a complete path")
            if not found:
                raise ValueError(
                    f"Source name '{name}' does not appear in the model. Use `editor.weights_summary()` to list all objects."
                )
            return found[0], name
        around, *parts = self.weights_dict, *name.split("/")
        with contextlib.suppress(KeyError, TypeError):
            for part in parts[:-1]:
                around = around[part]
            if parts[-1] in around:
                return around, parts[-1]
        raise ValueError(f"Path '{name}' not found in model.")


def _dicts_with(content, name):
    if name in content:
        yield content
    for value in content.values():
        if isinstance(value, dict):
            yield from _dicts_with(value, name)


def _weights_of(model):
    """Returns the weights of a model as dicts in dicts."""
    weights = {}
    for path, owner in places(model):
        own = {}
        owner.save_own_variables(own)
        if own:
            around = weights
            for part in filter(None, path.split("/")):
                around = around.setdefault(part, {})
            around.update(own)
    return weights


def _compare(found, expected, path, differences, matches):
    for key in {**expected, **found}:
        place = f"{path}/{key}"
        if key not in found or key not in expected:
            present, missing = ("reference model", "saved file") if key not in found else ("saved file", "reference model")
            kind = "Object" if isinstance((expected if key not in found else found)[key], dict) else "Weight"
            differences.append(f"{kind} {place} present in {present}, missing from {missing}")
        elif isinstance(found[key], dict) and isinstance(expected[key], dict):
            _compare(found[key], expected[key], place, differences, matches)
        elif np.shape(found[key]) != tuple(np.shape(expected[key])):
            differences.append(
                f"Weight shape mismatch for {place}\n    In reference model: shape={np.shape(expected[key])}\n"
                f"    In saved file: shape={np.shape(found[key])}"
            )
        else:
            matches.append(place)


def _check_weights(weights):
    if not isinstance(weights, dict):
        raise ValueError(
            "Argument `weights` should be a dict where keys are weight names (usually '0', '1', etc.) and values are NumPy "
            f"arrays. Received: type(weights)={type(weights)}"
        )
