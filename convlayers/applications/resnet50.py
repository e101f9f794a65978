"""The residual network with 50 layers of weights: `keras.applications.resnet50`."""

from convlayers.applications.resnet import ResNet50 as ResNet50
from convlayers.applications.resnet import decode_predictions as decode_predictions
from convlayers.applications.resnet import preprocess_input as preprocess_input
