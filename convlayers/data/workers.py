"""Batches that are made by threads or processes while the model trains."""

import collections
import concurrent.futures


def make_ahead(dataset, numbers):
    """Yields the batches of a `PyDataset`, in order, made by its workers a few batches ahead.

    Args:
        dataset: a `PyDataset`.
        numbers: the numbers of the batches; may be without an end.
    """
    ahead = max(dataset.max_queue_size, dataset.workers)
    if dataset.use_multiprocessing:
        pool = concurrent.futures.ProcessPoolExecutor(dataset.workers, initializer=_set_dataset, initargs=(dataset,))
        make_batch = _make_batch
    else:
        pool = concurrent.futures.ThreadPoolExecutor(dataset.workers)
        make_batch = dataset.__getitem__
    waiting = collections.deque()
    try:
        for number in numbers:
            waiting.append(pool.submit(make_batch, number))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # Also where training was interrupted, or has seen enough.
        pool.shutdown(wait=False, cancel_futures=True)


_dataset = None


def _set_dataset(dataset):
    """Gives a worker process its copy."""
    global _dataset
    _dataset = dataset


def _make_batch(number):
    return _dataset[number]
