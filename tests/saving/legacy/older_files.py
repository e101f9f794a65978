"""The files in `tests/saving/files/older`, unpacked, and what the Keras that wrote them predicts."""

import gzip
import pathlib

import numpy as np

FOLDER = pathlib.Path(__file__).parent.parent / "files" / "older"


def unpack(name, folder):
    """Returns the path of a file, unpacked into a folder if it is packed."""
    if (FOLDER / name).exists():
        return FOLDER / name
    path = folder / name
    path.write_bytes(gzip.decompress((FOLDER / f"{name}.gz").read_bytes()))
    return path


class Expected:
    """What a model predicts, and its data.

    Args:
        version: of the Keras that wrote the file.
        model: "graph_adam", for instance.
    """

    def __init__(self, version, model):
        with np.load(FOLDER / "expected.npz") as arrays:
            self._arrays = {key: arrays[key] for key in arrays}
        self._place = f"{version}/{model}"
        self._is_graph = model.startswith("graph")

    @property
    def x(self):
        images, numbers = self._arrays["X"], self._arrays["Z"]
        return {"image": images, "extra": numbers} if self._is_graph else images

    @property
    def y(self):
        return {"a": self._arrays["A"], "b": self._arrays["Y"]} if self._is_graph else self._arrays["Y"]

    def check_predictions(self, model, when="p"):
        """Compares what a model predicts: "p" as it was saved, "q" after two more steps."""
        predictions = model.predict(self.x, verbose=0)
        for index, array in enumerate(predictions if isinstance(predictions, list) else [predictions]):
            np.testing.assert_allclose(array, self._arrays[f"{self._place}/{when}{index}"], atol=1e-5)

    def check_training(self, model):
        for _ in range(2):
            model.train_on_batch(self.x, self.y)
        self.check_predictions(model, "q")
