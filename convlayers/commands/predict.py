"""`python -m convlayers predict FILE IMAGE...`: what a model says about images."""

import argparse
import fractions
import os
import sys

import numpy as np

from convlayers import nested
from convlayers.commands.errors import UsageError, reported
from convlayers.commands.images import read_images
from convlayers.commands.models import read_model
from convlayers.commands.output import follow, print_table


def add_arguments(parser):
    parser.add_argument("file", help="a .keras or .h5 file of a model, or the folder of an unzipped one")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="images of any size that Pillow reads, or .npy arrays")
    parser.add_argument("--scale", type=_number, help="what pixels of 0 to 255 are multiplied by, as 1/255 (default: 1)")
    parser.add_argument("--top", type=int, default=5, help="how many classes are shown (default: 5)")


@reported
def main(options):
    if options.top < 1:
        raise UsageError(f"Expected at least one class to show. Received: --top {options.top}")
    model = read_model(options.file)
    shape = _shape_of_input(model, options.file)
    rows = []
    _tell_of_scale(options, model)
    for path in follow(options.images, "Predicting"):
        images = read_images(path, shape, options.scale or 1.0)
        outputs = nested.flatten(model.predict(images, verbose=0))
        rows += _rows(path, outputs, len(images), options.top)
    if len(model.outputs) == 1:
        print_table(["image", "prediction"], [[image, prediction] for image, _, prediction in rows])
    else:
        print_table(["image", "output", "prediction"], rows)


def _number(text):
    """Returns the number that "0.5" or "1/255" means."""
    try:
        return float(fractions.Fraction(text))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise argparse.ArgumentTypeError(f"expected a number, such as 0.5 or 1/255. Received: {text}") from error


# The layers that change pixels as they come.
_SCALING = ("Normalization", "Rescaling")


def _tell_of_scale(options, model):
    """Says what pixels are, where neither the user nor the model has a say in it."""
    images = [path for path in options.images if not path.endswith(".npy")]
    if images and options.scale is None and not any(type(layer).__name__ in _SCALING for layer in model.layers):
        print(
            "note: pixels go in as 0 to 255. If the model was trained with pixels from 0 to 1, pass --scale 1/255",
            file=sys.stderr,
        )


def _shape_of_input(model, filepath):
    inputs = getattr(model, "inputs", None)
    if not inputs or len(inputs) != 1:
        raise ValueError(f"Expected a model of one input. The model in {filepath} has {len(inputs or ())}.")
    return tuple(inputs[0].shape[1:])


def _rows(path, outputs, count, top):
    for number in range(count):
        name = os.path.basename(path) + (f"[{number}]" if count > 1 else "")
        for index, output in enumerate(outputs):
            yield [name, str(index), describe(output[number], top)]


def describe(output, top):
    """Returns the largest values of a vector with their indices, a few numbers as they are, or what larger arrays look like."""
    if output.ndim == 1 and len(output) > 1:
        best = np.argsort(-output, kind="stable")[:top]
        return ", ".join(f"class {index}: {output[index]:.4g}" for index in best)
    if output.size == 1:
        return f"{output.item():.4g}"
    return f"shape {output.shape}, {output.min():.4g} to {output.max():.4g}, mean {output.mean():.4g}"
