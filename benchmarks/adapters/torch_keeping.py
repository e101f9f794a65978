"""The layers of `keeping_case.py` in PyTorch's words: functions of the input, channels last in memory, and the weights."""

import torch
import torch.nn.functional as F

from benchmarks.adapters.work import Work, keeping_answers


def keeping_work(case, dtype, direction, functions=None):
    """Returns the `Work` of a case; `functions` are those below, unless given."""
    inputs, d_y = case.arrays(dtype)
    inputs, d_y = list(map(torch.from_numpy, inputs)), torch.from_numpy(d_y)
    apply, shapes = (functions or _functions(case))[case.kind]
    weights = [torch.from_numpy(weight).requires_grad_() for weight in case.weights(shapes, dtype)]

    def forward():
        with torch.inference_mode():
            return apply(*inputs, *weights)

    if direction == "forward":
        return Work(forward, lambda: keeping_answers(case, forward().numpy()))
    for x in inputs:
        x.requires_grad_()

    def both():
        for tensor in (*inputs, *weights):
            tensor.grad = None
        y = apply(*inputs, *weights)
        y.backward(d_y)
        return y

    def answers():
        y = both().detach().numpy()
        return keeping_answers(case, y, [x.grad.numpy() for x in inputs], [weight.grad.numpy() for weight in weights])

    return Work(both, answers)


def _functions(case):
    """Returns for each kind the function, and the shapes of its weights."""
    channels, options = case.input_shape[-1:], case.options
    return {
        "BatchNormalization": (
            _on_channels(lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-3)),
            [channels, channels],
        ),
        "LayerNormalization": (lambda x, gamma, beta: F.layer_norm(x, channels, gamma, beta, 1e-3), [channels, channels]),
        "RMSNormalization": (lambda x, scale: F.rms_norm(x, channels, scale, 1e-6), [channels]),
        "GroupNormalization": (
            _on_channels(lambda x, gamma, beta: F.group_norm(x, options["groups"], gamma, beta, 1e-3)),
            [channels, channels],
        ),
        "PReLU": (_on_channels(F.prelu), [channels]),
        "SeparableConv2D": (_on_channels(_separable), [(3, 3, *channels, 1), (1, 1, *channels, *channels), channels]),
        "Dropout": (lambda x: F.dropout(x, options["rate"], True), []),
        "GaussianNoise": (lambda x: torch.add(x, torch.randn_like(x), alpha=options["stddev"]), []),
        "SpatialDropout2D": (_on_channels(lambda x: F.dropout2d(x, options["rate"], True)), []),
    }


def _separable(x, depthwise, pointwise, bias):
    x = F.conv2d(x, depthwise.permute(2, 3, 0, 1), padding="same", groups=x.shape[1])
    return F.conv2d(x, pointwise.permute(3, 2, 0, 1), bias)


def _on_channels(function):
    """For a function that wants the channels in axis 1; in memory they stay last."""
    return lambda x, *weights: function(x.movedim(-1, 1), *weights).movedim(1, -1)
