"""Fuzzes the readers with atheris: `python -m tests.saving.fuzz.fuzz_readers BUGS CORPUS [options of libFuzzer]`.

An input that raises what it should not is written to the folder BUGS, once for each place in the code, and fuzzing goes on.
"""

import os
import sys
import traceback

import atheris

_INCLUDED = ["convlayers.saving", "convlayers.serialization", "convlayers.models", "convlayers.commands", "zipfile", "pickle"]
with atheris.instrument_imports(include=_INCLUDED):
    from tests.saving.fuzz.targets import JSON, read

from tests.saving.fuzz.mutations import mutate_json  # noqa: E402 - after the imports that atheris instruments


def mutate(content, most, seed):
    """As libFuzzer does it, but configs mostly stay JSON."""
    if content[:1] in JSON and seed % 4:
        changed = mutate_json(content[1:], seed)
        if changed is not None and len(changed) < most:
            return content[:1] + changed
    return content[:1] + atheris.Mutate(content[1:], most - 1)


class Bugs:
    """Keeps what was found."""

    def __init__(self, folder):
        self._folder = folder
        os.makedirs(folder, exist_ok=True)

    def look_for(self, content):
        try:
            read(content)
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__}-{os.path.basename(frame.filename)}-{frame.lineno}"
            path = os.path.join(self._folder, place)
            if not os.path.exists(path):
                with open(path, "wb") as file:
                    file.write(content)
                with open(f"{path}.txt", "w") as file:
                    traceback.print_exc(file=file)


def main():
    bugs = Bugs(sys.argv.pop(1))
    atheris.Setup(sys.argv, bugs.look_for, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
