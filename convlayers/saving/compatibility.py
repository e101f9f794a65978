"""What some versions of Keras 3 don't know or misunderstand, and others can do without."""

import inspect
import re

from convlayers.naming import to_snake_case
from convlayers.registry import find
from convlayers.saving.encodings import map_dicts

# Arguments that came after Keras 3.0, by the module of the class, or the class, with the values that mean what there was
# before. They are written only where they have another value: an older version refuses a file for any argument that it does
# not know, and a newer one does without.
_NEWER_ARGUMENTS = {
    "keras.initializers": {"input_axes": None, "output_axes": None},
    "keras.layers": {
        "optional": False,
        "quantization_config": None,
        "renorm": False,
        "renorm_clipping": None,
        "renorm_momentum": 0.99,
    },
    "keras.layers.RandomBrightness": {"data_format": "channels_last"},
    "keras.layers.RandomContrast": {"data_format": "channels_last", "value_range": [0, 255]},
    "keras.layers.RandomFlip": {"data_format": "channels_last"},
    "keras.layers.ZeroPadding1D": {"data_format": "channels_last"},
    "keras.layers.Resizing": {"antialias": False, "fill_mode": "constant", "fill_value": 0.0, "pad_to_aspect_ratio": False},
    "keras.metrics": {"ignore_class": None},
}
# Classes that came after Keras 3.0, by the module. Two of the initializers were there under other names.
_NEWER_CLASSES = {
    "keras.initializers": "Identity Orthogonal STFT",
    "keras.layers": (
        "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D "
        "AdaptiveMaxPooling2D AdaptiveMaxPooling3D AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization "
        "CutMix Equalization FlaxLayer JaxLayer MaxNumBoundingBoxes MelSpectrogram MixUp Pipeline RMSNormalization "
        "RandAugment RandomColorDegeneration RandomColorJitter RandomElasticTransform RandomErasing "
        "RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization "
        "RandomSaturation RandomSharpness RandomShear ReversibleEmbedding STFTSpectrogram Solarization"
    ),
    "keras.losses": "CategoricalGeneralizedCrossEntropy Circle Dice Tversky",
    "keras.metrics": "ConcordanceCorrelation PearsonCorrelation",
    "keras.optimizers": "Lamb MultiOptimizer Muon ScheduleFreeAdamW",
    "keras.src.ops": (
        "AdaptiveAveragePool AdaptiveMaxPool AllClose Angle Argpartition ArraySplit AssociativeScan BitwiseAnd "
        "BitwiseInvert BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift BitwiseXor CDist CTCDecode CTCLoss "
        "Cbrt Celu CholeskyInverse ConvertToTensor Corrcoef Correlate CropImages Deg2rad DepthToSpace Diagflat "
        "DotProductAttention Dsplit Dstack Eigh ElasticTransform EmptyLike Erfc Exp2 Fabs Fliplr Flipud Fmax Fmin "
        "Fmod Fold GaussianBlur Gcd Geomspace Glu HSVToRGB HardShrink HardTanh Heaviside Histogram Hsplit Hypot I0 "
        "IFFT2 Inner IsIn Isneginf Isposinf Isreal JVP Kron LayerNorm Lcm Ldexp LeftShift Logaddexp2 Logdet Lstsq "
        "Map MatrixRank Nanargmax Nanargmin Nancumprod Nancumsum Nanmax Nanmean Nanmedian Nanmin Nanpercentile "
        "Nanprod Nanquantile Nanstd Nansum Nanvar Nextafter PSNR Percentile PerspectiveTransform Pinv Polar Ptp "
        "RGBToGrayscale RGBToHSV RMSNorm Rad2deg Rearrange RightShift Rot90 SSIM SaturateCast ScaleAndTranslate Scan "
        "SearchSorted SegmentMin SegmentProd SegmentReduction Select Signbit Sinc Slogdet SobelEdges SoftShrink "
        "SpaceToDepth SparsePlus SparseSigmoid Sparsemax Squareplus Switch TanhShrink Threshold Trapezoid Trunc "
        "Unfold Unique UnravelIndex Vander VectorizedMap View ViewAsComplex ViewAsReal Vsplit"
    ),
}
_NEWER_ACTIVATIONS = (
    "celu glu hard_shrink hard_tanh log_sigmoid soft_shrink sparse_plus sparse_sigmoid sparsemax squareplus tanh_shrink "
    "threshold"
)


