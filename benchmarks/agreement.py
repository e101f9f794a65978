"""Do two libraries give the same answers? Asked before any time is taken."""

import numpy as np

# Of the largest absolute value of the reference. Winograd convolutions stay under 5e-5 in float32.
TOLERANCES = {"float32": 1e-4, "float64": 1e-10}


def differences(answers, reference):
    """Returns {what: largest difference, relative to the largest absolute value of the reference}.

    What only one of them has, or has in another shape, differs by infinity; so does NaN.
    """
    found = {}
    for what in sorted(answers.keys() | reference.keys()):
        ours, theirs = answers.get(what), reference.get(what)
        if ours is None or theirs is None or ours.shape != theirs.shape:
            found[what] = float("inf")
        else:
            scale = np.max(np.abs(theirs), initial=0.0)
            difference = np.max(np.abs(np.asarray(ours, "float64") - theirs), initial=0.0) / (scale or 1.0)
            found[what] = float(difference) if np.isfinite(difference) else float("inf")
    return found


def disagreements(found, dtype):
    """Returns those of `differences` that are too large."""
    # Keras does parts of a float64 model in float32: it rounds the images, and adds up losses.
    limits = dict.fromkeys(("predictions", "losses"), TOLERANCES["float32"])
    return {what: size for what, size in found.items() if size > limits.get(what, TOLERANCES[dtype])}
