"""What long work says on the terminal, or to a logger."""

import sys

from convlayers import config


def print_message(message, end="\n"):
    """Prints a message, or gives it to the logger "convlayers" after `disable_interactive_logging()`."""
    if not config.is_interactive_logging_enabled():
        import logging  # which takes longer than any other module that training needs

        logging.getLogger("convlayers").info(message)
        return
    try:
        sys.stdout.write(f"{message}{end}")
    except UnicodeEncodeError:
        sys.stdout.write(f"{message}{end}".encode("ascii", "replace").decode())
    sys.stdout.flush()
