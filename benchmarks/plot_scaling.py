"""The picture of `--scaling`: a panel for each layer, direction and axis, in GFLOP/s and in parts of the machine's peak."""

from benchmarks.plot import TITLES
from benchmarks.scaling import AXES, BASE, KERNELS, case_at
from benchmarks.summary import measured, rate

LABELS = {"batch": "images at a time", "size": "height and width", "channels": "channels = filters", "threads": "threads"}
COLORS = ("tab:blue", "tab:orange", "tab:green", "tab:red")


def draw(results, path):
    """Writes the picture of all results to `path`; the ending of the name chooses the format.

    Raises:
        ImportError: without matplotlib.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = measured(results["rows"])
    peaks = {run["threads"]: run["peak_operations"] / 1e9 for run in results["runs"]}
    directions = [direction for direction in TITLES if any(row["direction"] == direction for row in rows)]
    axes = [axis for axis in AXES if len({value for kernel in KERNELS for value, _ in _points(rows, kernel, axis)}) > 1]
    series = [(kernel, direction) for kernel in KERNELS for direction in directions]
    figure, panels = plt.subplots(
        len(series), len(axes), figsize=(1 + 3.6 * len(axes), 1 + 2.5 * len(series)), sharex="col", squeeze=False
    )
    for line, (kernel, direction) in zip(panels, series, strict=True):
        for panel, axis in zip(line, axes, strict=True):
            points = [point for point in _points(rows, kernel, axis) if point[1]["direction"] == direction]
            if points:
                _draw_panel(panel, points, peaks)
        line[0].set_ylabel(f"{kernel}x{kernel}, {TITLES[direction]}\nGFLOP/s")
    for panel, axis in zip(panels[0], axes, strict=True):
        panel.set_title(_what_stays(axis, rows), fontsize=10)
    for panel, axis in zip(panels[-1], axes, strict=True):
        panel.set_xlabel(LABELS[axis])
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(labels), frameon=False)
    figure.tight_layout(rect=(0, 0.3 / figure.get_figheight(), 1, 1))
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _points(rows, kernel, axis):
    """Returns the rows on an axis as (value, row), in the order of values."""
    fewest = min(row["threads"] for row in rows)
    if axis == "threads":
        found = [(row["threads"], row) for row in rows if row["case"] == case_at(kernel).name]
    else:
        values = {case_at(kernel, **{axis: value}).name: value for value in AXES[axis]}
        found = [(values[row["case"]], row) for row in rows if row["case"] in values and row["threads"] == fewest]
    return sorted(found, key=lambda point: point[0])


def _draw_panel(panel, points, peaks):
    values = [value for value, _ in points]
    limits = [peaks[row["threads"]] for _, row in points]
    highest = max(limits)
    for library, color in zip(points[0][1]["seconds"], COLORS, strict=False):
        line = [(value, rate(row, library) / 1e9) for value, row in points if library in row["seconds"]]
        panel.plot(*zip(*line, strict=True), marker="o", markersize=4, color=color, label=library)
        highest = max(highest, *(speed for _, speed in line))
    panel.plot(values, limits, color="black", linestyle=":", linewidth=1, label="the machine's peak (matrix product)")
    panel.set_ylim(0, 1.1 * highest)
    panel.set_xscale("log", base=2)
    panel.set_xticks(values, [str(value) for value in values])
    panel.minorticks_off()
    panel.grid(alpha=0.3)
    _add_parts_of_peak(panel, points[-1][1]["threads"], limits[-1])


def _add_parts_of_peak(panel, threads, peak):
    scale = panel.secondary_yaxis("right", functions=(lambda speed: speed / peak, lambda part: part * peak))
    scale.set_ylabel(f"of the peak of {_counted(threads, 'thread')}", fontsize=8)


def _what_stays(axis, rows):
    fewest = min(row["threads"] for row in rows)
    batch, size, channels = BASE.values()
    parts = {
        "batch": _counted(batch, "image"),
        "size": f"{size} x {size}",
        "channels": f"{channels} channels",
        "threads": _counted(fewest, "thread"),
    }
    return ", ".join(part for name, part in parts.items() if name != axis)


def _counted(number, what):
    return f"{number} {what}{'s' if number > 1 else ''}"
