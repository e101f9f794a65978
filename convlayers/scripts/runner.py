"""Runs a script as Python would, with convlayers in the place of Keras."""

import builtins
import importlib.machinery
import io
import os
import runpy
import signal
import sys
import types

from convlayers.saving.file_endings import MODEL_ENDINGS
from convlayers.scripts.finder import install_as_keras

_OURS = (__file__, runpy.__file__, "<frozen runpy>", os.path.join(os.path.dirname(os.path.dirname(__file__)), "__main__.py"))


def run_like_python(arguments):
    """Does what `python <arguments>` does, in this process, after `install_as_keras()`.

    Args:
        arguments: list of strings: the path of a script, or "-m" and a module, or "-c" and code, or "-" for what is typed in;
            then the script's own arguments.

    Returns:
        The exit status, if the script does not end the process itself.
    """
    install_as_keras()
    first, *rest = arguments
    if first in ("-m", "-c") and not rest:
        print(f"Argument expected for the {first} option", file=sys.stderr)
        return 2
    try:
        if first == "-m":
            _run_module(*rest)
        elif first == "-c":
            sys.argv = ["-c", *rest[1:]]
            _import_first_from("")
            _run_code(rest[0], "<string>")
        elif first == "-":
            sys.argv = list(arguments)
            _import_first_from("")
            _run_code(sys.stdin.read(), "<stdin>")
        else:
            return _run_file(first, arguments)
    except BaseException as error:
        return _report(error)
    return 0


def _run_file(path, arguments):
    full_path = os.path.abspath(path)
    if path.endswith(MODEL_ENDINGS):
        print(f"{path} is a model, and no script. Try `python -m convlayers inspect {path}`.", file=sys.stderr)
        return 2
    try:
        with io.open_code(full_path) if not os.path.isdir(full_path) else io.BytesIO() as file:
            source = file.read()
    except OSError as error:
        print(f"{sys.executable}: can't open file {full_path!r}: [Errno {error.errno}] {error.strerror}", file=sys.stderr)
        return 2
    sys.argv = list(arguments)
    if os.path.isdir(full_path) or source.startswith(b"PK"):
        runpy.run_path(full_path, run_name="__main__")
        return 0
    _import_first_from(os.path.dirname(os.path.realpath(full_path)))
    _run_code(source, full_path, importlib.machinery.SourceFileLoader("__main__", full_path))
    return 0


def _import_first_from(folder):
    """Puts a folder in the place of the one that Python looks into first; with `python -P`, there is none."""
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = folder


def _run_module(name, *arguments):
    sys.argv = ["-m", *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _run_code(source, path, loader=None):
    """Runs code as the module `__main__`, which stays what it is until the process ends."""
    main = types.ModuleType("__main__")
    vars(main).update(__builtins__=builtins, __loader__=loader)
    if "__annotations__" in vars(sys.modules["__main__"]):  # a matter of Python's version
        vars(main).update(__annotations__={})
    if loader is not None:
        vars(main).update(__file__=path, __cached__=None)
    sys.modules["__main__"] = main
    exec(compile(source, path, "exec", dont_inherit=True), vars(main))


def _report(error):
    """Tells of an error as Python does, without the frames that are ours, and returns the exit status."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename in _OURS:
        trace = trace.tb_next
    error.__traceback__ = trace
    if isinstance(error, SystemExit):
        raise error
    if trace is None and isinstance(error, ImportError):  # the module of `-m`
        print(f"{sys.executable}: {error}", file=sys.stderr)
        return 1
    sys.excepthook(type(error), error, trace)
    if isinstance(error, KeyboardInterrupt):
        # Whoever started the script sees that it was interrupted.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    return 1
