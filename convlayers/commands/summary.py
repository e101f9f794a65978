"""`python -m convlayers summary FILE`: the table of `model.summary()`."""

from convlayers.commands.errors import reported
from convlayers.commands.models import read_model


def add_arguments(parser):
    parser.add_argument("file", help="a .keras or .h5 file of a model, or the folder of an unzipped one")
    parser.add_argument("--nested", action="store_true", help="show the layers of models in the model, too")
    parser.add_argument("--trainable", action="store_true", help="show which layers are trained")


@reported
def main(options):
    model = read_model(options.file)
    model.summary(expand_nested=options.nested, show_trainable=options.trainable)
