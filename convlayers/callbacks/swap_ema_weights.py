from convlayers.callbacks.callback import Callback


class SwapEMAWeights(Callback):
    """Evaluates and predicts with the averages of the weights that the optimizer keeps, and trains on with the weights.

    Args:
        swap_on_epoch: whether the averages also take the place of the weights from the end of an epoch to the start of the
            next, so that callbacks such as `ModelCheckpoint`, placed behind this one, save them.

    Raises:
        ValueError: at the first evaluation, if the optimizer keeps no averages.

    Example:

    model.compile(optimizer=SGD(use_ema=True), loss="mse")
    model.fit(x, y, validation_split=0.1, callbacks=[SwapEMAWeights()])
    """

    def __init__(self, swap_on_epoch=False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._ema_weights_in_model = False

    def on_epoch_begin(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._use_averages(False)

    def on_epoch_end(self, epoch, logs=None):
        if self.swap_on_epoch and not self._ema_weights_in_model:
            self._use_averages(True)
            if epoch == self.params["epochs"] - 1:
                # At the end of `fit` the optimizer makes weights of its averages, which are now the weights.
                for variable, average in self._pairs():
                    average.assign(variable)

    def on_test_begin(self, logs=None):
        self._use_averages(True)

    def on_test_end(self, logs=None):
        self._use_averages(False)

    def on_predict_begin(self, logs=None):
        self._use_averages(True)

    def on_predict_end(self, logs=None):
        self._use_averages(False)

    def _use_averages(self, wanted):
        if self._ema_weights_in_model == wanted:
            return
        for variable, average in self._pairs():
            weights = variable.numpy()
            variable.assign(average)
            average.assign(weights)
        self._ema_weights_in_model = wanted

    def _pairs(self):
        """Returns pairs of a variable and its average, of all optimizers that keep some."""
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if hasattr(optimizer, "optimizers"):
            with_averages = [inner for inner in optimizer.optimizers if inner.use_ema]
            if not with_averages:
                raise ValueError(
                    "SwapEMAWeights must be used when at least one inner optimizer has `use_ema=True` set. Received a "
                    "MultiOptimizer with all inner optimizers having `use_ema=False`."
                )
        else:
            with_averages = [optimizer]
        return [pair for inner in with_averages for pair in _pairs_of(inner)]


def _pairs_of(optimizer):
    if not hasattr(optimizer, "_model_variables_moving_average"):
        raise ValueError(
            f"SwapEMAWeights must be used when `use_ema=True` is set on the optimizer. Received: use_ema={optimizer.use_ema}"
        )
    return zip(optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True)
