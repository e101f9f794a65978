"""`python -m convlayers convert IN OUT`: a file of any version of Keras as another."""

import os

from convlayers.commands.errors import UsageError, reported
from convlayers.commands.models import read_model
from convlayers.commands.output import working
from convlayers.saving.file_endings import MODEL_ENDINGS, WEIGHTS_ENDING
from convlayers.saving.formats import DEFAULT, FORMATS

# The endings of the files of each format: those that `save` knows, and one more.
_ENDINGS = {**dict.fromkeys(FORMATS, MODEL_ENDINGS), "weights": (WEIGHTS_ENDING,)}


def add_arguments(parser):
    parser.add_argument("input", metavar="IN", help="a .keras or .h5 file of a model, of any version of Keras")
    parser.add_argument("output", metavar="OUT", help="the file to write")
    parser.add_argument(
        "--format",
        choices=_ENDINGS,
        help="keras3, the default: for all versions of Keras 3. keras3.0: without what optimizers remember, where "
        "versions have it in other orders. keras3.11: for 3.11 and later, as these write it. "
        "keras2: for Keras 2. convlayers: for convlayers alone, with what Keras does not have. weights: weights alone, for "
        "Keras 3; the default where OUT ends in .weights.h5",
    )
    parser.add_argument("--force", action="store_true", help="replace OUT if it is there")


@reported
def main(options):
    file_format = _format_of(options)
    if os.path.isdir(options.output):
        raise UsageError(f"There is a folder {options.output}. Expected: OUT to be the name of a file.")
    if os.path.exists(options.output) and not options.force:
        raise UsageError(f"There is a file {options.output} already. Pass --force to replace it.")
    model = read_model(options.input, compile=True)
    with working(f"Writing {options.output}"):
        _write(model, options.output, file_format)
    print(f"{options.output}: {os.path.getsize(options.output):,} bytes, {file_format}")


def _format_of(options):
    file_format = options.format or ("weights" if options.output.endswith(_ENDINGS["weights"]) else DEFAULT)
    endings = _ENDINGS[file_format]
    if not options.output.endswith(endings):
        raise UsageError(f"Expected OUT to end in {' or '.join(endings)} for {file_format}. Received: {options.output}")
    return file_format


def _write(model, filepath, file_format):
    if file_format == "weights":
        model.save_weights(filepath)
    else:
        model.save(filepath, format=file_format)
