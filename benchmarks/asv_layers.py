"""asv: every layer of the table, through convlayers' public API."""

from benchmarks.cases import LAYER_CASES, named
from benchmarks.libraries import Unavailable, open_adapter


def prepare(name, direction):
    """Returns the `Work` of a case. What this version of convlayers lacks is 'n/a' to asv."""
    try:
        # asv sets OMP_NUM_THREADS, from its configuration.
        adapter = open_adapter("convlayers", threads=None)
    except Unavailable as error:
        raise NotImplementedError(str(error)) from error
    case = named(name)
    if adapter.lacks(case):
        raise NotImplementedError(adapter.lacks(case))
    return adapter.prepare(case, "float32", direction)


class Layer:
    """`both` is forward, then backward: the gradients for input, kernel and bias."""

    params = ([case.name for case in LAYER_CASES], ["forward", "both"])
    param_names = ("case", "direction")
    timeout = 120

    def setup(self, name, direction):
        self.work = prepare(name, direction)
        # Memory is touched and threads are awake before the first call that counts.
        self.work.run()

    def time_call(self, name, direction):
        self.work.run()


class LayerMemory:
    """What a layer needs beside its arrays is `both` less `arrays`."""

    params = ([case.name for case in LAYER_CASES if case.quick], ["arrays", "forward", "both"])
    param_names = ("case", "direction")

    def setup(self, name, direction):
        self.work = None if direction == "arrays" else prepare(name, direction)
        self.arrays = named(name).arrays("float32")

    def peakmem_call(self, name, direction):
        if self.work:
            self.work.run()
