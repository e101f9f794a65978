"""The picture: a dot for every case, by family, with the geometric mean and the target."""

from benchmarks.summary import by_family, measured, ratios
from benchmarks.targets import TARGETS, FirstStep

TITLES = {"forward": "forward", "both": "forward + backward"}
TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)


def draw(results, path):
    """Writes the picture of all results to `path`; the ending of the name chooses the format.

    Raises:
        ImportError: without matplotlib.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = measured(results["rows"])
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
    figure.suptitle(f"Speed of {rows[0]['subject']} in multiples of its peers' speed. Each dot is a layer or a model")
    figure.tight_layout(rect=(0, 0.25 * (1 + len(labels) // 3) / height, 1, 1))
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _draw_panel(panel, rows, groups, direction, families, series, colors):
    panel.set_title(TITLES[direction])
    panel.set_xscale("log")
    panel.axvspan(1e-3, 1, color="tab:red", alpha=0.08, linewidth=0)
    panel.axvline(1, color="black", linewidth=1)
    for index, (peer, threads) in enumerate(series):
        offset = (index + 0.5) / len(series) * 0.8 - 0.4
        label = f"{peer}, {threads} thread{'s' if threads > 1 else ''}"
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
        panel.scatter(*zip(*means, strict=True), s=60, marker="D", color=color, edgecolors="black", zorder=3)
        for mean, place in means:
            panel.annotate(f"{mean:.2f}", (mean, place), (0, 5), textcoords="offset points", ha="center", fontsize=7)
    panel.scatter([], [], s=60, marker="D", color="white", edgecolors="black", label="geometric mean")
    targets = [
        (target.mean, families.index(target.family) - 0.45, families.index(target.family) + 0.45)
        for target in TARGETS
        if target.direction == direction and target.family in families and not isinstance(target, FirstStep)
    ]
    if targets:
        panel.vlines(*zip(*targets, strict=True), color="black", linestyles=":", label="target of the mean, against PyTorch")
    low, high = _limits(panel, rows, direction)
    ticks = [tick for tick in TICKS if low <= tick <= high]
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.minorticks_off()
    panel.grid(axis="x", alpha=0.3)
    panel.set_xlabel("right of 1: faster than the peer")


def _limits(panel, rows, direction):
    """Sets the axis to hold all dots, and 1 with some room to its left."""
    found = [ratio for row in rows if row["direction"] == direction for ratio in ratios(row).values()]
    limits = min(0.7, 0.8 * min(found)), max(2.5, 1.25 * max(found))
    panel.set_xlim(limits)
    return limits
