"""Errors of commands: one line, and an exit code."""

import functools
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
        except UsageError as error:
            return _say(error, WRONG_USAGE)
        except (ValueError, TypeError, OSError, NotImplementedError, MemoryError) as error:
            return _say(error, BAD_FILE)
        return 0

    return wrapper


def _say(error, code):
    print(f"error: {_first_line(error) or type(error).__name__}", file=sys.stderr)
    return code


def _say_warning(message, *where, **more):
    print(f"warning: {_first_line(message)}", file=sys.stderr)


def _first_line(message):
    # The rest of it is for those who write programs.
    return next((line for line in str(message).splitlines() if line.strip()), "")
