"""`tf.print`, and the logger that scripts silence."""

import builtins
import logging
import sys

from convlayers.autograd import value_of

DEBUG, ERROR, FATAL, INFO, WARN = logging.DEBUG, logging.ERROR, logging.FATAL, logging.INFO, logging.WARNING


def print(*inputs, output_stream=None, summarize=3, sep=" ", end="\n", name=None):
    builtins.print(*(value_of(x) for x in inputs), sep=sep, end=end, file=output_stream or sys.stderr)


def set_verbosity(level):
    """Sets from which level on the logger speaks."""
    get_logger().setLevel(level)


def get_logger():
    """Returns the logger that scripts silence."""
    return logging.getLogger("tensorflow")
