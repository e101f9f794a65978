import warnings

from convlayers import ops
from convlayers.callbacks.callback import Callback


class MonitorCallback(Callback):
    """Base class of callbacks that watch whether a number of the logs improves.

    Args:
        monitor: name of the number, as "val_loss".
        mode: "min" or "max", what is an improvement; "auto" to tell it by the metric.
        baseline: float, what the first value is compared with; None for nothing.
        min_delta: float. A smaller change is no improvement.

    Attributes:
        best: the best value so far, or None.
        monitor_op: `ops.less` or `ops.greater`, once the metrics are known; None before.

    Raises:
        ValueError: at the end of the first epoch, if `mode` is "auto" and the metric does not tell.
    """

    def __init__(self, monitor="val_loss", mode="auto", baseline=None, min_delta=0):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(f"{type(self).__name__} mode '{mode}' is unknown, fallback to auto mode.", stacklevel=3)
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self.monitor_op = None

    def _set_monitor_op(self):
        if self.monitor_op is not None:
            return
        directions = {"min": ops.less, "max": ops.greater}
        self.monitor_op = directions.get(self.mode) or self._infer_monitor_op()
        if self.monitor_op is None:
            raise ValueError(
                f"{type(self).__name__} callback received monitor={self.monitor}, but Keras isn't able to automatically "
                "determine whether that metric should be maximized or minimized. Pass `mode='max'` in order to monitor based "
                "on the highest metric value, or pass `mode='min'` in order to use the lowest value."
            )
        if self.monitor_op is ops.less:
            self.min_delta *= -1

    def _infer_monitor_op(self):
        name = self.monitor.removeprefix("val_")
        found = ops.less if name == "loss" else None
        for metric in getattr(self.model, "metrics", ()):
            for part in getattr(metric, "metrics", [metric]):
                if part.name == name and hasattr(part, "_direction"):
                    found = ops.greater if part._direction == "up" else ops.less
        return found

    def _is_improvement(self, monitor_value, reference_value):
        if reference_value is None:
            return True
        return self.monitor_op(monitor_value - self.min_delta, reference_value)
