"""asv: steps of training and predictions of the described models."""

import resource

from benchmarks.asv_layers import prepare
from benchmarks.cases import named
from benchmarks.models import MODEL_CASES

STEADY_STEPS = 5


def prepare_model(name):
    """Returns what runs the model once, after it has run and settled."""
    run = prepare(name, named(name).directions[0]).run
    for _ in range(STEADY_STEPS):
        run()
    return run


class Model:
    params = ([case.name for case in MODEL_CASES],)
    param_names = ("case",)
    timeout = 120

    def setup(self, name):
        self.run = prepare_model(name)

    def time_call(self, name):
        self.run()

    def peakmem_call(self, name):
        self.run()

    def track_fresh_pages(self, name):
        """A call that has settled should find all its memory already there."""
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(STEADY_STEPS):
            self.run()
        return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / STEADY_STEPS

    track_fresh_pages.unit = "page faults"
