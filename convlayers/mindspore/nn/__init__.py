"""Cells, with the signatures, the layout of weights and the defaults of `mindspore.nn`."""

from convlayers.mindspore.nn.activations import ELU as ELU
from convlayers.mindspore.nn.activations import GELU as GELU
from convlayers.mindspore.nn.activations import LeakyReLU as LeakyReLU
from convlayers.mindspore.nn.activations import ReLU as ReLU
from convlayers.mindspore.nn.activations import ReLU6 as ReLU6
from convlayers.mindspore.nn.activations import Sigmoid as Sigmoid
from convlayers.mindspore.nn.activations import Softmax as Softmax
from convlayers.mindspore.nn.activations import Tanh as Tanh
from convlayers.mindspore.nn.cell import Cell as Cell
from convlayers.mindspore.nn.conv2d import Conv2d as Conv2d
from convlayers.mindspore.nn.dense import Dense as Dense
from convlayers.mindspore.nn.dropout import Dropout as Dropout
from convlayers.mindspore.nn.flatten import Flatten as Flatten
from convlayers.mindspore.nn.normalization import BatchNorm2d as BatchNorm2d
from convlayers.mindspore.nn.pooling import AvgPool2d as AvgPool2d
from convlayers.mindspore.nn.pooling import MaxPool2d as MaxPool2d
from convlayers.mindspore.nn.sequential_cell import SequentialCell as SequentialCell
