"""Which function of `table.py` each raw op of TensorFlow is, by the name that nodes of its graphs have for it.

Files name no other ops. TensorFlow 2.1 to 2.3 wrote them where later versions write functions.
"""


class RawOp:
    """A function of TensorFlow as a node of its graphs.

    Args:
        function: its name.
        inputs: the arguments that the node's inputs are, in order, by names with a blank between. One with a star is a list of
            as many as there are. Without names, they are the arguments of the function by their places.
        attributes: for each attribute of the node that matters, the argument that it is.
    """

    def __init__(self, function, inputs="", **attributes):
        self.function = function
        self.attributes = attributes
        self._inputs = inputs.split()

    def name_inputs(self, inputs):
        """Returns the inputs of a node as the arguments, and the named ones, of the function."""
        if not self._inputs:
            return inputs, {}
        spare = len(inputs) - len(self._inputs) + 1
        rest, kwargs = list(inputs), {}
        for name in self._inputs:
            if name[0] == "*":
                kwargs[name[1:]], rest = rest[:spare], rest[spare:]
            elif rest:
                kwargs[name] = rest.pop(0)
        return [], kwargs


_OF_ONE = {
    "Abs": "math.abs",
    "Acos": "math.acos",
    "Acosh": "math.acosh",
    "Asin": "math.asin",
    "Asinh": "math.asinh",
    "Atan": "math.atan",
    "Atanh": "math.atanh",
    "BesselI0": "math.bessel_i0",
    "Ceil": "math.ceil",
    "CheckNumerics": "debugging.check_numerics",
    "Cholesky": "linalg.cholesky",
    "Conj": "math.conj",
    "Cos": "math.cos",
    "Cosh": "math.cosh",
    "Elu": "nn.elu",
    "EnsureShape": "ensure_shape",
    "Erf": "math.erf",
    "Erfc": "math.erfc",
    "Erfinv": "math.erfinv",
    "Exp": "math.exp",
    "Expm1": "math.expm1",
    "Floor": "math.floor",
    "HSVToRGB": "image.hsv_to_rgb",
    "Identity": "identity",
    "Inv": "math.reciprocal",
    "Invert": "bitwise.invert",
    "IsFinite": "math.is_finite",
    "IsInf": "math.is_inf",
    "IsNan": "math.is_nan",
    "L2Loss": "nn.l2_loss",
    "Log": "math.log",
    "Log1p": "math.log1p",
    "LogSoftmax": "nn.log_softmax",
    "LogicalNot": "math.logical_not",
    "MatrixDeterminant": "linalg.det",
    "MatrixDiag": "linalg.diag",
    "Ndtri": "math.ndtri",
    "Neg": "math.negative",
    "OnesLike": "ones_like",
    "RGBToHSV": "image.rgb_to_hsv",
    "Rank": "rank",
    "Reciprocal": "math.reciprocal",
    "Relu": "nn.relu",
    "Relu6": "nn.relu6",
    "Rint": "math.rint",
    "Round": "math.round",
    "Rsqrt": "math.rsqrt",
    "Selu": "nn.selu",
    "Sigmoid": "math.sigmoid",
    "Sign": "math.sign",
    "Sin": "math.sin",
    "Sinh": "math.sinh",
    "Snapshot": "identity",
    "Softmax": "nn.softmax",
    "Softplus": "math.softplus",
    "Softsign": "nn.softsign",
    "Sqrt": "math.sqrt",
    "Square": "math.square",
    "StopGradient": "stop_gradient",
    "Tan": "math.tan",
    "Tanh": "math.tanh",
    "ZerosLike": "zeros_like",
}

_OF_TWO = {
    "Add": "math.add",
    "AddV2": "math.add",
    "AdjustHue": "image.adjust_hue",
    "AdjustSaturation": "image.adjust_saturation",
    "Atan2": "math.atan2",
    "BitwiseAnd": "bitwise.bitwise_and",
    "BitwiseOr": "bitwise.bitwise_or",
    "BitwiseXor": "bitwise.bitwise_xor",
    "Cross": "linalg.cross",
    "Div": "math.divide",
    "DivNoNan": "math.divide_no_nan",
    "Equal": "math.equal",
    "FloorDiv": "math.floordiv",
    "FloorMod": "math.floormod",
    "Greater": "math.greater",
    "GreaterEqual": "math.greater_equal",
    "LeftShift": "bitwise.left_shift",
    "Less": "math.less",
    "LessEqual": "math.less_equal",
    "LogicalAnd": "math.logical_and",
    "LogicalOr": "math.logical_or",
    "Maximum": "math.maximum",
    "Minimum": "math.minimum",
    "Mul": "math.multiply",
    "MulNoNan": "math.multiply_no_nan",
    "NotEqual": "math.not_equal",
    "Pow": "math.pow",
    "RealDiv": "math.truediv",
    "RightShift": "bitwise.right_shift",
    "SegmentMax": "math.segment_max",
    "SegmentMean": "math.segment_mean",
    "SegmentMin": "math.segment_min",
    "SegmentProd": "math.segment_prod",
    "SegmentSum": "math.segment_sum",
    "SquaredDifference": "math.squared_difference",
    "Sub": "math.subtract",
    "TruncateDiv": "truncatediv",
    "TruncateMod": "truncatemod",
    "Xdivy": "math.xdivy",
    "Xlog1py": "math.xlog1py",
    "Xlogy": "math.xlogy",
}

