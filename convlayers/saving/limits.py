"""How much a file may claim to hold. Files may come from anywhere, and small ones may pretend to be large."""

# What declares more bytes than this, and this many times what is stored of it, is taken for a trap.
LARGE = 256 << 20
EXPANSION = 100

# The largest configs of real models have a few MB. As objects they take up to twenty times as much.
LARGEST_JSON = 64 << 20
# Of an integer in JSON. Python's time for reading one grows with the square of its length.
MOST_DIGITS = 100


def check_expansion(what, declared, stored):
    """Raises a `ValueError` for what would take up far more memory than it does in its file.

    Args:
        what: the beginning of the message, as "the data set '/layers/dense/vars/0'".
        declared: how many bytes it will have.
        stored: how many bytes there are of it.
    """
    if declared > LARGE and declared > EXPANSION * stored:
        raise ValueError(
            f"Not allowed: {what} declares {declared} bytes, but only {stored} are stored. Expected: at most {LARGE} bytes, or "
            f"at most {EXPANSION} for each byte stored."
        )
