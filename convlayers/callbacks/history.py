from convlayers.callbacks.callback import Callback


class History(Callback):
    """Keeps the logs of every epoch. `fit` adds one and returns it.

    Attributes:
        epoch: list of the numbers of the epochs.
        history: dict with a list for each name in the logs, one value per epoch.

    Example:

    history = model.fit(x, y, epochs=5)
    plt.plot(history.epoch, history.history["loss"])
    """

    def __init__(self):
        super().__init__()
        self.history = {}

    def on_train_begin(self, logs=None):
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        # Here and not earlier: a model that is shown in the middle of an epoch has the history up to the last full one.
        self.model.history = self
