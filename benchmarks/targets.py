"""The speeds that the project aims at: ratios to the fastest of `peers`, on average, and of the worst case."""

from dataclasses import dataclass

from benchmarks.cases import named


@dataclass(frozen=True)
class Target:
    """`family` names the group of cases; `covers` says whether a row belongs to it. No `threads` stands for any."""

    family: str
    direction: str
    mean: float
    worst: float | None
    peers: tuple = ("torch",)
    threads: int | None = None

    def covers(self, row):
        return row["direction"] == self.direction and row["family"] == self.family


class FirstStep(Target):
    """The layers of VGG-16 and ResNet-50 with at least 32 channels."""

    def covers(self, row):
        if row["direction"] != self.direction or row["family"] not in ("3x3", "dense"):
            return False
        return row["case"].startswith(("vgg16/", "resnet50/")) and named(row["case"]).channels >= 32


TARGETS = [
    FirstStep("vgg16, resnet50", "both", 0.8, None, threads=1),
    Target("3x3", "forward", 2.0, 1.3),
    Target("3x3", "both", 1.7, 1.2),
    Target("dense", "forward", 1.15, 0.95),
    Target("dense", "both", 1.3, 1.0),
    Target("depthwise", "forward", 1.3, 1.0),
    Target("depthwise", "both", 1.3, 1.0),
    Target("grouped", "forward", 1.5, 1.0),
    Target("grouped", "both", 1.5, 1.0),
    Target("pooling", "forward", 1.5, 1.0),
    Target("pooling", "both", 1.5, 1.0),
    # "No slower than PyTorch": of what only passes over memory, most rows can be no faster either.
    *[Target(family, way, 1.0, 1.0) for family in ("transposed", "images", "merging") for way in ("forward", "both")],
    Target("keeping", "forward", 1.5, 1.0),
    Target("keeping", "both", 1.5, 1.0),
    Target("1d-3d", "forward", 1.15, 0.95),
    Target("1d-3d", "both", 1.3, 1.0),
    Target("training", "both", 2.0, 1.3, peers=("torch", "keras")),
    # What channels_first may cost, 1.25 times as much: with `--subject channels_first --peers convlayers`.
    *[Target(family, "both", 0.8, None, peers=("convlayers",)) for family in ("3x3", "dense", "grouped", "1d-3d")],
    Target("training", "both", 0.8, 0.8, peers=("convlayers",)),
    Target("prediction", "forward", 0.8, 0.8, peers=("convlayers",)),
]
