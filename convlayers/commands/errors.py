"""Errors of commands: one line, and an exit code."""

import functools
import os
import sys
import warnings

BAD_FILE = 1
WRONG_USAGE = 2


class UsageError(Exception):
    """A command was called in a way that makes no sense, whatever the files hold."""


def reported(main):
    """Decorates the `main(options)` of a command: errors are said in one line, and so are warnings.

    It returns 0, `BAD_FILE` or `WRONG_USAGE`.
    """

    @functools.wraps(main)
    def wrapper(options):
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _say_warning
                main(options)
                sys.stdout.flush()
        except UsageError as error:
            return _say(error, WRONG_USAGE)
        except BrokenPipeError:
            # Whoever reads has seen enough, as `head`. What is left must not be told of once more when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (ValueError, TypeError, OSError, NotImplementedError, MemoryError) as error:
            return _say(error, BAD_FILE)
        return 0

    return wrapper


def _say(error, code):
    print(f"error: {_in_short(error) or type(error).__name__}", file=sys.stderr)
    return code


def _say_warning(message, *where, **more):
    print(f"warning: {_in_short(message)}", file=sys.stderr)


# How the lines begin that say where something is, or what to do, in the texts of errors that have several.
_TELLING = (
    "This is layer ",
    "Did you mean ",
    "Or pass it when loading",
    "Code in files is never run here",
)
_LEFT_OUT = "not part of convlayers"


def lines_of_cause(message):
    """Returns the lines that say what went wrong. Keras begins with the outermost of what was being done."""
    lines = [line for line in str(message).rpartition("Exception encountered: ")[2].splitlines() if line.strip()]
    return lines[1:] if lines and lines[0].startswith("Exception encountered when calling ") else lines


def _in_short(message):
    """Returns one line."""
    lines = [line.partition(" Full object config: ")[0] for line in lines_of_cause(message)]
    if not lines:
        return ""
    first = lines[:2] if "Example error message" in lines[0] else lines[:1]
    return " ".join(first + [line for line in lines[len(first) :] if line.startswith(_TELLING) or _LEFT_OUT in line])
