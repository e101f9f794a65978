"""VGG."""

from dataclasses import dataclass

from convlayers import layers
from convlayers.applications.application import FiledApplication


@dataclass(kw_only=True)
class VGG(FiledApplication):
    """Five blocks of 3x3 convolutions, and three dense layers.

    "Very Deep Convolutional Networks for Large-Scale Image Recognition" (https://arxiv.org/abs/1409.1556). Prepare images with
    the module's `preprocess_input`.
    """

    depths: tuple  # the number of convolutions in each block

    imagenet = "'imagenet'"
    after_unknown_weights = ".  Received: weights={weights}"

    def features(self, x):
        for block, (depth, filters) in enumerate(zip(self.depths, (64, 128, 256, 512, 512), strict=True), 1):
            for i in range(1, depth + 1):
                x = layers.Conv2D(filters, 3, activation="relu", padding="same", name=f"block{block}_conv{i}")(x)
            x = layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
        return x

    def top(self, x):
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(4096, activation="relu", name="fc1")(x)
        x = layers.Dense(4096, activation="relu", name="fc2")(x)
        return self.predictions(x)
