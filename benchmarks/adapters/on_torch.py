"""Plain PyTorch, as its own users write it: functional layers and modules in the `channels_last` memory format."""

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks.adapters import torch_models
from benchmarks.adapters.torch_images import image_functions
from benchmarks.adapters.torch_keeping import keeping_work
from benchmarks.adapters.torch_merging import merging_functions
from benchmarks.adapters.work import CHECKED_STEPS, Work, layer_answers
from benchmarks.image_case import ImageCase
from benchmarks.keeping_case import KeepingCase
from benchmarks.layer_case import LayerCase
from benchmarks.merging_case import MergingCase

CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED_CONVOLUTIONS = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
MAX_POOLINGS = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
AVERAGE_POOLINGS = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
ADAPTIVE_POOLINGS = {
    "adaptive_max_pool": {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: F.adaptive_max_pool3d},
    "adaptive_average_pool": {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d},
}


class TorchAdapter:
    name = "torch"

    def __init__(self, threads):
        torch.set_num_threads(threads)
        self.version = torch.__version__

    def lacks(self, case):
        if isinstance(case, LayerCase) and case.pooling and any(front != behind for front, behind in case.pads):
            return "PyTorch's pooling pads both sides alike"
        if isinstance(case, LayerCase) and case.transposed and any(front != behind for front, behind in case.pads):
            return "PyTorch's transposed convolutions cut off both sides alike"
        return None

    def prepare(self, case, dtype, direction):
        if isinstance(case, LayerCase):
            return _layer_work(case, dtype, direction)
        if isinstance(case, ImageCase):
            return keeping_work(case, dtype, direction, image_functions(case))
        if isinstance(case, MergingCase):
            return keeping_work(case, dtype, direction, merging_functions(case))
        if isinstance(case, KeepingCase):
            return keeping_work(case, dtype, direction)
        return _model_work(case, dtype)


# Layers --------------------------------------------------------------------------------------------------------------


def _layer_work(case, dtype, direction):
    arrays = case.arrays(dtype)
    x, d_y = _as_torch(arrays.x), _as_torch(arrays.d_y)
    weights = () if case.pooling else (_kernel_to_torch(arrays.kernel, case), torch.from_numpy(arrays.bias))
    apply = _pooling(case) if case.pooling else _transposed(case) if case.transposed else _convolution(case)

    def forward():
        with torch.inference_mode():
            return apply(x, *weights)

    if direction == "forward":
        return Work(forward, lambda: layer_answers(_as_numpy(forward())))

    x.requires_grad_(not case.first)
    for weight in weights:
        weight.requires_grad_()

    def both():
        for tensor in (x, *weights):
            tensor.grad = None
        y = apply(x, *weights)
        y.backward(d_y)
        return y

    def answers():
        y = _as_numpy(both().detach())
        d_x = None if case.first else _as_numpy(x.grad)
        d_kernel, d_bias = (_kernel_from_torch(weights[0].grad, case), weights[1].grad.numpy()) if weights else (None, None)
        return layer_answers(y, (d_x, d_kernel, d_bias))

    return Work(both, answers)


def _convolution(case):
    function = CONVOLUTIONS[case.rank]
    options = {"stride": case.strides, "dilation": case.dilation, "groups": case.groups}
    if all(front == behind for front, behind in case.pads):
        padding = tuple(front for front, _ in case.pads)
        return lambda x, kernel, bias: function(x, kernel, bias, padding=padding, **options)
    # F.pad counts axes from the last.
    pads = [pad for axis in reversed(case.pads) for pad in axis]
    return lambda x, kernel, bias: function(F.pad(x, pads), kernel, bias, **options)


def _transposed(case):
    function, padding = TRANSPOSED_CONVOLUTIONS[case.rank], tuple(front for front, _ in case.pads)
    # The pixels behind those that windows reach.
    behind = tuple(max(0, stride - span) for stride, span in zip(case.strides, case.spans, strict=True))
    return lambda x, kernel, bias: function(x, kernel, bias, case.strides, padding, behind, dilation=case.dilation)


def _pooling(case):
    if case.adaptive:
        return lambda x: ADAPTIVE_POOLINGS[case.layer][case.rank](x, case.window)
    padding = tuple(front for front, _ in case.pads)
    if case.layer == "max_pool":
        return lambda x: MAX_POOLINGS[case.rank](x, case.window, case.strides, padding)
    # As in Keras, padding does not count.
    return lambda x: AVERAGE_POOLINGS[case.rank](x, case.window, case.strides, padding, count_include_pad=False)


def _as_torch(array):
    """The same memory, which is `channels_last`. PyTorch has no such format for one dimension: a copy there."""
    tensor = torch.from_numpy(array).movedim(-1, 1)
    return tensor.contiguous() if tensor.ndim == 3 else tensor


def _as_numpy(tensor):
    return tensor.movedim(1, -1).numpy()


def _kernel_to_torch(kernel, case):
    if case.layer == "depthwise":
        kernel = np.swapaxes(kernel, -1, -2)
    tensor = torch.from_numpy(kernel).movedim((-1, -2), (0, 1))
    return tensor.contiguous(memory_format=torch_models.MEMORY_FORMATS[case.rank])


def _kernel_from_torch(kernel, case):
    kernel = kernel.movedim((0, 1), (-1, -2)).numpy()
    return np.swapaxes(kernel, -1, -2) if case.layer == "depthwise" else kernel


# Models --------------------------------------------------------------------------------------------------------------


def _model_work(case, dtype):
    images, labels = case.arrays(dtype)
    x, labels = _as_torch(images), torch.from_numpy(labels)
    if case.action == "train_on_batch":
        step = _stepper(torch_models.build(case.model, dtype), case.model, x, labels)

        def answers():
            checked = torch_models.build(case.model.repeatable(), dtype)
            predictions = _predict(checked.eval(), x)
            step = _stepper(checked, case.model.repeatable(), x, labels)
            return {"predictions": predictions, "losses": np.array([step() for _ in range(CHECKED_STEPS)])}

        return Work(step, answers)

    model = torch_models.build(case.model, dtype).eval()

    def run():
        return _predict(model, x)

    return Work(run, lambda: {"predictions": run()})


def _predict(model, x):
    with torch.inference_mode():
        return model(x).softmax(-1).numpy()


def _stepper(model, description, x, labels):
    model.train()
    optimizer = torch_models.optimizer(description, model.parameters())

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step
