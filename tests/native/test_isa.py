"""Which instruction set is chosen, and that the compiled kernels keep to it."""

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from convlayers import _native
from convlayers._native.cpu import FEATURES
from convlayers._native.isa import AMX, INSTRUCTION_SETS, V2, V3, V4, built_on, choose

SHOW = "from convlayers import _native; print(_native.isa)"
ALL_BUILT = ["x86_64_v2", "x86_64_v3", "x86_64_v4", "x86_64_amx"]


@pytest.mark.parametrize(
    ("features", "expected"),
    [(AMX, "x86_64_amx"), (V4, "x86_64_v4"), (V3, "x86_64_v3"), (V2, "x86_64_v2"), ((), None)],
    ids=["amx", "v4", "v3", "v2", "older"],
)
def test_the_cpu_decides(features, expected):
    assert choose(ALL_BUILT, set(features)) == expected


@pytest.mark.parametrize("missing", V4)
def test_each_feature_of_v4_is_needed(missing):
    assert choose(ALL_BUILT, set(V4) - {missing}) == (None if missing in V2 else "x86_64_v2" if missing in V3 else "x86_64_v3")


def test_the_maximum_only_lowers():
    assert choose(ALL_BUILT, set(V4), "x86_64_v3") == "x86_64_v3"
    assert choose(ALL_BUILT, set(V2), "x86_64_v4") == "x86_64_v2"
    assert choose(ALL_BUILT, set(V4), "generic") is None


def test_what_is_not_built_is_not_chosen():
    assert choose(["x86_64_v2"], set(V4)) == "x86_64_v2"
    assert choose(["generic"], set()) == "generic"
    assert choose([], set(V4)) is None


def test_an_unknown_maximum_is_an_error():
    with pytest.raises(ValueError, match=r"generic, x86_64_v2, x86_64_v3, x86_64_v4, x86_64_amx\. Received: 'avx2'"):
        choose(ALL_BUILT, set(V4), "avx2")


def test_a_kernel_is_compiled_for_an_instruction_set_or_for_its_base():
    for row in INSTRUCTION_SETS:
        assert row.compiles("pool", "float64") == (row.base is None)
        assert row.compiles("conv_bf16x3", "float32") == (row.name == "x86_64_amx")
        assert not row.compiles("conv_bf16x3", "float64")


def test_every_instruction_set_can_be_detected():
    for row in INSTRUCTION_SETS:
        assert set(row.features) <= set(FEATURES), row.name


@pytest.mark.parametrize(
    ("system", "names"),
    [
        ("linux-x86_64", ALL_BUILT),
        ("win-amd64", ALL_BUILT[:3]),
        ("macosx-11.0-x86_64", ["x86_64_v2"]),
        ("macosx-11.0-arm64", ["generic"]),
        ("macosx-11.0-universal2", ["generic"]),
        ("linux-aarch64", ["generic"]),
        ("win-arm64", ["generic"]),
    ],
)
def test_what_is_built_on_a_system(system, names):
    assert [row.name for row in built_on(system)] == names


LINUX_NAMES = {"sse3": "pni", "sse4.1": "sse4_1", "sse4.2": "sse4_2", "bmi": "bmi1", "lzcnt": "abm", "sahf": "lahf_lm"}
LINUX_NAMES |= {"amx-tile": "amx_tile", "amx-bf16": "amx_bf16"}


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="compares with the Linux kernel's list")
def test_features_are_those_that_the_operating_system_lists():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    expected = {name for name in FEATURES if LINUX_NAMES.get(name, name) in flags}
    assert _native.cpu.features() == expected


@pytest.mark.parametrize("name", _native.built)
def test_max_isa_in_the_environment(python, name):
    if choose([name], _native.cpu.features()) is None:
        pytest.skip(f"this CPU can not run {name}")
    assert python(SHOW, CONVLAYERS_MAX_ISA=name).stdout.strip() == name


def test_unknown_max_isa_in_the_environment(python):
    result = python(SHOW, CONVLAYERS_MAX_ISA="sse9")
    assert result.returncode != 0
    assert "ValueError: CONVLAYERS_MAX_ISA must name an instruction set." in result.stderr


def test_max_isa_below_all_that_is_built(python):
    if _native.built[0] == "generic":
        pytest.skip("nothing is below")
    result = python(SHOW, CONVLAYERS_MAX_ISA="generic")
    assert "ImportError: No compiled kernels of convlayers fit this CPU." in result.stderr


def test_the_best_is_chosen_without_a_maximum(python):
    assert python(SHOW, CONVLAYERS_MAX_ISA=None).stdout.strip() == choose(_native.built, _native.cpu.features())


@pytest.mark.skipif(platform.machine() != "x86_64" or not shutil.which("objdump"), reason="reads x86 machine code")
@pytest.mark.parametrize(("folder", "forbidden"), [("", "%ymm"), ("x86_64_v2", "%ymm"), ("x86_64_v3", "%zmm")])
def test_compiled_code_keeps_to_its_instruction_set(folder, forbidden):
    modules = sorted(Path(_native.__file__).parent.joinpath(folder).glob("*.so"))
    if not modules:
        pytest.skip("not built")
    for module in modules:
        command = ["objdump", "-d", "--no-show-raw-insn", module]
        code = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert forbidden not in code, module.name
