"""VGG with 16 layers of weights: `keras.applications.vgg16`."""

from convlayers.applications.application import variant
from convlayers.applications.imagenet_utils import decode_predictions as decode_predictions
from convlayers.applications.imagenet_utils import preprocessing
from convlayers.applications.vgg import VGG

preprocess_input = preprocessing("caffe")

VGG16 = variant(
    VGG,
    "VGG16",
    name="vgg16",
    depths=(2, 2, 3, 3, 3),
    folder="vgg16",
    hashes=("64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"),
)
