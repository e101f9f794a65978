"""Batches, epoch by epoch."""

import itertools
import math
import warnings

from convlayers import config


class Epochs:
    """Batches, epoch by epoch.

    Args:
        batches: one of the classes of `data.sources`.
        steps: number of batches in an epoch, by default as many as there are.
        at_once: how many batches are taken at once, `steps_per_execution`. Of `steps`, the last few are as many.
    """

    def __init__(self, batches, steps=None, at_once=1):
        limit = config.max_steps_per_epoch()
        if limit and (not steps or limit < steps):
            warnings.warn(f"Limiting steps_per_epoch to {limit}", stacklevel=3)
            steps = limit
        self._batches = batches
        self._steps, self._at_once = steps, at_once
        self._known_steps = batches.num_batches
        self._iterator = None
        self._peeked = False
        self._seen = 0

    @property
    def labels(self):
        """All labels, None where they come batch by batch."""
        return self._batches.labels

    @property
    def num_batches(self):
        """The number of batches in an epoch, None before the end of the first epoch of a generator."""
        return self._steps or self._known_steps

    def peek(self):
        """Returns the first batch, which stays the first; None if there is none. With it, the first epoch begins."""
        self._batches.on_epoch_begin()
        self._iterator = iter(self._batches)
        first = next(self._iterator, None)
        if first is not None:
            self._iterator = itertools.chain([first], self._iterator)
        self._peeked = True
        return first

    def start_over(self):
        """Ends an epoch of which only the first batch was looked at, or none."""
        if not self._batches.keeps_first:
            self.rewind()
            self._peeked = False
        self._tell_end()

    def rewind(self):
        """Lets the next epoch begin where the data begins; a generator goes on."""
        self._iterator, self._seen = None, 0

    def __iter__(self):
        """Yields the batches of one epoch. With `steps`, the next one goes on where this one ended."""
        if not self._peeked:
            self._batches.on_epoch_begin()
            if self._iterator is None or self._steps is None:
                self._iterator = iter(self._batches)
        self._peeked = False
        steps, wanted = 0, self._known_steps
        if self._steps:
            wanted = math.ceil(self._steps / self._at_once) * self._at_once
        for batch in itertools.islice(self._iterator, wanted):
            steps += 1
            yield batch
        self._end(steps, wanted)

    def _end(self, steps, wanted):
        self._seen += steps
        ran_out = wanted is not None and steps < wanted
        if self.num_batches is None:
            self._known_steps = steps
        if ran_out:
            warnings.warn(
                "Your input ran out of data; interrupting training. Make sure that your dataset or generator can generate at "
                "least `steps_per_epoch * epochs` batches. You may need to use the `.repeat()` function when building your "
                "dataset.",
                stacklevel=6,
            )
        whole = self._batches.num_batches
        if ran_out or (whole and self._seen >= whole):
            self.rewind()
        self._tell_end()

    def _tell_end(self):
        self._batches.on_epoch_end()
        if self._batches.num_batches is not None:
            # The data set may have changed it.
            self._known_steps = self._batches.num_batches
