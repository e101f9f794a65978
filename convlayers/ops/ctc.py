"""Connectionist temporal classification: how likely a sequence of labels is, at whatever times they come."""

import numpy as np

from convlayers.autograd import differentiable
from convlayers.ops.dtypes import as_array, as_float, widen
from convlayers.ops.softmax import softmax_by_kernel


@differentiable
def ctc_loss(target, output, target_length, output_length, mask_index=0):
    """Returns how unlikely sequences of labels are, as negative logarithms: infinite, where there are too many for the time.

    A prediction at each time is a label or the mask. Labels that follow one another with nothing between are one.

    Args:
        target: array of class numbers, of shape (batch, labels).
        output: array of logits, of shape (batch, times, classes).
        target_length: vector with how many labels of each sample count.
        output_length: vector with how many times of each sample count.
        mask_index: the class that stands for no label.

    Returns:
        A vector; in float32, where the logits are of 16 bits.
    """
    target, output = as_array(target).astype(np.intp), as_float(output)
    last_time = as_array(output_length).astype(np.intp) - 1
    log_p, through_softmax = softmax_by_kernel("log_softmax", widen(output), -1)
    states = _States(target, as_array(target_length).astype(np.intp), mask_index)
    emitted = np.take_along_axis(log_p, states.classes[:, np.newaxis], 2).transpose(1, 0, 2)
    reached = states.run_forward(emitted)
    samples = np.arange(len(target))
    total = np.logaddexp.reduce(reached[last_time, samples] + states.ends, axis=1)

    def backward(d_y):
        possible = np.where(np.isfinite(total), total, 0)[:, np.newaxis]
        share = np.exp(reached + states.run_backward(emitted, last_time) - possible)
        d_log_p = np.zeros_like(log_p)
        times = np.arange(log_p.shape[1])[:, np.newaxis, np.newaxis]
        np.subtract.at(d_log_p, (samples[:, np.newaxis], times, states.classes), share * d_y[:, np.newaxis])
        return None, through_softmax(d_log_p)

    return (-total).astype(log_p.dtype, copy=False), backward


class _States:
    """Where in its sequence of labels each sample may be: before, at or after each label. Between labels is the mask.

    Attributes:
        classes: array of shape (batch, states): what is predicted in each state.
        ends: array of this shape: 0 for the last states, and minus infinity (the logarithm of 0) for all others.
    """

    def __init__(self, labels, lengths, mask_index):
        batch, count = labels.shape
        self.classes = np.full((batch, 2 * count + 1), mask_index)
        self.classes[:, 1::2] = labels
        places = np.arange(2 * count + 1)
        self.ends = _log((places == 2 * lengths[:, np.newaxis]) | (places == 2 * lengths[:, np.newaxis] - 1))
        # Between different labels there need not be a mask.
        differs = np.zeros(self.classes.shape, bool)
        differs[:, 3::2] = labels[:, 1:] != labels[:, :-1]
        self._skips = _log(differs)

    def run_forward(self, emitted):
        """Returns the logarithm of how likely a sample is in each state at each time, after what it emitted until then."""
        reached = np.empty_like(emitted)
        now = np.broadcast_to(_log(np.arange(emitted.shape[2]) < 2), emitted.shape[1:])
        for time, emission in enumerate(emitted):
            if time:
                now = np.logaddexp(np.logaddexp(now, _shift(now, 1)), _shift(now, 2) + self._skips)
            reached[time] = now = now + emission
        return reached

    def run_backward(self, emitted, last_time):
        """Returns the logarithm of how likely a sample gets from each state at each time to the end."""
        remaining = np.empty_like(emitted)
        later = np.full_like(self.ends, -np.inf)
        for time in range(len(emitted) - 1, -1, -1):
            now = np.logaddexp(np.logaddexp(later, _shift(later, -1)), _shift(later + self._skips, -2))
            remaining[time] = now = np.where((last_time == time)[:, np.newaxis], self.ends, now)
            later = now + emitted[time]
        return remaining


def _log(truth):
    return np.where(truth, 0.0, -np.inf)


def _shift(x, places):
    """Returns rows moved by some places to the right, or left if negative."""
    y = np.full_like(x, -np.inf)
    if places > 0:
        y[:, places:] = x[:, :-places]
    else:
        y[:, :places] = x[:, -places:]
    return y
