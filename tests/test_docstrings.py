"""What docstrings say: examples print what stands there, and those of layers explain each argument."""

import ast
import doctest
import importlib
import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import convlayers
from convlayers import Model, layers, ops
from convlayers.mindspore import nn

# Examples with these words are not run: they use what only a reader has, or print what differs from machine to machine.
_NOT_RUN = {
    "einsum",
    "images",
    "info",
    "install_as_keras",
    "load_data",
    "model",
    "photos",
    "Progbar",
    "split_dataset",
    "y_true",
}
_NAMES = {"np": np, "keras": convlayers, "layers": layers, "ops": ops, "nn": nn, "Model": Model}
_NAMES.update((name, getattr(layers, name)) for name in dir(layers))
_VALUES = {"array": np.array, "dtype": np.dtype, "float32": np.float32, "int32": np.int32}


def _examples():
    """Yields a test for each docstring: its examples, and the module whose names they use."""
    package = Path(convlayers.__file__).parent
    for file in sorted(package.rglob("*.py")):
        module = ".".join(file.relative_to(package.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                examples = doctest.DocTestParser().get_examples(ast.get_docstring(node) or "")
                if examples and not any(_NOT_RUN & set(re.findall(r"\w+", line.source)) for line in examples):
                    yield pytest.param(module, examples, id=f"{module}.{node.name}")


@pytest.mark.parametrize("module, examples", list(_examples()))
def test_example(module, examples):
    convlayers.utils.clear_session(free_memory=False)  # names of layers count from none
    names = {**_NAMES, **vars(importlib.import_module(module))}
    for example in examples:
        if error := re.match(r"(\w+Error): (.*)", example.want):
            with pytest.raises(Exception, match=re.escape(error[2])) as raised:
                exec(example.source, names)
            assert raised.typename == error[1]
        elif example.want:
            _assert_prints(eval(example.source, names), example.want.strip())
        else:
            exec(example.source, names)


def _assert_prints(value, text):
    try:
        _assert_same(value, eval(text, dict(_VALUES)))
    except SyntaxError:  # no expression of Python: <DTypePolicy "float64">
        assert repr(value) == text


def _assert_same(value, expected):
    if isinstance(expected, dict):
        assert list(value) == list(expected)
        for key in expected:
            _assert_same(value[key], expected[key])
    elif isinstance(expected, list | float | np.ndarray):
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4)
    else:
        assert value == expected


@pytest.mark.parametrize("name", sorted(name for name in dir(layers) if inspect.isclass(getattr(layers, name))))
def test_every_argument_of_a_layer_is_explained(name):
    layer = getattr(layers, name)
    arguments = set(inspect.signature(layer).parameters) - {"args", "kwargs"}
    assert arguments <= set(re.findall(r"\w+", layer.__doc__))
