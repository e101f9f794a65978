import numpy as np

from convlayers.callbacks.callback import Callback
from convlayers.utils.messages import print_message


class TerminateOnNaN(Callback):
    """Ends training when the loss is infinite or NaN.

    Args:
        raise_error: whether to raise an error, so that no callback is told that training ended.

    Raises:
        RuntimeError: at the end of such a batch, if `raise_error` is set.

    Example:

    model.fit(x, y, callbacks=[TerminateOnNaN()])
    """

    def __init__(self, raise_error: bool = False):
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is None or np.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}. Terminating training immediately."
            )
        print_message(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
