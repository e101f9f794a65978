"""Which names of TensorFlow there are, and what they stand for, as tables.

A name stands for a function or class of convlayers, written "module.name", or ".module.name" for the modules beside this one.
Where TensorFlow calls arguments otherwise, a dict with their names here is behind it.
"""

VERSION = "2.21.0"

_AXIS = {"input_tensor": "x"}
_OPERANDS = {"x": "x1", "y": "x2"}


def _same(names, **arguments):
    return {name: (f"ops.{name}", arguments) for name in names.split()}


_TYPES = "bfloat16 bool double float16 float32 float64 half int8 int16 int32 int64 string uint8 uint16"
_IMAGES = (
    "ResizeMethod adjust_brightness adjust_contrast adjust_gamma adjust_hue adjust_saturation convert_image_dtype "
    "crop_and_resize decode_image image_gradients non_max_suppression per_image_standardization psnr random_brightness "
    "random_contrast random_crop random_flip_left_right random_flip_up_down random_hue random_saturation resize "
    "resize_with_pad rgb_to_yuv stateless_random_brightness stateless_random_contrast stateless_random_crop "
    "stateless_random_flip_left_right stateless_random_flip_up_down stateless_random_hue stateless_random_saturation "
    "total_variation yuv_to_rgb"
)
# As in graphs of files.
_MOVED_IMAGES = (
    "central_crop crop_to_bounding_box extract_patches flip_left_right flip_up_down grayscale_to_rgb pad_to_bounding_box "
    "resize_with_crop_or_pad rot90 transpose"
)
_SCATTERED = ("add", "max", "min", "sub", "update")
_NETWORKS = (
    "avg_pool2d batch_normalization compute_average_loss conv2d conv2d_transpose depthwise_conv2d max_pool2d "
    "scale_regularization_loss sigmoid_cross_entropy_with_logits softmax_cross_entropy_with_logits "
    "sparse_softmax_cross_entropy_with_logits"
)

# What is both in `tf` and in `tf.math`.
_MATH = {
    **_same(
        "abs add cos cumsum divide equal exp floor greater greater_equal less less_equal logical_and logical_not logical_or"
    ),
    **_same("maximum minimum multiply negative not_equal round sigmoid sign sin sqrt square subtract tanh"),
    # The inverse functions of angles have the names of NumPy in Keras.
    **{f"a{name}": f"ops.arc{name}" for name in ("cos", "cosh", "sin", "sinh", "tan", "tanh")},
    **{f"reduce_{name}": (f"ops.{name}", _AXIS) for name in ("all", "any", "logsumexp", "max", "mean", "min", "prod", "sum")},
    **{name: f"models.tensorflow_ops.numbers.{name}" for name in ("add_n", "argmax", "argmin", "squared_difference")},
    "floordiv": ("ops.floor_divide", _OPERANDS),
    "pow": "ops.power",
    "truediv": ("ops.true_divide", _OPERANDS),
}
_SESSIONS = {
    "ConfigProto": ".devices.ConfigProto",
    "GPUOptions": ".devices.ConfigProto",
    "InteractiveSession": ".devices.Session",
    "Session": ".devices.Session",
    "reset_default_graph": ".devices.no_effect",
    "set_random_seed": ".random.set_seed",
}
_LOGGING = {
    "set_verbosity": ".messages.set_verbosity",
    **{name: f".messages.{name}" for name in ("DEBUG", "ERROR", "FATAL", "INFO", "WARN")},
}

