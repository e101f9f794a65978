"""How Python gets at the kernel modules."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

import convlayers
from convlayers import _native

MODULES = sorted({path.name.partition(".")[0] for path in Path(_native.__file__).parent.glob(f"{_native.isa}/*_float*.*")})


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
    result = python("import sys; from convlayers import _native; print([name for name in sys.modules if '_float' in name])")
    assert result.stdout.strip() == "[]"


@pytest.fixture
def copied_package(tmp_path):
    """A copy of the package without compiled modules."""
    source = Path(convlayers.__file__).parent
    shutil.copytree(source, tmp_path / "convlayers", ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    return tmp_path


def test_without_compiled_modules_the_import_says_how_to_compile(python, copied_package):
    result = python("from convlayers import _native", PYTHONPATH=str(copied_package))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"ImportError: convlayers is not compiled for Python {version}" in result.stderr
    assert "pip install -e ." in result.stderr


def test_a_compiled_module_that_does_not_import_is_an_error(python, copied_package):
    for module in Path(_native.__file__).parent.iterdir():
        if module.suffix in (".so", ".pyd"):
            shutil.copy(module, copied_package / "convlayers" / "_native")
            suffix = module.name.partition(".")[2]
    (copied_package / "convlayers" / "_native" / _native.isa / f"broken_float32.{suffix}").write_bytes(b"no machine code")
    result = python("from convlayers import _native; _native.kernels('float32').broken", PYTHONPATH=str(copied_package))
    assert "ImportError" in result.stderr
    assert "broken_float32" in result.stderr