_REDUCTIONS = {
    "All": "math.reduce_all",
    "Any": "math.reduce_any",
    "EuclideanNorm": "math.reduce_euclidean_norm",
    "Max": "math.reduce_max",
    "Mean": "math.reduce_mean",
    "Min": "math.reduce_min",
    "Prod": "math.reduce_prod",
    "Sum": "math.reduce_sum",
}

_RANDOM = {"dtype": "dtype", "seed": "seed"}
_WINDOWS = {"strides": "strides", "padding": "padding", "data_format": "data_format"}
_POOLINGS = {
    "AvgPool": "nn.avg_pool2d",
    "AvgPool3D": "nn.avg_pool3d",
    "MaxPool": "nn.max_pool2d",
    "MaxPool3D": "nn.max_pool3d",
}
_CONVOLUTIONS = {
    "Conv2D": "nn.conv2d",
    "Conv3D": "nn.conv3d",
    "DepthwiseConv2dNative": "nn.depthwise_conv2d",
}

# What becomes of pixels at the edges when sizes change.
_PIXELS = {"align_corners": "align_corners", "half_pixel_centers": "half_pixel_centers"}

_OTHERS = {
    "AddN": RawOp("math.add_n", "*inputs"),
    "AdjustContrastv2": RawOp("image.adjust_contrast"),
    "ArgMax": RawOp("math.argmax", output_type="output_type"),
    "ArgMin": RawOp("math.argmin", output_type="output_type"),
    "BatchMatMul": RawOp("linalg.matmul", adj_x="adjoint_a", adj_y="adjoint_b"),
    "BatchMatMulV2": RawOp("linalg.matmul", adj_x="adjoint_a", adj_y="adjoint_b"),
    "BatchToSpaceND": RawOp("batch_to_space"),
    "BiasAdd": RawOp("nn.bias_add", data_format="data_format"),
    "BroadcastTo": RawOp("broadcast_to"),
    "Cast": RawOp("cast", DstT="dtype"),
    "ConcatV2": RawOp("concat", "*values axis"),
    "Conv2DBackpropInput": RawOp(
        "raw_ops.Conv2DBackpropInput", dilations="dilations", explicit_paddings="explicit_paddings", **_WINDOWS
    ),
    "Conv3DBackpropInputV2": RawOp("raw_ops.Conv2DBackpropInput", dilations="dilations", **_WINDOWS),
    "CropAndResize": RawOp("image.crop_and_resize", method="method", extrapolation_value="extrapolation_value"),
    "Cumprod": RawOp("math.cumprod", exclusive="exclusive", reverse="reverse"),
    "Cumsum": RawOp("math.cumsum", exclusive="exclusive", reverse="reverse"),
    "CumulativeLogsumexp": RawOp("math.cumulative_logsumexp", exclusive="exclusive", reverse="reverse"),
    "DepthToSpace": RawOp("nn.depth_to_space", block_size="block_size", data_format="data_format"),
    "Dilation2D": RawOp("nn.dilation2d", strides="strides", rates="rates", padding="padding"),
    "Einsum": RawOp("raw_ops.Einsum", "*inputs", equation="equation"),
    "ExpandDims": RawOp("expand_dims"),
    "ExtractImagePatches": RawOp("image.extract_patches", ksizes="sizes", strides="strides", rates="rates", padding="padding"),
    "Fill": RawOp("fill", T="dtype"),
    "Gather": RawOp("gather", "params indices"),
    "GatherNd": RawOp("gather_nd"),
    "GatherV2": RawOp("gather", "params indices axis", batch_dims="batch_dims"),
    "IdentityN": RawOp("identity_n", "*input"),
    "InTopKV2": RawOp("math.in_top_k"),
    "LRN": RawOp("nn.local_response_normalization", depth_radius="depth_radius", bias="bias", alpha="alpha", beta="beta"),
    "LeakyRelu": RawOp("nn.leaky_relu", alpha="alpha"),
    "LinSpace": RawOp("linspace"),
    "MatMul": RawOp("linalg.matmul", transpose_a="transpose_a", transpose_b="transpose_b"),
    "MatrixBandPart": RawOp("linalg.band_part"),
    "MatrixDiagPart": RawOp("linalg.diag_part"),
    "MatrixDiagPartV3": RawOp("linalg.diag_part", align="align"),
    "MatrixDiagV3": RawOp("linalg.diag", align="align"),
    "MatrixInverse": RawOp("linalg.inv", adjoint="adjoint"),
    "MatrixSetDiagV3": RawOp("linalg.set_diag", align="align"),
    "MatrixSolve": RawOp("linalg.solve", adjoint="adjoint"),
    "MaxPoolWithArgmax": RawOp(
        "nn.max_pool_with_argmax",
        ksize="ksize",
        strides="strides",
        padding="padding",
        include_batch_in_index="include_batch_in_index",
    ),
    "MirrorPad": RawOp("pad", mode="mode"),
    "OneHot": RawOp("one_hot", "indices depth on_value off_value", axis="axis", T="dtype"),
    "Pack": RawOp("stack", "*values", axis="axis"),
    "Pad": RawOp("pad"),
    "PadV2": RawOp("pad", "tensor paddings constant_values"),
    "PreventGradient": RawOp("identity"),
    "RandomStandardNormal": RawOp("random.normal", **_RANDOM),
    "RandomUniform": RawOp("random.uniform", **_RANDOM),
    "RandomUniformInt": RawOp("raw_ops.RandomUniformInt", Tout="dtype", seed="seed"),
    "Range": RawOp("range", Tidx="dtype"),
    "Reshape": RawOp("reshape"),
    "ResizeArea": RawOp("image.resize_area", align_corners="align_corners"),
    "ResizeBicubic": RawOp("image.resize_bicubic", **_PIXELS),
    "ResizeBilinear": RawOp("image.resize_bilinear", **_PIXELS),
    "ResizeNearestNeighbor": RawOp("image.resize_nearest_neighbor", **_PIXELS),
    "ReverseV2": RawOp("reverse"),
    "Roll": RawOp("roll"),
    "ScaleAndTranslate": RawOp("raw_ops.ScaleAndTranslate", kernel_type="kernel_type", antialias="antialias"),
    "ScatterNd": RawOp("scatter_nd"),
    "Select": RawOp("raw_ops.Select"),
    "SelectV2": RawOp("where"),
    "Shape": RawOp("shape", out_type="out_type"),
    "Size": RawOp("size", out_type="out_type"),
    "Slice": RawOp("slice"),
    "SoftmaxCrossEntropyWithLogits": RawOp("raw_ops.SoftmaxCrossEntropyWithLogits"),
    "SpaceToBatchND": RawOp("space_to_batch_nd"),
    "SpaceToDepth": RawOp("nn.space_to_depth", block_size="block_size", data_format="data_format"),
    "Split": RawOp("split", "axis value", num_split="num_or_size_splits"),
    "SplitV": RawOp("split", "value num_or_size_splits axis", num_split="num"),
    "Squeeze": RawOp("squeeze", squeeze_dims="squeeze_dims"),
    "StridedSlice": RawOp(
        "strided_slice",
        begin_mask="begin_mask",
        end_mask="end_mask",
        ellipsis_mask="ellipsis_mask",
        new_axis_mask="new_axis_mask",
        shrink_axis_mask="shrink_axis_mask",
    ),
    "Svd": RawOp("linalg.svd", compute_uv="compute_uv", full_matrices="full_matrices"),
    "TensorScatterAdd": RawOp("tensor_scatter_nd_add"),
    "TensorScatterMax": RawOp("tensor_scatter_nd_max"),
    "TensorScatterMin": RawOp("tensor_scatter_nd_min"),
    "TensorScatterSub": RawOp("tensor_scatter_nd_sub"),
    "TensorScatterUpdate": RawOp("tensor_scatter_nd_update"),
    "Tile": RawOp("tile"),
    "TopKV2": RawOp("math.top_k", sorted="sorted"),
    "Transpose": RawOp("transpose"),
    "TruncatedNormal": RawOp("random.truncated_normal", **_RANDOM),
    "Unpack": RawOp("unstack", axis="axis"),
    "UnsortedSegmentMax": RawOp("math.unsorted_segment_max"),
    "UnsortedSegmentMin": RawOp("math.unsorted_segment_min"),
    "UnsortedSegmentProd": RawOp("math.unsorted_segment_prod"),
    "UnsortedSegmentSum": RawOp("math.unsorted_segment_sum"),
    "Where": RawOp("where"),
}

RAW_OPS = {
    **{op: RawOp(function) for op, function in {**_OF_ONE, **_OF_TWO}.items()},
    **{op: RawOp(function, keep_dims="keepdims") for op, function in _REDUCTIONS.items()},
    **{op: RawOp(function, ksize="ksize", **_WINDOWS) for op, function in _POOLINGS.items()},
    **{
        op: RawOp(function, dilations="dilations", explicit_paddings="explicit_paddings", **_WINDOWS)
        for op, function in _CONVOLUTIONS.items()
    },
    **_OTHERS,
}
