import platform

import numpy as np

import convlayers
from convlayers import _native
from convlayers.info import format_info, info


def test_info_tells_what_is_in_use():
    facts = info()
    assert facts["version"] == convlayers.__version__
    assert facts["numpy"] == np.__version__
    assert facts["python"] == platform.python_version()
    assert facts["instruction_set"] == _native.isa
    assert facts["instruction_set"] in facts["instruction_sets"]
    assert facts["threads"] == _native.runtime.threads() >= 1
    assert facts["openmp"] is True or facts["threads"] == 1


def test_text_has_every_fact():
    text, facts = format_info(), info()
    for name in ("version", "numpy", "python", "instruction_set"):
        assert facts[name] in text
    assert f"{facts['threads']} (with" in text
    for feature in facts["cpu_features"]:
        assert feature in text.split()
