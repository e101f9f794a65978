"""`tf.strings`, on paths as scripts have them."""

import numpy as np
import pytest

from convlayers.scripts.tensorflow.datasets import Dataset
from convlayers.scripts.tensorflow.faces import find_tensorflow

strings = find_tensorflow("tensorflow.strings")


def test_the_class_in_a_path():
    paths = Dataset.from_tensor_slices(["images/cat/1.png", "images/dog/2.png"])
    labels = paths.map(lambda path: strings.split(path, "/")[-2] == np.array(["bird", "cat", "dog"]))
    assert [label.tolist() for label in labels] == [[False, True, False], [False, False, True]]


def test_parts_of_one_string():
    assert strings.split("a b  c").tolist() == ["a", "b", "c"]
    assert strings.split("a-b-c", sep="-", maxsplit=1).tolist() == ["a", "b-c"]
    with pytest.raises(ValueError, match=r"^Only one string is split here, in `map`. Received: an array of shape \(2,\)"):
        strings.split(["a/b", "c"], "/")


def test_joined():
    assert strings.join(["masks", "1.png"], separator="/").numpy() == "masks/1.png"
    assert strings.join([["a", "b"], "_", ["c", "d"]]).tolist() == ["a_c", "b_d"]


def test_replaced():
    masks = strings.regex_replace(["x/images/1.jpg", "y"], r"images/(\d)\.jpg", r"masks/\1.png")
    assert masks.tolist() == ["x/masks/1.png", "y"]
    assert strings.regex_replace("a-b-c", "-", "+", replace_global=False).numpy() == "a+b-c"
