"""The instruction sets that kernels are compiled for.

The flags for the compiler and the test at run time come from the same rows, so a kernel can not use an instruction that
was not tested for. setup.py reads this file by its path, when the package can not be imported yet: it stands alone.
"""

from typing import NamedTuple

V2 = ("sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", "cx16", "sahf")
V3 = (*V2, "avx", "avx2", "fma", "f16c", "bmi", "bmi2", "lzcnt", "movbe")
V4 = (*V3, "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")
AMX = (*V4, "amx-tile", "amx-bf16")


class InstructionSet(NamedTuple):
    name: str  # also the name of the package in convlayers/_native that holds its kernels
    features: tuple[str, ...]  # what the CPU needs, in the names of GCC's options
    msvc_flags: tuple[str, ...] = ()
    base: str | None = None  # whose kernels serve where this one has none of its own
    own_kernels: tuple[str, ...] = ()  # with a base: those compiled for it, and for no other, in float32

    def compiles(self, kernel, dtype):
        """Whether `kernel` is compiled for this instruction set and number type."""
        if self.base is not None:
            return kernel in self.own_kernels and dtype == "float32"
        return not any(kernel in row.own_kernels for row in INSTRUCTION_SETS)

    @property
    def gcc_flags(self):
        return tuple(f"-m{feature}" for feature in self.features)


# From the least to the most demanding.
INSTRUCTION_SETS = (
    InstructionSet("generic", ()),
    InstructionSet("x86_64_v2", V2),
    InstructionSet("x86_64_v3", V3, ("/arch:AVX2",)),
    InstructionSet("x86_64_v4", V4, ("/arch:AVX512",)),
    InstructionSet("x86_64_amx", AMX, base="x86_64_v4", own_kernels=("conv_bf16x2", "conv_bf16x3")),
)


def built_on(system):
    """The rows to build for `system`, one of the names that `sysconfig.get_platform` gives."""
    if not system.endswith(("x86_64", "amd64")):
        return tuple(row for row in INSTRUCTION_SETS if not row.features)
    levels = tuple(row for row in INSTRUCTION_SETS if row.features)
    if system.startswith("macosx"):
        return levels[:1]  # its kernel turns AVX-512 on late, its emulator knows no AVX at all
    if not system.startswith("linux"):
        return tuple(row for row in levels if row.base is None)  # nobody asks for the registers of tiles
    return levels


def choose(built, features, highest=None):
    """The most demanding of the instruction sets `built` that a CPU with `features` can run.

    Args:
        built: list of str, names of instruction sets.
        features: set of str, what the CPU and the operating system offer.
        highest: str, the most demanding one that may be chosen. `None` for any.

    Returns:
        str: the name of the choice, `None` if there is none.

    Raises:
        ValueError: `highest` is not an instruction set.
    """
    names = [row.name for row in INSTRUCTION_SETS]
    if highest is not None and highest not in names:
        raise ValueError(
            f"CONVLAYERS_MAX_ISA must name an instruction set. Expected one of {', '.join(names)}. "
            f"Received: {highest!r}. Correct the environment variable, or unset it to use the best one of this CPU."
        )
    allowed = INSTRUCTION_SETS if highest is None else INSTRUCTION_SETS[: names.index(highest) + 1]
    fitting = [row.name for row in allowed if row.name in built and features.issuperset(row.features)]
    return fitting[-1] if fitting else None
