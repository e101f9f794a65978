"""`python -m convlayers`: a command, or a Keras script that is run as it is."""

import argparse
import importlib
import os
import sys

from convlayers import __version__

# For each command, what it does, and the module that has `add_arguments(parser)` and `main(options)` for it.
COMMANDS = {
    "info": ("print version, instruction set, threads and CPU features", "convlayers.info"),
    "demo": ("train a convolutional network on 4,000 handwritten digits, and save it", "convlayers.demo"),
    "inspect": (
        "say who wrote a file, what is in it, and which versions of Keras can read it",
        "convlayers.commands.inspect_file",
    ),
    "summary": ("print the table of the layers of a model", "convlayers.commands.summary"),
    "convert": ("write a model in another format", "convlayers.commands.convert"),
    "predict": ("show what a model says about images", "convlayers.commands.predict"),
}
_SCRIPTS = """
In place of a command:
  script.py ..., -m module ..., -c code ...
                run a script that imports Keras or tf.keras, as Python would
"""


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments and _is_script(arguments[0]):
        from convlayers.scripts.runner import run_like_python

        return run_like_python(arguments)
    parser = argparse.ArgumentParser(
        prog="python -m convlayers",
        description="Keras CNNs on a CPU without TensorFlow.",
        epilog=_SCRIPTS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"convlayers {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, (text, module) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        if arguments[:1] == [name]:
            importlib.import_module(module).add_arguments(command)
    options = parser.parse_args(arguments)
    return importlib.import_module(COMMANDS[options.command][1]).main(options)


def _is_script(argument):
    if argument in COMMANDS:
        return False
    return argument in ("-m", "-c", "-") or argument.endswith(".py") or os.path.exists(argument)


if __name__ == "__main__":
    sys.exit(main())
