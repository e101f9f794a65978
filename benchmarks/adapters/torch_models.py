"""The described models as PyTorch modules, in the `channels_last` memory format."""

import numpy as np
import torch
from torch import nn

from benchmarks.model_case import initial_weights

MEMORY_FORMATS = {1: torch.contiguous_format, 2: torch.channels_last, 3: torch.channels_last_3d}


def build(description, dtype):
    """Returns the module with the initial weights. It ends in logits, as PyTorch's loss wants them."""
    named = {}
    model = _sequence(description.placed(), named)
    _without_softmax(model)
    model = model.to(getattr(torch, dtype))
    for name, weights in initial_weights(description, dtype).items():
        _set_weights(named[name], weights)
    return model.to(memory_format=torch.channels_last)


def optimizer(description, parameters):
    """Returns the optimizer with the settings of Keras."""
    rate = description.learning_rate
    match description.optimizer:
        case "sgd":
            return torch.optim.SGD(parameters, lr=rate, momentum=0.9, nesterov=True)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, lr=rate, alpha=0.9, eps=1e-7)
        case "adam":
            return torch.optim.Adam(parameters, lr=rate, eps=1e-7)
    raise ValueError(f"unknown optimizer: {description.optimizer}")


class Residual(nn.Module):
    def __init__(self, main, shortcut):
        super().__init__()
        self.main = main
        self.shortcut = shortcut

    def forward(self, x):
        return torch.relu_(self.main(x) + self.shortcut(x))


class ChannelsLastFlatten(nn.Module):
    """Flattens in Keras's order, which is the order in memory: no copy."""

    def forward(self, x):
        return x.movedim(1, -1).flatten(1)


class GlobalAveragePooling(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


def _sequence(layers, named):
    modules = []
    for layer in layers:
        if layer.kind == "Residual":
            modules.append(Residual(*(_sequence(layer.options[way], named) for way in ("main", "shortcut"))))
            continue
        named[layer.name] = _module(layer)
        modules.append(named[layer.name])
        if layer.options.get("activation") == "relu":
            modules.append(nn.ReLU(inplace=True))
        elif layer.options.get("activation") == "softmax":
            modules.append(nn.Softmax(-1))
    return nn.Sequential(*modules)


def _module(layer):
    options, channels = layer.options, layer.input_shape[-1]
    match layer.kind:
        case "Conv2D" | "DepthwiseConv2D":
            filters, groups = (options["filters"], 1) if layer.kind == "Conv2D" else (channels, channels)
            kernel, bias = options["kernel_size"], options.get("use_bias", True)
            padding = kernel // 2 if options.get("padding") == "same" else 0
            return nn.Conv2d(channels, filters, kernel, options.get("strides", 1), padding, groups=groups, bias=bias)
        case "Dense":
            return nn.Linear(channels, options["units"])
        case "BatchNormalization":
            return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)
        case "MaxPooling2D":
            return nn.MaxPool2d(options["pool_size"])
        case "GlobalAveragePooling2D":
            return GlobalAveragePooling()
        case "Flatten":
            return ChannelsLastFlatten()
        case "Dropout":
            return nn.Dropout(options["rate"])
        case "Activation":
            return nn.Identity()
    raise ValueError(f"unknown layer: {layer.kind}")


def _without_softmax(model):
    assert isinstance(model[-1], nn.Softmax)
    del model[-1]


def _set_weights(module, weights):
    tensors = [torch.from_numpy(np.asarray(weight)) for weight in weights]
    if isinstance(module, nn.Conv2d):
        tensors[0] = tensors[0].permute(2, 3, 0, 1) if module.groups > 1 else tensors[0].permute(3, 2, 0, 1)
    elif isinstance(module, nn.Linear):
        tensors[0] = tensors[0].T
    names = ("weight", "bias", "running_mean", "running_var")
    with torch.no_grad():
        for name, tensor in zip(names, tensors, strict=False):
            getattr(module, name).copy_(tensor)
