"""Builds every kernel once per instruction set and number type, into convlayers/_native/<isa>/<kernel>_<dtype>."""

import os
import platform
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

KERNELS = sorted(path.stem for path in Path("kernels").glob("*.pyx"))
print(KERNELS, sys.argv, os.cpu_count(), platform.machine())
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "nonecheck": False,
    "cdivision": True,
}
DTYPES = {"float32": [], "float64": [("CONVLAYERS_FLOAT64", "1")]}
ISAS = {f"x86_64_v{level}": [f"-march=x86-64-v{level}"] for level in os.environ.get("LEVELS", "234")}

extensions = []
for isa, flags in ISAS.items():
    for dtype, macros in DTYPES.items():
        for kernel in KERNELS:
            built = cythonize(
                [Extension(f"convlayers._native.{isa}.{kernel}_{dtype}", [f"kernels/{kernel}.pyx"])],
                build_dir=f"build/cython/{isa}_{dtype}",
                compiler_directives=DIRECTIVES,
                include_path=["."],
            )
            for extension in built:
                # Set after cythonize: it carries settings from one extension of a source to the next.
                extension.extra_compile_args = ["-O3", "-fopenmp", "-fno-math-errno", *flags]
                extension.extra_link_args = ["-fopenmp"]
                extension.define_macros = macros
            extensions += built

setup(ext_modules=extensions)
