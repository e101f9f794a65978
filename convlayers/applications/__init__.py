"""Known networks, under the names of `keras.applications`, with weights that were trained on ImageNet or without."""

from convlayers.applications import (
    convnext,
    densenet,
    efficientnet,
    efficientnet_v2,
    imagenet_utils,
    inception_resnet_v2,
    inception_v3,
    mobilenet,
    mobilenet_v2,
    mobilenet_v3,
    nasnet,
    resnet,
    resnet50,
    resnet_v2,
    vgg16,
    vgg19,
    xception,
)
from convlayers.applications.convnext import ConvNeXtBase, ConvNeXtLarge, ConvNeXtSmall, ConvNeXtTiny, ConvNeXtXLarge
from convlayers.applications.densenet import DenseNet121, DenseNet169, DenseNet201
from convlayers.applications.efficientnet import (
    EfficientNetB0,
    EfficientNetB1,
    EfficientNetB2,
    EfficientNetB3,
    EfficientNetB4,
    EfficientNetB5,
    EfficientNetB6,
    EfficientNetB7,
)
from convlayers.applications.efficientnet_v2 import (
    EfficientNetV2B0,
    EfficientNetV2B1,
    EfficientNetV2B2,
    EfficientNetV2B3,
    EfficientNetV2L,
    EfficientNetV2M,
    EfficientNetV2S,
)
from convlayers.applications.inception_resnet_v2 import InceptionResNetV2
from convlayers.applications.inception_v3 import InceptionV3
from convlayers.applications.mobilenet import MobileNet
from convlayers.applications.mobilenet_v2 import MobileNetV2
from convlayers.applications.mobilenet_v3 import MobileNetV3Large, MobileNetV3Small
from convlayers.applications.nasnet import NASNetLarge, NASNetMobile
from convlayers.applications.resnet import ResNet50, ResNet101, ResNet152
from convlayers.applications.resnet_v2 import ResNet50V2, ResNet101V2, ResNet152V2
from convlayers.applications.vgg16 import VGG16
from convlayers.applications.vgg19 import VGG19
from convlayers.applications.xception import Xception
