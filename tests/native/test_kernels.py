"""How Python gets at the kernel modules."""

import shutil
import sys
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import numpy as np
import pytest

import convlayers
from convlayers import _native

FOLDER = Path(_native.__file__).parent
MODULES = sorted({path.name.partition(".")[0] for path in FOLDER.glob(f"{_native.isa}/*_float*.*")})


@pytest.mark.parametrize("name", MODULES)
def test_a_kernel_is_the_module_of_its_dtype(name):
    kernel, _, dtype = name.rpartition("_")
    module = getattr(_native.kernels(np.dtype(dtype)), kernel)
    assert module.__name__ == f"convlayers._native.{_native.isa}.{name}"
    assert getattr(_native.kernels(dtype), kernel) is module
    assert kernel in vars(_native.kernels(dtype)), "the second access must not search again"


@pytest.mark.parametrize("dtype", ["float16", "int32", np.dtype("int64"), np.dtype(">f4"), None, [], float])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(TypeError, match=r"float32 or float64.*Received: dtype="):
        _native.kernels(dtype)


def test_an_unknown_kernel_is_refused():
    with pytest.raises(AttributeError, match=f"No kernel 'nonsense_float32' is compiled for {_native.isa}"):
        _native.kernels("float32").nonsense  # noqa: B018


def test_kernels_are_not_imported_before_they_are_asked_for(python):
    code = "import sys; from convlayers import _native; print([name for name in sys.modules if '_float' in name])"
    result = python(code)
    assert result.stdout.strip() == "[]"


def test_a_compiled_module_that_does_not_import_is_an_error(tmp_path, monkeypatch):
    package = import_module(f"convlayers._native.{_native.isa}")
    folder = tmp_path / _native.isa
    folder.mkdir()
    (folder / f"broken_float32{EXTENSION_SUFFIXES[0]}").write_bytes(b"no machine code")
    monkeypatch.setattr(_native, "_HERE", str(tmp_path))
    monkeypatch.setattr(package, "__path__", [str(folder)])
    with pytest.raises(ImportError, match="broken_float32"):
        _native.kernels("float32").broken  # noqa: B018


def test_without_compiled_modules_the_import_says_how_to_compile(python, tmp_path):
    no_modules = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
    copy = shutil.copytree(Path(convlayers.__file__).parent, tmp_path / "convlayers", ignore=no_modules)
    (copy / "_native" / "cpu.cpython-39-x86_64-linux-gnu.so").touch()  # of another Python: does not count
    result = python("from convlayers import _native", PYTHONPATH=str(tmp_path))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"ImportError: convlayers is not compiled for Python {version}" in result.stderr
    assert "pip install -e ." in result.stderr
