"""Builds the kernels: each kernels/*.pyx once for every instruction set and number type.

Environment variables for those who work on kernels (several values are separated by commas):
    CONVLAYERS_KERNELS=pool          build these kernels only
    CONVLAYERS_ISAS=x86_64_v4        for these instruction sets only
    CONVLAYERS_DTYPES=float32        for these number types only
    CONVLAYERS_DEBUG_CYTHON=1        check bounds and memoryviews (with `build_ext --force`, here and back)
    CONVLAYERS_SANITIZE=address      GCC or Clang watch every access to memory: see docs/sanitizers.md (--force as well)
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

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError, PlatformError

NATIVE = "convlayers._native"
CYTHON_CODE = "cyutility"  # Cython's own code for memoryviews, one module for all: a tenth of the time and of the size
BASELINE = ("cpu", "kept", "memory", "reading", "runtime")  # built once, for the least CPU
DTYPES = {"float32": [], "float64": [("CONVLAYERS_FLOAT64", "1")]}
INSTRUCTION_SETS = runpy.run_path("convlayers/_native/isa.py")["built_on"](sysconfig.get_platform())

DEBUG = os.environ.get("CONVLAYERS_DEBUG_CYTHON") == "1"
SANITIZERS = os.environ.get("CONVLAYERS_SANITIZE")  # in the words of the compiler: "address", "undefined", or both
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": DEBUG,
    "nonecheck": False,
    "cdivision": True,
}

# For each family of compilers. Never -ffast-math: it changes the arithmetic of the whole process.
COMPILE_FLAGS = {"msvc": ["/O2"], "gcc": ["-O3", "-fno-math-errno", "-fno-trapping-math", "-g" if DEBUG else "-g0"]}
# After those above, for GCC and Clang. -O1 keeps lines and calls apart, so that a report names the place.
SANITIZE_FLAGS = [f"-fsanitize={SANITIZERS}", "-fno-omit-frame-pointer", "-O1", "-g"] if SANITIZERS else []
OPENMP_FLAGS = {  # to compile, to link
    "msvc": (["/openmp"], []),
    "gcc": (["-fopenmp"], ["-fopenmp"]),
    "darwin": (["-Xpreprocessor", "-fopenmp"], ["-lomp"]),
}
# kernels/parallel.pxd has a function of its own in the place of GNU OpenMP's.
WRAP_FLAGS = ["-Wl,--wrap=GOMP_parallel"] if sys.platform == "linux" else []
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


class Module(Extension):
    """A module of convlayers/_native, for one instruction set and one number type (both `None`: for the least CPU)."""

    def __init__(self, name, source, instruction_set=None, dtype=None):
        headers = glob("kernels/*.pxd") + glob("convlayers/_native/*.pxd")
        super().__init__(f"{NATIVE}.{name}", [source], depends=headers, define_macros=DTYPES.get(dtype, []))
        self.include_dirs.append(numpy.get_include())
        self.instruction_set = instruction_set
        self.optional = instruction_set is not None and instruction_set.base is not None  # old compilers do not know it
        # Several builds of one .pyx need C files of their own: a parallel build would link one's object into another.
        self.c_folder = f"build/cython/{instruction_set.name}_{dtype}" if instruction_set else "build/cython"

    def compile_flags(self, family):
        if self.instruction_set is None:
            return COMPILE_FLAGS[family]
        return [*COMPILE_FLAGS[family], *getattr(self.instruction_set, f"{family}_flags")]


def chosen(variable, names):
    """Those of `names` that the environment variable asks for; all, if it is not set."""
    wanted = os.environ.get(variable, ",".join(names)).split(",")
    if unknown := set(wanted).difference(names, {""}):
        raise SystemExit(f"{variable} names {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return [name for name in names if name in wanted]


def all_modules():
    kernels = sorted(path.stem for path in Path("kernels").glob("*.pyx") if path.stem not in BASELINE)
    kernels = chosen("CONVLAYERS_KERNELS", kernels)
    isas = chosen("CONVLAYERS_ISAS", [isa.name for isa in INSTRUCTION_SETS])
    dtypes = chosen("CONVLAYERS_DTYPES", list(DTYPES))
    return [
        Module(CYTHON_CODE, f"convlayers/_native/{CYTHON_CODE}.c"),  # a file that Cython writes
        *[Module(name, f"kernels/{name}.pyx") for name in BASELINE],
        *[
            Module(f"{isa.name}.{kernel}_{dtype}", f"kernels/{kernel}.pyx", isa, dtype)
            for kernel in kernels
            for isa in INSTRUCTION_SETS
            for dtype in dtypes
            if isa.name in isas and isa.compiles(kernel, dtype)
        ],
    ]


def translate_to_c(modules):
    """Replaces the sources of `modules` by the C files that Cython makes of them.

    Cython gets bare copies: it would carry flags and macros from one build of a .pyx to the next.
    """
    folders = defaultdict(list)
    for module in modules:
        folders[module.c_folder].append(module)
    for folder, members in folders.items():
        translated = cythonize(
            [Extension(module.name, module.sources) for module in members],
            build_dir=folder,
            compiler_directives=DIRECTIVES,
            include_path=["."],
            nthreads=os.cpu_count(),
            shared_utility_qualified_name=f"{NATIVE}.{CYTHON_CODE}",
        )
        for module, copy in zip(members, translated, strict=True):
            module.sources = copy.sources
            module.depends = []  # Cython has looked: a C file is new if anything it needs is


def openmp_flags(compiler, family):
    """The flags to compile and to link with OpenMP, found to work by running a program; none if nothing works."""
    compile_flags, link_flags = OPENMP_FLAGS["darwin" if sys.platform == "darwin" else family]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "openmp.c")
        source.write_text(OPENMP_PROGRAM)
        try:
            objects = compiler.compile([str(source)], output_dir=folder, extra_postargs=compile_flags)
            compiler.link_executable(objects, "openmp", output_dir=folder, extra_postargs=link_flags)
            program = compiler.executable_filename("openmp", output_dir=folder)
            threads, most = subprocess.run([program], capture_output=True, check=True, text=True).stdout.split(" of ")
            if threads == most:
                return compile_flags, link_flags
        except (CompileError, LinkError, OSError, subprocess.SubprocessError):
            pass
    problem = "the compiler can not build programs with OpenMP"
    if os.environ.get("CONVLAYERS_REQUIRE_OPENMP") == "1":
        raise PlatformError(f"{problem}, and CONVLAYERS_REQUIRE_OPENMP is set")
    print(f"WARNING: {problem}: convlayers will use one thread only.", file=sys.stderr)
    return [], []


class BuildModules(build_ext):
    def finalize_options(self):
        super().finalize_options()
        if self.parallel is None:
            self.parallel = os.cpu_count()

    def build_extensions(self):
        family = "msvc" if self.compiler.compiler_type == "msvc" else "gcc"
        compile_openmp, link_openmp = openmp_flags(self.compiler, family)
        translate_to_c(self.extensions)
        for module in self.extensions:
            module.extra_compile_args = [*module.compile_flags(family), *compile_openmp, *SANITIZE_FLAGS]
            module.extra_link_args = [*link_openmp, *WRAP_FLAGS, *SANITIZE_FLAGS]
        super().build_extensions()

    def run(self):
        super().run()
        if not self.inplace and Path(".git").exists():
            # A checkout gets them too: what is run from its root imports the package that lies there.
            self.copy_extensions_to_source()


if __name__ == "__main__":  # Cython's worker processes import this file
    setup(ext_modules=all_modules(), cmdclass={"build_ext": BuildModules})
