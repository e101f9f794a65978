"""Stateless functions on arrays, differentiable where mathematics allows. Names and arguments are those of `keras.ops`.

They take arrays and anything that NumPy makes arrays of, tensors and variables that are being differentiated, and the
symbolic tensors that models are made of.
"""

import sys

from convlayers import unsupported
from convlayers.ops import image, operators
from convlayers.ops.activations import (
    celu,
    elu,
    gelu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    squareplus,
    swish,
    tanh,
    tanh_shrink,
    threshold,
)
from convlayers.ops.adaptive_pooling import adaptive_average_pool, adaptive_max_pool
from convlayers.ops.arithmetic import (
    add,
    arctan2,
    clip,
    divide,
    divide_no_nan,
    floor_divide,
    fmax,
    fmin,
    fmod,
    gcd,
    heaviside,
    hypot,
    lcm,
    ldexp,
    logaddexp,
    logaddexp2,
    maximum,
    minimum,
    mod,
    multiply,
    nextafter,
    power,
    subtract,
    true_divide,
    where,
)
from convlayers.ops.bitwise import (
    bitwise_and,
    bitwise_invert,
    bitwise_left_shift,
    bitwise_not,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    left_shift,
    right_shift,
)
from convlayers.ops.blocks import depth_to_space, fold, space_to_depth, unfold
from convlayers.ops.comparison import (
    allclose,
    equal,
    greater,
    greater_equal,
    isclose,
    isfinite,
    isin,
    isinf,
    isnan,
    isneginf,
    isposinf,
    isreal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
    signbit,
)
from convlayers.ops.complex_parts import angle, conj, conjugate, imag, real
from convlayers.ops.conv import conv, conv_bias_activation, depthwise_conv, depthwise_conv_bias_activation, separable_conv
from convlayers.ops.conv_transpose import conv_transpose, conv_transpose_bias_activation
from convlayers.ops.core import (
    array,
    cast,
    cond,
    convert_to_numpy,
    convert_to_tensor,
    copy,
    custom_gradient,
    dtype,
    fori_loop,
    is_tensor,
    map,
    ndim,
    saturate_cast,
    scan,
    shape,
    size,
    stop_gradient,
    switch,
    vectorize,
    vectorized_map,
    while_loop,
)
from convlayers.ops.creation import (
    arange,
    bartlett,
    blackman,
    empty,
    empty_like,
    eye,
    full,
    full_like,
    geomspace,
    hamming,
    hanning,
    identity,
    kaiser,
    linspace,
    logspace,
    meshgrid,
    ones,
    ones_like,
    tri,
    zeros,
    zeros_like,
)
from convlayers.ops.crossentropy import binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy
from convlayers.ops.ctc import ctc_loss
from convlayers.ops.cutting import array_split, dsplit, hsplit, split, unstack, vsplit
from convlayers.ops.decompositions import (
    cholesky,
    cholesky_inverse,
    det,
    eigh,
    inv,
    logdet,
    lstsq,
    lu_factor,
    matrix_rank,
    pinv,
    qr,
    slogdet,
    solve,
    solve_triangular,
    svd,
)
from convlayers.ops.dense import dense
from convlayers.ops.dropout import dropout
from convlayers.ops.global_pooling import global_average_pool, global_max_pool
from convlayers.ops.indexing import diagonal, get_item, nonzero, slice, slice_update, take, take_along_axis, tril, triu
from convlayers.ops.labels import in_top_k, multi_hot, one_hot
from convlayers.ops.linear import dot, einsum, inner, matmul, norm, outer, tensordot
from convlayers.ops.matrices import (
    cross,
    diag,
    diagflat,
    diff,
    extract_sequences,
    kron,
    select,
    trace,
    unravel_index,
    vander,
    vdot,
    view,
)
from convlayers.ops.normalization import batch_normalization, batch_normalization_training, masked_moments, moments, normalize
from convlayers.ops.pointwise import (
    abs,
    absolute,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctanh,
    cbrt,
    ceil,
    cos,
    cosh,
    deg2rad,
    erf,
    erfc,
    erfinv,
    exp,
    exp2,
    expm1,
    fabs,
    floor,
    i0,
    log,
    log1p,
    log2,
    log10,
    nan_to_num,
    negative,
    rad2deg,
    reciprocal,
    round,
    rsqrt,
    sign,
    sin,
    sinc,
    sinh,
    sqrt,
    square,
    tan,
    trunc,
)
from convlayers.ops.pooling import average_pool, max_pool
from convlayers.ops.prelu import prelu
from convlayers.ops.rearrange import rearrange
from convlayers.ops.reductions import (
    all,
    amax,
    amin,
    any,
    argmax,
    argmin,
    average,
    count_nonzero,
    cumprod,
    cumsum,
    logsumexp,
    max,
    mean,
    min,
    nanargmax,
    nanargmin,
    nancumprod,
    nancumsum,
    prod,
    std,
    sum,
    trapezoid,
    var,
)
from convlayers.ops.sample_normalization import group_normalization, layer_normalization, rms_normalization
from convlayers.ops.scatter import scatter, scatter_update, segment_max, segment_min, segment_prod, segment_sum
from convlayers.ops.shaping import (
    append,
    broadcast_to,
    concatenate,
    dstack,
    expand_dims,
    flip,
    fliplr,
    flipud,
    hstack,
    moveaxis,
    pad,
    ravel,
    repeat,
    reshape,
    roll,
    rot90,
    squeeze,
    stack,
    swapaxes,
    tile,
    transpose,
    vstack,
)
from convlayers.ops.softmax import log_softmax, softmax, sparsemax
from convlayers.ops.sorting import argpartition, argsort, searchsorted, sort, top_k, unique
from convlayers.ops.statistics import (
    bincount,
    cdist,
    corrcoef,
    correlate,
    digitize,
    histogram,
    median,
    nanmax,
    nanmean,
    nanmedian,
    nanmin,
    nanpercentile,
    nanprod,
    nanquantile,
    nanstd,
    nansum,
    nanvar,
    percentile,
    psnr,
    ptp,
    quantile,
)


def __getattr__(name):
    # Keras has its ops under these names as well: `keras.ops.nn.relu` is `keras.ops.relu`.
    if name in ("linalg", "nn", "numpy"):
        return sys.modules[__name__]
    raise unsupported.missing(__name__, name)
