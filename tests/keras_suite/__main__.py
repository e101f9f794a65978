"""`python -m tests.keras_suite [folder or file below keras/src ...] [arguments of pytest]`."""

import os
import sys

import pytest

from tests.keras_suite.parts import PARTS


def main(arguments):
    """Runs the tests, and returns pytest's exit code."""
    # Plain arrays, whatever ~/.keras/keras.json says; peers are not asked.
    os.environ.pop("KERAS_BACKEND", None)
    from tests.keras_suite import plugin

    source = plugin.KERAS / "src"
    paths = [str(source / argument) for argument in arguments if (source / argument).exists()]
    others = [argument for argument in arguments if not (source / argument).exists()]
    options = ["-q", "-p", "no:cacheprovider", f"--rootdir={source}", "-c", os.devnull, "-W", "ignore", "--import-mode=prepend"]
    # Short names of tests: below this folder.
    os.chdir(source)
    return pytest.main([*options, *others, *(paths or [str(source / part) for part in PARTS])], plugins=[plugin])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
