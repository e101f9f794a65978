"""VGG with 19 layers of weights: `keras.applications.vgg19`."""

from convlayers.applications.application import variant
from convlayers.applications.imagenet_utils import decode_predictions as decode_predictions
from convlayers.applications.imagenet_utils import preprocessing
from convlayers.applications.vgg import VGG

preprocess_input = preprocessing("caffe")

VGG19 = variant(
    VGG,
    "VGG19",
    name="vgg19",
    depths=(2, 2, 4, 4, 4),
    folder="vgg19",
    hashes=("cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"),
)
