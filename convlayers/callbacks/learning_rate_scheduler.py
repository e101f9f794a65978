import numpy as np

from convlayers.callbacks.callback import Callback
from convlayers.callbacks.learning_rates import learning_rate_of, learning_rates_for_logs, optimizers_of
from convlayers.utils.messages import print_message


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of each epoch. It is added to the logs as "learning_rate".

    Args:
        schedule: function from the number of the epoch, counted from 0, and the present learning rate to the new one: a float.
        verbose: 1 to tell when it acts, 0 for silence.

    Raises:
        ValueError: if the optimizer has no learning rate, or `schedule` returns no float.

    Example:

    model.fit(x, y, epochs=15, callbacks=[LearningRateScheduler(lambda epoch, rate: rate if epoch < 10 else rate * 0.9)])
    """

    def __init__(self, schedule, verbose=0):
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch, logs=None):
        for name, optimizer in optimizers_of(self.model.optimizer).items():
            rate = self._update(optimizer, epoch)
            if self.verbose > 0:
                whose = f"{name} " if name else ""
                print_message(f"\nEpoch {epoch + 1}: LearningRateScheduler setting {whose}learning rate to {rate}.")

    def _update(self, optimizer, epoch):
        if not hasattr(optimizer, "learning_rate"):
            raise ValueError('Optimizer must have a "learning_rate" attribute.')
        try:
            rate = self.schedule(epoch, learning_rate_of(optimizer))
        except TypeError:
            # Once, schedules were functions of the epoch only.
            rate = self.schedule(epoch)
        if not isinstance(rate, (float, np.float32, np.float64)):
            raise ValueError(f"The output of the `schedule` function should be a float. Got: {rate}")
        optimizer.learning_rate = rate
        return rate

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs.update(learning_rates_for_logs(self.model.optimizer))
