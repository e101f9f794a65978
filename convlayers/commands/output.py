"""What commands print: with colors and bars on a terminal, as plain text to anything else."""

import contextlib
import sys


def print_table(headers, rows):
    """Prints a table.

    Args:
        headers: list of strings. Columns whose header begins with "#" have numbers, on the right.
        rows: list of lists of strings.
    """
    if sys.stdout.isatty():
        _print_rich(headers, rows)
        return
    widths = [max(len(cell) for cell in column) for column in zip(headers, *rows, strict=True)]
    for row in (headers, *rows):
        cells = (
            cell.rjust(width) if header.startswith("#") else cell.ljust(width)
            for cell, width, header in zip(row, widths, headers, strict=True)
        )
        print("  ".join(cells).rstrip())


def _print_rich(headers, rows):
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table()
    for header in headers:
        table.add_column(escape(header), justify="right" if header.startswith("#") else "left")
    for row in rows:
        table.add_row(*map(escape, row))
    Console().print(table)


def printable(text):
    """Returns text from a file without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(text))


def follow(items, text):
    """Goes through a list, with a bar on a terminal."""
    if len(items) < 2 or not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    return track(items, text, console=Console(stderr=True), transient=True)


def working(text):
    """Says on a terminal what takes its time: `with working("Reading model.keras"):`."""
    if not sys.stderr.isatty():
        return contextlib.nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(text)
