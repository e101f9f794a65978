"""Images that tests of preprocessing layers are made of."""

import numpy as np
import pytest

formats = pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])


def images(*shape, data_format="channels_last"):
    x = np.random.default_rng(0).uniform(0, 255, shape or (4, 7, 9, 3)).astype("float32")
    return x if data_format == "channels_last" else np.ascontiguousarray(np.moveaxis(x, -1, -3))