NAMES = {
    "": {
        **_SESSIONS,
        "__version__": ".names.VERSION",
        **_MATH,
        **_same("einsum eye meshgrid ones repeat tensordot unstack zeros"),
        # Types of numbers are their names here.
        **{name: f".dtypes.{name}" for name in _TYPES.split()},
        "GradientTape": ".tape.GradientTape",
        "IndexedSlices": ".variables.IndexedSlices",
        "Module": ".module.Module",
        "UnconnectedGradients": ".tape.UnconnectedGradients",
        "Tensor": ".eager.AnyTensor",
        "TensorSpec": ".graphs.TensorSpec",
        "TensorShape": "legacy.attributes.TensorShape",
        "Variable": ".variables.AnyVariable",
        "argsort": ".arrays.argsort",
        "boolean_mask": ".arrays.boolean_mask",
        "broadcast_to": ".arrays.broadcast_to",
        "cast": "ops.cast",
        "clip_by_global_norm": ".arrays.clip_by_global_norm",
        "clip_by_norm": "models.tensorflow_ops.matrices.clip_by_norm",
        "clip_by_value": ("ops.clip", {"t": "x", "clip_value_min": "x_min", "clip_value_max": "x_max"}),
        "concat": ("ops.concatenate", {"values": "xs"}),
        "cond": ".graphs.cond",
        "constant": ".arrays.constant",
        "constant_initializer": "initializers.Constant",
        "convert_to_tensor": ("ops.convert_to_tensor", {"value": "x"}),
        "custom_gradient": ".graphs.custom_gradient",
        "device": ".devices.device",
        "expand_dims": ("ops.expand_dims", {"input": "x"}),
        "ensure_shape": ".arrays.ensure_shape",
        "executing_eagerly": ".graphs.executing_eagerly",
        "fill": ".arrays.fill",
        "function": ".graphs.function",
        "gather": ".arrays.gather",
        "gather_nd": ".arrays.gather_nd",
        "get_logger": ".messages.get_logger",
        "identity": ("ops.convert_to_tensor", {"input": "x"}),
        "is_tensor": ".arrays.is_tensor",
        "linspace": "ops.linspace",
        "map_fn": ".graphs.map_fn",
        "name_scope": ".graphs.name_scope",
        "newaxis": ".arrays.newaxis",
        "matmul": ".arrays.matmul",
        "norm": "models.tensorflow_ops.matrices.norm",
        "numpy_function": ".graphs.call_python",
        "one_hot": ("ops.one_hot", {"indices": "x", "depth": "num_classes"}),
        "ones_like": ("ops.ones_like", {"input": "x"}),
        "pad": "models.tensorflow_ops.shaping.pad",
        "ones_initializer": "initializers.Ones",
        "print": ".messages.print",
        "py_function": ".graphs.call_python",
        "random_normal_initializer": "initializers.RandomNormal",
        "random_uniform_initializer": "initializers.RandomUniform",
        "range": ("ops.arange", {"limit": "stop", "delta": "step"}),
        "rank": ".arrays.rank",
        "reshape": ("ops.reshape", {"tensor": "x", "shape": "newshape"}),
        "reverse": ("ops.flip", {"tensor": "x"}),
        "roll": ("ops.roll", {"input": "x"}),
        "shape": ".arrays.shape",
        "size": ".arrays.size",
        "saturate_cast": ("ops.saturate_cast", {"value": "x"}),
        "scatter_nd": ("ops.scatter", {"updates": "values"}),
        "slice": ".arrays.slice",
        "sort": "models.tensorflow_ops.shaping.sort",
        "split": "models.tensorflow_ops.shaping.split",
        "squeeze": ("ops.squeeze", {"input": "x"}),
        "stack": ("ops.stack", {"values": "x"}),
        "stop_gradient": ("ops.stop_gradient", {"input": "variable"}),
        "tile": ("ops.tile", {"input": "x", "multiples": "repeats"}),
        **{f"tensor_scatter_nd_{kind}": f"models.tensorflow_ops.places.tensor_scatter_nd_{kind}" for kind in _SCATTERED},
        "transpose": ("ops.transpose", {"a": "x", "perm": "axes"}),
        "where": ".arrays.where",
        "while_loop": "ops.while_loop",
        "zeros_initializer": "initializers.Zeros",
        "zeros_like": ("ops.zeros_like", {"input": "x"}),
    },
    "compat.v1": {
        **_SESSIONS,
        "disable_eager_execution": ".devices.no_effect",
        "disable_v2_behavior": ".devices.no_effect",
        "enable_eager_execution": ".devices.no_effect",
    },
    "compat.v1.logging": _LOGGING,
    "compat": {name: f".strings.{name}" for name in ("as_bytes", "as_str", "as_text")},
    "config": {
        "LogicalDeviceConfiguration": ".devices.no_effect",
        "list_logical_devices": ".devices.list_devices",
        "list_physical_devices": ".devices.list_devices",
        "run_functions_eagerly": ".devices.no_effect",
        "set_logical_device_configuration": ".devices.no_effect",
        "set_soft_device_placement": ".devices.no_effect",
        "set_visible_devices": ".devices.no_effect",
    },
    "config.experimental": {
        "VirtualDeviceConfiguration": ".devices.no_effect",
        "enable_op_determinism": ".devices.no_effect",
        "list_physical_devices": ".devices.list_devices",
        "set_memory_growth": ".devices.no_effect",
        "set_virtual_device_configuration": ".devices.no_effect",
    },
    "config.optimizer": dict.fromkeys(("set_experimental_options", "set_jit"), ".devices.no_effect"),
    "config.threading": {f"set_{kind}_op_parallelism_threads": ".devices.no_effect" for kind in ("inter", "intra")},
    "data": {
        "AUTOTUNE": ".datasets.AUTOTUNE",
        "Dataset": ".datasets.Dataset",
        "Options": ".devices.Options",
        "TextLineDataset": ".datasets.read_lines",
    },
    "data.experimental": {
        "AUTOTUNE": ".datasets.AUTOTUNE",
        "AutoShardPolicy": ".devices.ANY_POLICY",
        "Counter": ".datasets.count_up",
        "INFINITE_CARDINALITY": ".datasets.INFINITE_CARDINALITY",
        "UNKNOWN_CARDINALITY": ".datasets.UNKNOWN_CARDINALITY",
        "cardinality": ".datasets.cardinality",
    },
    "distribute": {
        "MirroredStrategy": ".devices.Strategy",
        "OneDeviceStrategy": ".devices.Strategy",
        "ReduceOp": ".devices.ReduceOp",
        "Strategy": ".devices.Strategy",
        "get_strategy": ".devices.Strategy",
    },
    "distribute.cluster_resolver": {"TPUClusterResolver": ".devices.TPUClusterResolver"},
    "debugging": {"set_log_device_placement": ".devices.no_effect"},
    "dtypes": {**{name: f".dtypes.{name}" for name in _TYPES.split()}, "cast": "ops.cast"},
    "errors": {name: f".errors.{name}" for name in ("InvalidArgumentError", "NotFoundError", "ResourceExhaustedError")},
    "image": {
        **{name: f".images.{name}" for name in _IMAGES.split()},
        **{name: f"models.tensorflow_ops.images.{name}" for name in _MOVED_IMAGES.split()},
        **{f"decode_{kind}": ".images.decode_image" for kind in ("bmp", "jpeg", "png")},
        **{name: f"ops.image.{name}" for name in ("hsv_to_rgb", "rgb_to_grayscale", "rgb_to_hsv", "sobel_edges")},
        "ssim": ("ops.image.ssim", {"img1": "image1", "img2": "image2"}),
    },
    "io": {
        **{f"decode_{kind}": ".images.decode_image" for kind in ("bmp", "image", "jpeg", "png")},
        "read_file": ".images.read_file",
    },
    "linalg": {
        **_same("det inv trace"),
        "diag_part": "models.tensorflow_ops.matrices.diag_part",
        "einsum": "ops.einsum",
        "matmul": ".arrays.matmul",
        "matrix_transpose": "models.tensorflow_ops.matrices.transpose",
        "norm": "models.tensorflow_ops.matrices.norm",
        "set_diag": ".arrays.set_diag",
    },
    "logging": _LOGGING,
    "math": {
        **_MATH,
        **_same("ceil erf log log1p mod reciprocal rsqrt softplus tan top_k"),
        "atan2": ("ops.arctan2", {"y": "x1", "x": "x2"}),
        "confusion_matrix": ".arrays.confusion_matrix",
        "count_nonzero": ("ops.count_nonzero", {"input": "x"}),
        "cumprod": "ops.cumprod",
        "divide_no_nan": ("ops.divide_no_nan", _OPERANDS),
        "floormod": ("ops.mod", _OPERANDS),
        "is_finite": "ops.isfinite",
        "is_inf": "ops.isinf",
        "is_nan": "ops.isnan",
        "l2_normalize": "models.tensorflow_ops.matrices.l2_normalize",
        "reduce_std": ("ops.std", _AXIS),
        "reduce_variance": ("ops.var", _AXIS),
        "softmax": ("ops.softmax", {"logits": "x"}),
    },
    "nest": {
        "flatten": "nested.flatten",
        "map_structure": "nested.map_structure",
        "pack_sequence_as": "nested.pack_like",
    },
    "nn": {
        **_same("elu relu relu6 selu sigmoid silu softplus softsign swish tanh", features="x"),
        "dropout": ("random.dropout", {"x": "inputs"}),
        **{name: f".nn.{name}" for name in _NETWORKS.split()},
        **{name: f"models.tensorflow_ops.networks.{name}" for name in ("bias_add", "gelu", "local_response_normalization")},
        "avg_pool": ".nn.avg_pool2d",
        "depth_to_space": ("ops.depth_to_space", {"input": "x"}),
        "l2_loss": "models.tensorflow_ops.losses.l2_loss",
        "lrn": "models.tensorflow_ops.networks.local_response_normalization",
        "max_pool": ".nn.max_pool2d",
        "moments": "ops.moments",
        "space_to_depth": ("ops.space_to_depth", {"input": "x"}),
        "top_k": ("ops.top_k", {"input": "x"}),
        "l2_normalize": "models.tensorflow_ops.matrices.l2_normalize",
        "leaky_relu": ("ops.leaky_relu", {"features": "x", "alpha": "negative_slope"}),
        "log_softmax": ("ops.log_softmax", {"logits": "x"}),
        "softmax": ("ops.softmax", {"logits": "x"}),
    },
    "python": {},
    "python.framework": {},
    "python.framework.ops": {"EagerTensor": ".eager.EagerArray"},
    # `keras_contrib` imports it.
    "python.ops": {},
    "python.ops.ctc_ops": {},
    "random": {
        "Generator": ".random.Generator",
        "categorical": "random.categorical",
        "gamma": ".random.gamma",
        "get_global_generator": ".random.get_global_generator",
        "normal": "random.normal",
        "set_random_seed": ".random.set_seed",
        "set_seed": ".random.set_seed",
        "shuffle": ("random.shuffle", {"value": "x"}),
        "split": ".random.split",
        "stateless_normal": ".random.stateless_normal",
        "stateless_uniform": ".random.stateless_uniform",
        "truncated_normal": "random.truncated_normal",
        "uniform": ".random.uniform",
    },
    "strings": {name: f".strings.{name}" for name in ("join", "regex_replace", "split")},
    "summary": {
        name: f".summary.{name}"
        for name in ("SummaryWriter", "create_file_writer", "create_noop_writer", "histogram", "image", "scalar", "text")
    },
    "train": {name: f".checkpoints.{name}" for name in ("Checkpoint", "CheckpointManager", "latest_checkpoint")},
    "version": {"VERSION": ".names.VERSION"},
    "test": {
        "gpu_device_name": ".devices.gpu_device_name",
        "is_built_with_cuda": ".devices.is_gpu_available",
        "is_gpu_available": ".devices.is_gpu_available",
    },
}

