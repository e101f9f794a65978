"""`docs/ops.md` names the ops that there are, by their files, and those of Keras that are missing."""

import re
from pathlib import Path

import pytest

from convlayers import ops

PAGE = Path(__file__).parents[2] / "docs" / "ops.md"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the pages are not beside the tests")


def public_functions(module):
    return {name for name, value in vars(module).items() if not name.startswith("_") and callable(value)}


def names_in(text):
    return set(re.findall(r"`(\w+)`", text))


def section(title):
    """Returns what stands under a heading, up to the next."""
    return PAGE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_every_op_is_listed_under_its_file():
    table = re.findall(r"^\| (\w+)(?:\.py|/) \| [^|]* \| ([^|]*) \|$", PAGE.read_text(), re.MULTILINE)
    listed = {file: names_in(names) for file, names in table}
    assert listed.pop("image") == public_functions(ops.image)
    files = {}
    for name in public_functions(ops):
        files.setdefault(getattr(ops, name).__module__.rpartition(".")[2], set()).add(name)
    assert listed == files


def test_what_is_beyond_and_what_is_missing(keras):
    of_keras = public_functions(keras.ops)
    paragraph = section("What Keras does not have").strip().partition("\n\n")[0]
    assert names_in(paragraph) == public_functions(ops) - of_keras
    rows = section("What of keras.ops is not here").splitlines()
    first_cells = " ".join(row.split("|")[1] for row in rows if row.startswith("|"))
    assert names_in(first_cells) == of_keras - public_functions(ops)