# What classes were called in Keras 3.0, where all versions know that name.
_FIRST_NAMES = {
    "keras.initializers": {"Identity": "IdentityInitializer", "Orthogonal": "OrthogonalInitializer"},
}


def newer_arguments(encoding):
    """Returns the arguments of an object's class that older versions of Keras don't know, with the values that say nothing."""
    module = str(encoding.get("module"))
    return {**_NEWER_ARGUMENTS.get(module, {}), **_NEWER_ARGUMENTS.get(f"{module}.{encoding.get('class_name')}", {})}


def newer_than_3_0(encoding):
    """Yields what Keras 3.0 does not know in the encoding of an object, in words."""
    module, class_name, config = str(encoding.get("module")), encoding["class_name"], encoding["config"]
    is_op = _is_op(encoding)
    if class_name == "__slice__":
        yield "tensors are sliced between layers, which later versions read"
    if class_name in _NEWER_CLASSES.get("keras.src.ops" if is_op else module, "").split():
        yield f"the class {class_name} came later"
    if isinstance(config, dict):
        newer = [key for key in newer_arguments(encoding) if key in config]
        if is_op and len(config) > 1:  # Those without arguments had a name.
            newer += [key for key in config if key == "name"]
        yield from (f"{class_name} has `{key}`, which came later" for key in newer)
        activation = config.get("activation")
        if module == "keras.layers" and isinstance(activation, str) and activation in _NEWER_ACTIVATIONS.split():
            yield f"the activation '{activation}' came later"


def for_all_versions(encoding):
    """Returns the encoding of a model without arguments that older versions of Keras don't know, where they say nothing.

    Args:
        encoding: what `serialize_keras_object` returned. Configs of classes that are not Keras's stay as they are.
    """
    return map_dicts(_without_newer_arguments, encoding)


def _without_newer_arguments(part):
    newer, config = newer_arguments(part), part.get("config")
    if not newer or not isinstance(config, dict):
        return part
    return {**part, "config": {key: value for key, value in config.items() if key not in newer or value != newer[key]}}


def without_names_of_ops(encoding):
    """Returns the encoding of a model without the names of ops, which most ops take since Keras 3.11 only.

    Without one, Keras gives an op a name by its class, and a number. Names stay where a layer might be called so.
    """
    return map_dicts(_without_names_in_graph, encoding)


def _without_names_in_graph(part):
    entries = part.get("layers")
    if not isinstance(entries, list) or "output_layers" not in part:
        return part
    layers = [entry["name"] for entry in entries if not _is_op(entry)]
    return {**part, "layers": [_without_name(entry, layers) if _is_op(entry) else entry for entry in entries]}


def without_usual_training(encoding):
    """Returns the encoding of a model without the `training` that Keras until 3.15 adds to calls: the default of the layer.

    Each version finds it itself, but for Keras 3.16 it would be the wish of a user: a `Dropout` that never drops.
    """
    return map_dicts(_without_usual_training, encoding)


def _without_usual_training(part):
    cls = (
        find(part["class_name"], "keras.layers") if part.get("module") == "keras.layers" and part.get("inbound_nodes") else None
    )
    parameter = cls and inspect.signature(cls.call).parameters.get("training")
    if not parameter:
        return part

    def usual(call):
        kwargs = call["kwargs"]
        return {**call, "kwargs": {key: kwargs[key] for key in kwargs if (key, kwargs[key]) != ("training", parameter.default)}}

    return {**part, "inbound_nodes": [usual(call) for call in part["inbound_nodes"]]}


def with_first_names(encoding):
    """Returns the encoding of a model in which classes that had other names in Keras 3.0 have these."""
    return map_dicts(_with_first_name, encoding)


def _with_first_name(part):
    names = _FIRST_NAMES.get(str(part.get("module")), {})
    return {**part, "class_name": names[part["class_name"]]} if part.get("class_name") in names else part


def _is_op(entry):
    return str(entry.get("module")).startswith("keras.src.ops.")


def _without_name(entry, layers):
    pattern = re.compile(f"{to_snake_case(entry['class_name'])}(_[0-9]+)?")
    if any(map(pattern.fullmatch, layers)):
        return entry
    return {**entry, "config": {key: value for key, value in entry["config"].items() if key != "name"}}
