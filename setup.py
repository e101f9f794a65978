"""Builds the kernels: each kernels/*.pyx once for every instruction set and number type.

Environment variables for those who work on kernels (several values are separated by commas):
    CONVLAYERS_KERNELS=pool          build these kernels only
    CONVLAYERS_ISAS=x86_64_v4        for these instruction sets only
    CONVLAYERS_DTYPES=float32        for these number types only
    CONVLAYERS_DEBUG_CYTHON=1        check the bounds of every access (with `build_ext --force`, here and back)
    CONVLAYERS_REQUIRE_OPENMP=1      a compiler without OpenMP is an error, not a warning
"""

import os
import runpy
import subprocess
import sys
import sysconfig
import tempfile
from collections import defaultdict
from glob import glob
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError, PlatformError

NATIVE = "convlayers._native"
BASELINE = ("cpu", "runtime")  # built once, for the least CPU
SHARED = f"{NATIVE}.shared"  # Cython's own code for memoryviews, once for all kernels: 10 times less to compile
DTYPES = {"float32": [], "float64": [("CONVLAYERS_FLOAT64", "1")]}
INSTRUCTION_SETS = runpy.run_path("convlayers/_native/isa.py")["built_on"](sysconfig.get_platform())

DEBUG = os.environ.get("CONVLAYERS_DEBUG_CYTHON") == "1"
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": False,
    "nonecheck": False,
    "cdivision": True,
}

# By the type of the compiler. Never -ffast-math: it changes the arithmetic of the whole process.
COMPILE_FLAGS = {"msvc": ["/O2"], "unix": ["-O3", "-fno-math-errno", "-g" if DEBUG else "-g0"]}
OPENMP_FLAGS = {
    "msvc": (["/openmp"], []),
    "unix": (["-fopenmp"], ["-fopenmp"]),
    "darwin": (["-Xpreprocessor", "-fopenmp"], ["-lomp"]),
}
OPENMP_PROGRAM = """
#include <omp.h>
#include <stdio.h>
int main(void) {
    int threads = 0;
    #pragma omp parallel reduction(+ : threads)
    threads += 1;
    return printf("%d of %d", threads, omp_get_max_threads()) < 0;
}
"""


def chosen(variable, names):
    """Those of `names` that the environment variable asks for; all, if it is not set."""
    wanted = os.environ.get(variable, ",".join(names)).split(",")
    if unknown := set(wanted).difference(names, {""}):
        raise SystemExit(f"{variable} names {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return [name for name in names if name in wanted]


class Kernel(Extension):
    """A kernel, compiled for one instruction set and one number type (both `None`: built once, for the least CPU)."""

    def __init__(self, kernel, instruction_set=None, dtype=None):
        place = f"{NATIVE}.{instruction_set.name}.{kernel}_{dtype}" if dtype else f"{NATIVE}.{kernel}"
        headers = glob("kernels/*.pxd") + glob("convlayers/_native/*.pxd")
        super().__init__(place, [f"kernels/{kernel}.pyx"], depends=headers, define_macros=DTYPES.get(dtype, []))
        self.instruction_set = instruction_set
        # Several builds of one .pyx need C files of their own: a parallel build would link one's object into another.
        self.c_folder = f"build/cython/{instruction_set.name}_{dtype}" if dtype else "build/cython"

    def flags(self, compiler):
        """What `compiler` ("unix", "msvc") is to be told."""
        special = getattr(self.instruction_set, "msvc_flags" if compiler == "msvc" else "gcc_flags", ())
        return [*COMPILE_FLAGS[compiler], *special]


class SharedCode(Kernel):
    """The module with Cython's own code. There is no source for it: Cython writes the C file."""

    def __init__(self):
        super().__init__("shared")
        self.sources = []


def all_kernels():
    names = sorted(Path(path).stem for path in glob("kernels/*.pyx"))
    kernels = chosen("CONVLAYERS_KERNELS", [name for name in names if name not in BASELINE])
    isas = chosen("CONVLAYERS_ISAS", [isa.name for isa in INSTRUCTION_SETS])
    dtypes = chosen("CONVLAYERS_DTYPES", list(DTYPES))
    variants = [
        Kernel(kernel, isa, dtype)
        for kernel in kernels
        for isa in INSTRUCTION_SETS
        for dtype in dtypes
        if isa.name in isas
    ]
    return [SharedCode(), *map(Kernel, BASELINE), *variants]


def translate_to_c(kernels):
    """Replaces the sources of `kernels` by the C files that Cython makes of them.

    Cython gets bare copies: it would carry flags and macros from one build of a .pyx to the next.
    """
    folders = defaultdict(list)
    for kernel in kernels:
        folders[kernel.c_folder].append(kernel)
    for folder, members in folders.items():
        translated = cythonize(
            [Extension(kernel.name, kernel.sources or [f"{kernel.name.replace('.', '/')}.c"]) for kernel in members],
            build_dir=folder,
            compiler_directives=DIRECTIVES,
            include_path=["."],
            nthreads=os.cpu_count(),
            shared_utility_qualified_name=SHARED,
        )
        for kernel, copy in zip(members, translated):
            kernel.sources = copy.sources
            kernel.depends = []  # Cython has looked: a C file is new if anything it needs is


def openmp_flags(compiler):
    """The flags to compile and to link with OpenMP, found to work by running a program; empty if nothing works."""
    compile_flags, link_flags = OPENMP_FLAGS["darwin" if sys.platform == "darwin" else compiler.compiler_type]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "openmp.c")
        source.write_text(OPENMP_PROGRAM)
        try:
            objects = compiler.compile([str(source)], output_dir=folder, extra_postargs=compile_flags)
            compiler.link_executable(objects, "openmp", output_dir=folder, extra_postargs=link_flags)
            program = next(path for path in Path(folder).iterdir() if path.stem == "openmp" and os.access(path, os.X_OK))
            threads, most = subprocess.run([program], capture_output=True, check=True, text=True).stdout.split(" of ")
            if threads == most:
                return compile_flags, link_flags
        except (CompileError, LinkError, OSError, subprocess.SubprocessError):
            pass
    if os.environ.get("CONVLAYERS_REQUIRE_OPENMP") == "1":
        raise PlatformError("the compiler can not build programs with OpenMP, and CONVLAYERS_REQUIRE_OPENMP is set")
    print("WARNING: the compiler can not build programs with OpenMP: convlayers will use one thread only.", file=sys.stderr)
    return [], []


class BuildKernels(build_ext):
    def finalize_options(self):
        super().finalize_options()
        if self.parallel is None:
            self.parallel = os.cpu_count()

    def build_extensions(self):
        compile_openmp, link_openmp = openmp_flags(self.compiler)
        translate_to_c(self.extensions)
        for kernel in self.extensions:
            kernel.extra_compile_args = [*kernel.flags(self.compiler.compiler_type), *compile_openmp]
            kernel.extra_link_args = link_openmp
        super().build_extensions()


if __name__ == "__main__":  # Cython's worker processes import this file
    setup(ext_modules=all_kernels(), cmdclass={"build_ext": BuildKernels})
