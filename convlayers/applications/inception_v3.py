"""The third Inception network: `keras.applications.inception_v3`."""

from dataclasses import dataclass

from convlayers.applications.application import FiledApplication, variant
from convlayers.applications.imagenet_utils import decode_predictions as decode_predictions
from convlayers.applications.imagenet_utils import preprocessing
from convlayers.applications.inception import AVERAGE, MAXIMUM, Conv, branch, mixed, side_by_side, stem

preprocess_input = preprocessing("tf")


@dataclass(kw_only=True)
class Inception(FiledApplication):
    """Branches of small convolutions, some of them wide or high only.

    "Rethinking the Inception Architecture for Computer Vision" (https://arxiv.org/abs/1512.00567). Images are 299x299, at least
    75x75. Prepare them with the module's `preprocess_input`.
    """

    default_size = 299
    min_size = 75
    after_unknown_weights = "; Received: weights={weights}"
    wrong_classes = (
        'If using `weights="imagenet"` with `include_top=True`, `classes` should be 1000. Received classes={classes}'
    )

    def features(self, x):
        x = stem(x)
        for i, branches in enumerate(_MIXED):
            x = mixed(x, branches, name=f"mixed{i}")
        for i in range(2):
            x = _last_block(x, i)
        return x


def _small(pooled):
    """Branches for images of 35x35, with that many channels from the pooled one."""
    return [
        [Conv(64, 1)],
        [Conv(48, 1), Conv(64, 5)],
        [Conv(64, 1), Conv(96, 3), Conv(96, 3)],
        [AVERAGE, Conv(pooled, 1)],
    ]


def _wide_and_high(filters):
    """Branches for images of 17x17, with that many channels inside."""
    wide, high = Conv(filters, (1, 7)), Conv(filters, (7, 1))
    return [
        [Conv(192, 1)],
        [Conv(filters, 1), wide, Conv(192, (7, 1))],
        [Conv(filters, 1), high, wide, high, Conv(192, (1, 7))],
        [AVERAGE, Conv(192, 1)],
    ]


_MIXED = [
    _small(32),
    _small(64),
    _small(64),
    [[Conv(384, 3, 2)], [Conv(64, 1), Conv(96, 3), Conv(96, 3, 2)], [MAXIMUM]],
    _wide_and_high(128),
    _wide_and_high(160),
    _wide_and_high(160),
    _wide_and_high(192),
    [
        [Conv(192, 1), Conv(320, 3, 2)],
        [Conv(192, 1), Conv(192, (1, 7)), Conv(192, (7, 1)), Conv(192, 3, 2)],
        [MAXIMUM],
    ],
]


def _last_block(x, i):
    """Returns one of the two blocks whose branches fork again."""
    fork = [[Conv(384, (1, 3))], [Conv(384, (3, 1))]]
    parts = [
        branch(x, [Conv(320, 1)]),
        mixed(branch(x, [Conv(384, 1)]), fork, name=f"mixed9_{i}"),
        mixed(branch(x, [Conv(448, 1), Conv(384, 3)]), fork),
        branch(x, [AVERAGE, Conv(192, 1)]),
    ]
    return side_by_side(parts, name=f"mixed{9 + i}")


InceptionV3 = variant(
    Inception,
    "InceptionV3",
    name="inception_v3",
    folder="inception_v3",
    hashes=("9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63"),
)