# What `tf` has as well as `tf.keras`.
OF_KERAS = ("initializers", "losses", "metrics", "optimizers")

# What scripts do with TensorFlow that Keras has another way for.
ADVICE = {
    "compat": "Names of TensorFlow 1 are not there: use those of TensorFlow 2, or of `keras`.",
    "contrib": "Names of TensorFlow 1 are not there: use those of TensorFlow 2, or of `keras`.",
    "data": "Data sets are made of arrays, by `tf.data.Dataset.from_tensor_slices`, and of folders of images, by "
    "`keras.utils.image_dataset_from_directory`. Records, text and tables are read by Python and NumPy.",
    "distribute": "There is one device: leave the strategy out, or use `tf.distribute.MirroredStrategy`, to no effect.",
    "get_default_graph": "There are no graphs: leave it out.",
    "global_variables_initializer": "Variables have values from the start: leave it out.",
    "io": "Files of images are read by `tf.io.read_file` and `tf.io.decode_image`; other files, by Python and NumPy.",
    "lite": "Models are saved by `model.save('model.keras')`, which Keras can convert.",
    "placeholder": "Use `keras.Input(shape)`.",
    **dict.fromkeys(
        ("RaggedTensor", "RaggedTensorSpec", "ragged"),
        "Arrays have one size along each axis: `keras.utils.pad_sequences` and `padded_batch` fill up shorter ones.",
    ),
    "raw_ops": "`keras.ops` has the functions on arrays, under the names of NumPy.",
    "saved_model": "Models are saved by `model.save('model.keras')`.",
    "signal": "`numpy.fft` prepares data for which no gradient is wanted.",
    **dict.fromkeys(
        ("SparseTensor", "SparseTensorSpec", "sparse"),
        "Arrays have all their numbers: `tf.one_hot` and `tf.scatter_nd` make them of a few.",
    ),
    "strings": "Strings are those of Python, with its methods.",
    "summary": "Use the callbacks `TensorBoard` and `CSVLogger`.",
    "TensorArray": "Use a list, and `tf.stack`.",
    "train.Example": "Records are not read or written: `numpy.savez` keeps arrays.",
    "train": "Weights are saved by `model.save_weights('name.weights.h5')`, and read by `model.load_weights`; the callback "
    "`ModelCheckpoint` does it while training.",
}
