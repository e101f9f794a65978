"""`python -m convlayers convert IN OUT`: a file of any version of Keras as another."""

import os

from convlayers.commands.errors import UsageError, reported
from convlayers.commands.models import read_model
from convlayers.commands.output import working

# The endings of the files of each format. Those of which `save` takes the name are for older versions of Keras.
_FOR_OLDER = ("keras3.0", "keras2")
FORMATS = {
    "keras": (".keras",),
    "h5": (".h5", ".hdf5"),
    "keras3.0": (".keras", ".h5", ".hdf5"),
    "keras2": (".keras", ".h5", ".hdf5"),
    "weights": (".weights.h5",),
}


def add_arguments(parser):
    parser.add_argument("input", metavar="IN", help="a .keras or .h5 file of a model, of any version of Keras")
    parser.add_argument("output", metavar="OUT", help="the file to write")
    parser.add_argument(
        "--format",
        choices=FORMATS,
        help="keras: for Keras 3.4 and later. h5: the same in HDF5. keras3.0: for Keras 3.0 to 3.3. keras2: for Keras 2. "
        "weights: weights alone, for Keras 3. By default what OUT ends in says which",
    )
    parser.add_argument("--force", action="store_true", help="replace OUT if it is there")


@reported
def main(options):
    file_format = _format_of(options)
    if os.path.exists(options.output) and not options.force:
        raise UsageError(f"There is a file {options.output} already. Pass --force to replace it.")
    model = read_model(options.input, compile=True)
    with working(f"Writing {options.output}"):
        _write(model, options.output, file_format)
    print(f"{options.output}: {os.path.getsize(options.output):,} bytes, {file_format}")


def _format_of(options):
    endings = FORMATS.get(options.format)
    if endings is None:
        # "weights" is looked at first: its ending is also that of "h5".
        found = [name for name in ("weights", "keras", "h5") if options.output.endswith(FORMATS[name])]
        if not found:
            raise UsageError(f"Expected OUT to end in .keras, .h5 or .weights.h5. Received: {options.output}")
        return found[0]
    if not options.output.endswith(endings):
        raise UsageError(f"Expected OUT to end in {' or '.join(endings)} for {options.format}. Received: {options.output}")
    return options.format


def _write(model, filepath, file_format):
    if file_format == "weights":
        model.save_weights(filepath)
    elif file_format in _FOR_OLDER:
        model.save(filepath, format=file_format)
    else:
        model.save(filepath)
