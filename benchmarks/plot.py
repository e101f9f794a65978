"""The picture: a dot for every case, by family, with the geometric mean and the target."""

from benchmarks.summary import by_family, measured, ratios
from benchmarks.targets import TARGETS, FirstStep

TITLES = {"forward": "forward", "both": "forward + backward"}
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


def draw(rows, path):
    """Writes the picture of the rows to `path`; the ending of the name chooses the format.

    Raises:
        ImportError: without matplotlib.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = measured(rows)
    groups = by_family(rows)
    families = list(dict.fromkeys(row["family"] for row in rows))
    directions = [direction for direction in TITLES if any(row["direction"] == direction for row in rows)]
    series = list(dict.fromkeys((peer, threads) for threads, _, _, peer in groups))
    colors = dict(zip(series, plt.get_cmap("tab10").colors, strict=False))

    height = 1.6 + len(families) * (0.25 + 0.3 * len(series))
    figure, panels = plt.subplots(1, len(directions), figsize=(6.4 * len(directions), height), sharey=True, squeeze=False)
    for panel, direction in zip(panels[0], directions, strict=True):
        _draw_panel(panel, rows, groups, direction, families, series, colors)
    panels[0][0].set_yticks(range(len(families)), families)
    panels[0][0].set_ylim(len(families) - 0.5, -0.5)
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=3, frameon=False)
    figure.suptitle(f"How many times as fast {rows[0]['subject']} is: each dot one layer or model")
    figure.tight_layout(rect=(0, 0.35 * (1 + len(labels) // 3) / height, 1, 1))
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _draw_panel(panel, rows, groups, direction, families, series, colors):
    panel.set_title(TITLES[direction])
    panel.set_xscale("log")
    panel.axvline(1, color="black", linewidth=1)
    for index, (peer, threads) in enumerate(series):
        offset = (index + 0.5) / len(series) * 0.8 - 0.4
        label = f"than {peer}, {threads} thread{'s' if threads > 1 else ''}"
        color = colors[peer, threads]
        dots = [
            (ratios(row)[peer], families.index(row["family"]) + offset)
            for row in rows
            if row["direction"] == direction and row["threads"] == threads and peer in row["seconds"]
        ]
        panel.scatter(*zip(*dots, strict=True), s=14, color=color, alpha=0.55, linewidths=0, label=label)
        means = [
            (summary.mean, families.index(family) + offset)
            for (of_threads, family, of_direction, of_peer), summary in groups.items()
            if (of_threads, of_direction, of_peer) == (threads, direction, peer)
        ]
        last = index == len(series) - 1
        mean_label = "geometric mean" if last else None
        panel.scatter(*zip(*means, strict=True), s=70, marker="D", color=color, edgecolors="black", label=mean_label)
    targets = [
        (target.mean, families.index(target.family))
        for target in TARGETS
        if target.direction == direction and target.family in families and not isinstance(target, FirstStep)
    ]
    if targets:
        panel.scatter(*zip(*targets, strict=True), s=500, marker="|", color="black", label="target of the mean")
    low, high = panel.get_xlim()
    ticks = [tick for tick in TICKS if low <= tick <= high]
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.minorticks_off()
    panel.grid(axis="x", alpha=0.3)
    panel.set_xlabel("ratio of times (right of 1: faster)")
