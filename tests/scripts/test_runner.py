"""`python -m convlayers script.py` does what `python script.py` does."""

import re
import sys

import pytest

from tests.scripts.running import python

SHOW = """'''doc'''
import os, sys
print(__name__, __doc__, __file__, __package__, __cached__, type(__loader__).__name__, sorted(globals()))
print(sys.argv, sys.path[0], sys.modules["__main__"].__dict__ is globals(), getattr(__spec__, "name", None))
"""
RAISE = "def f():\n    raise ValueError('x')\ntry:\n    f()\nexcept ValueError as error:\n    raise KeyError('y') from error\n"
HOOK = "import sys\nsys.excepthook = lambda kind, error, trace: print(kind, trace.tb_frame.f_code.co_name)\n1 / 0\n"
PICKLE = "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)\n"
SPAWN = """import multiprocessing
def f(x):
    return x * x
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(f, [1, 2]))
"""

CASES = {
    "names": (["a.py", "x", "-m"], {"a.py": SHOW}),
    "folder of the script": (["sub/a.py"], {"sub/a.py": f"{SHOW}import b", "sub/b.py": "print('b', __name__)"}),
    "chained errors": (["a.py"], {"a.py": RAISE}),
    "exit with a message": (["a.py"], {"a.py": "import sys; sys.exit('bad')"}),
    "exit with a number": (["a.py"], {"a.py": "import sys; sys.exit(3)"}),
    "exit": (["a.py"], {"a.py": "raise SystemExit"}),
    "syntax error": (["a.py"], {"a.py": "def (:\n"}),
    "missing module": (["a.py"], {"a.py": "import nothing_there\n"}),
    "interrupt": (["a.py"], {"a.py": "raise KeyboardInterrupt\n"}),
    "atexit": (["a.py"], {"a.py": "import atexit\natexit.register(print, 'bye')\n1 / 0\n"}),
    "own excepthook": (["a.py"], {"a.py": HOOK}),
    "pickles of __main__": (["a.py"], {"a.py": PICKLE}),
    "spawned processes": (["a.py"], {"a.py": SPAWN}),
    "encoding": (["a.py"], {"a.py": "# -*- coding: latin-1 -*-\nprint('ok')\n"}),
    "no such file": (["nothing.py"], {}),
    "code": (["-c", "import sys; print(sys.argv, repr(sys.path[0]), __name__, '__file__' in globals()); 1 / 0", "a"], {}),
    "module": (["-m", "mod", "a"], {"mod.py": SHOW}),
    "package": (["-m", "pkg", "a"], {"pkg/__main__.py": SHOW, "pkg/__init__.py": ""}),
    "no such module": (["-m", "nothing"], {}),
}


@pytest.mark.parametrize("case", CASES)
def test_runs_as_python_does(case, tmp_path):
    arguments, files = CASES[case]
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    expected, received = (python(*first, *arguments, cwd=tmp_path) for first in ([], ["-m", "convlayers"]))
    assert received.returncode == expected.returncode
    assert received.stdout == expected.stdout.replace(
        "'__annotations__', ", "" if "-m" in arguments[:1] else "'__annotations__', "
    )
    assert received.stderr == expected.stderr


def test_module_has_no_frames_of_ours(tmp_path):
    (tmp_path / "mod.py").write_text("def f():\n    1 / 0\nf()\n")
    error = python("-m", "convlayers", "-m", "mod", cwd=tmp_path).stderr
    assert "ZeroDivisionError" in error
    assert set(re.findall(r'File "(.*?)"', error)) == {str(tmp_path / "mod.py")}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="-P came with Python 3.11")
def test_safe_path(tmp_path):
    (tmp_path / "a.py").write_text("import sys; print(sys.path)")
    paths = [python("-P", *first, "a.py", cwd=tmp_path).stdout for first in ([], ["-m", "convlayers"])]
    assert paths[0] == paths[1]


def test_script_from_stdin(tmp_path):
    result = python(
        "-m", "convlayers", "-", "a", cwd=tmp_path, input="import sys, keras\nprint(sys.argv, keras.layers.__name__)\n"
    )
    assert result.stdout == "['-', 'a'] convlayers.layers\n"


@pytest.mark.parametrize("option", ["-m", "-c"])
def test_option_without_its_argument(option, tmp_path):
    result = python("-m", "convlayers", option, cwd=tmp_path)
    assert result.returncode == 2
    assert "Argument expected" in result.stderr


def test_commands_are_not_taken_for_scripts(tmp_path):
    (tmp_path / "info").write_text("")
    result = python("-m", "convlayers", "info", cwd=tmp_path)
    assert result.returncode == 0
    assert "instruction set" in result.stdout


def test_unknown_command(tmp_path):
    result = python("-m", "convlayers", "inform", cwd=tmp_path)
    assert result.returncode == 2
    assert "invalid choice: 'inform'" in result.stderr


def test_a_model_is_no_script(tmp_path):
    (tmp_path / "found.h5").write_bytes(b"\x89HDF")
    result = python("-m", "convlayers", "found.h5", cwd=tmp_path)
    assert result.returncode == 2
    assert "found.h5 is a model, and no script. Try `python -m convlayers inspect found.h5`." in result.stderr
