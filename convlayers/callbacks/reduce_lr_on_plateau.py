import warnings

import numpy as np

from convlayers.callbacks.learning_rates import learning_rate_of, learning_rates_for_logs, optimizers_of
from convlayers.callbacks.monitor_callback import MonitorCallback
from convlayers.utils.messages import print_message


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by a factor when a number of the logs has stopped to improve.

    The learning rate is added to the logs as "learning_rate".

    Args:
        monitor: name of the number, as "val_loss".
        factor: float below 1.
        patience: int, the epochs without improvement after which it acts.
        verbose: 1 to tell when it acts, 0 for silence.
        mode: "min" or "max", what is an improvement; "auto" to tell it by the metric.
        min_delta: float. A smaller change is no improvement.
        cooldown: int, the epochs after that in which it does not count.
        min_lr: float, the lowest learning rate.

    Raises:
        ValueError: if `factor` is 1 or more.

    Example:

    model.fit(x, y, validation_split=0.1, epochs=100, callbacks=[ReduceLROnPlateau(factor=0.2, patience=5, min_lr=0.001)])
    """

    def __init__(
        self,
        monitor="val_loss",
        factor=0.1,
        patience=10,
        verbose=0,
        mode="auto",
        min_delta=1e-4,
        cooldown=0,
        min_lr=0.0,
        **kwargs,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau does not support a factor >= 1.0. Received factor={factor}")
        self.factor = factor
        self.min_lr = min_lr
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs=None):
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def on_epoch_end(self, epoch, logs=None):
        self._set_monitor_op()
        logs = {} if logs is None else logs
        logs.update(learning_rates_for_logs(self.model.optimizer))
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"Learning rate reduction is conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs)}.",
                stacklevel=2,
            )
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce_all(epoch):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def _reduce_all(self, epoch):
        """Returns whether a learning rate changed."""
        reduced = [self._reduce(name, inner, epoch) for name, inner in optimizers_of(self.model.optimizer).items()]
        return any(reduced)

    def _reduce(self, name, optimizer, epoch):
        rate = learning_rate_of(optimizer)
        if rate <= np.float32(self.min_lr):
            return False
        rate = max(rate * self.factor, self.min_lr)
        optimizer.learning_rate = rate
        if self.verbose > 0:
            whose = f" {name}" if name else ""
            print_message(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing{whose} learning rate to {rate}.")
        return True

    def in_cooldown(self):
        return self.cooldown_counter > 0
