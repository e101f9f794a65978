"""Cells, with the signatures, the layout of weights and the defaults of `mindspore.nn`."""

from convlayers.mindspore.nn.activations import ELU, GELU, LeakyReLU, ReLU, ReLU6, Sigmoid, Softmax, Tanh
from convlayers.mindspore.nn.cell import Cell
from convlayers.mindspore.nn.conv2d import Conv2d
from convlayers.mindspore.nn.dense import Dense
from convlayers.mindspore.nn.dropout import Dropout
from convlayers.mindspore.nn.flatten import Flatten
from convlayers.mindspore.nn.normalization import BatchNorm2d
from convlayers.mindspore.nn.pooling import AvgPool2d, MaxPool2d
from convlayers.mindspore.nn.sequential_cell import SequentialCell
