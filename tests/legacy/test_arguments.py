"""The arguments of Keras 1 and 2 become those of today."""

import inspect
import warnings

import pytest

from convlayers import callbacks, layers
from convlayers.legacy.arguments import DROPPED_ARGUMENTS, RENAMED_ARGUMENTS, translate
from convlayers.legacy.old_spelling import OldSpelling
from tests.scripts.running import run_code

OLD_AND_TODAY = [
    ("Conv2D", {"nb_filter": 8, "nb_row": 3, "nb_col": 5}, {"filters": 8, "kernel_size": (3, 5)}),
    ("Conv2D", {"border_mode": "same", "subsample": (2, 2)}, {"padding": "same", "strides": (2, 2)}),
    ("Conv2D", {"dim_ordering": "th"}, {"data_format": "channels_first"}),
    ("Conv2D", {"dim_ordering": "tf"}, {"data_format": "channels_last"}),
    ("Conv2D", {"dim_ordering": "default"}, {"data_format": None}),
    ("Conv2D", {"init": "uniform", "bias": False}, {"kernel_initializer": "random_uniform", "use_bias": False}),
    ("Conv2D", {"W_regularizer": "l2", "b_regularizer": "l1"}, {"kernel_regularizer": "l2", "bias_regularizer": "l1"}),
    ("Conv2D", {"W_constraint": "non_neg", "b_constraint": None}, {"kernel_constraint": "non_neg", "bias_constraint": None}),
    ("Conv2D", {"batch_input_shape": (None, 8, 8, 3)}, {"input_shape": (8, 8, 3)}),
    ("Conv1D", {"nb_filter": 8, "filter_length": 3, "subsample_length": 2}, {"filters": 8, "kernel_size": 3, "strides": 2}),
    ("Conv1D", {"input_dim": 4, "input_length": 10}, {"input_shape": (10, 4)}),
    ("Conv3D", {"kernel_dim1": 1, "kernel_dim2": 2, "kernel_dim3": 3}, {"kernel_size": (1, 2, 3)}),
    ("Conv2DTranspose", {"border_mode": "same"}, {"padding": "same"}),
    ("SeparableConv2D", {"init": "zero"}, {"depthwise_initializer": "zeros"}),
    ("Dense", {"output_dim": 5, "init": "normal"}, {"units": 5, "kernel_initializer": "random_normal"}),
    ("MaxPooling1D", {"pool_length": 2, "stride": 3}, {"pool_size": 2, "strides": 3}),
    ("MaxPooling2D", {"border_mode": "same", "dim_ordering": "th"}, {"padding": "same", "data_format": "channels_first"}),
    ("AveragePooling2D", {}, {"pool_size": 2}),
    ("UpSampling1D", {"length": 3}, {"size": 3}),
    ("ZeroPadding2D", {"dim_ordering": "tf"}, {"data_format": "channels_last"}),
    ("Dropout", {"p": 0.5}, {"rate": 0.5}),
    ("SpatialDropout2D", {"p": 0.5, "dim_ordering": "tf"}, {"rate": 0.5, "data_format": "channels_last"}),
    ("GaussianNoise", {"sigma": 0.1}, {"stddev": 0.1}),
    ("BatchNormalization", {"mode": 0, "beta_init": "zero", "gamma_init": "one"}, None),
    ("LeakyReLU", {"alpha": 0.1}, {"negative_slope": 0.1}),
    ("Reshape", {"dims": (4, 4)}, {"target_shape": (4, 4)}),
    ("ModelCheckpoint", {"period": 2}, {}),
    ("ReduceLROnPlateau", {"epsilon": 0.1}, {"min_delta": 0.1}),
]


@pytest.mark.parametrize(("name", "old", "today"), OLD_AND_TODAY)
def test_each_is_translated_with_a_warning(name, old, today):
    with pytest.warns(OldSpelling, match="is from older versions of Keras. Today, write ") as warned:
        args, kwargs, later = translate(name, (), old)
    assert args == () and later == {}
    if name == "BatchNormalization":
        today = {"beta_initializer": "zeros", "gamma_initializer": "ones"}
    assert kwargs == today
    assert all(warning.filename == __file__ for warning in warned)


def test_one_warning_for_each():
    with pytest.warns(OldSpelling) as warned:
        for _ in range(3):
            translate("Dropout", (), {"p": 0.5})
    assert [str(warning.message) for warning in warned] == [
        "`Dropout(p=...)` is from older versions of Keras. Today, write `rate=...`."
    ]


def test_arguments_of_today_stay():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert translate("Conv2D", (8, 3), {"padding": "same"}) == ((8, 3), {"padding": "same"}, {})
        assert translate("Conv2D", (8, 3, 1), {}) == ((8, 3, 1), {}, {})
        assert translate("Embedding", (8, 3), {"weights": []}) == ((8, 3), {"weights": []}, {})
        assert translate("Conv2D", (8,), {"nothing": 1}) == ((8,), {"nothing": 1}, {})


def test_three_sizes_of_which_one_is_a_stride_today():
    with pytest.warns(OldSpelling, match=r"`Conv2D\(32, 3, 3\)` has a window of 3x3 and strides of 3. In Keras 1"):
        assert translate("Conv2D", (32, 3, 3), {}) == ((32, 3, 3), {}, {})


@pytest.mark.parametrize("name", {**RENAMED_ARGUMENTS, **DROPPED_ARGUMENTS})
def test_what_is_an_argument_today_is_left_alone(name):
    target = getattr(layers, name, None) or getattr(callbacks, name)
    known = {*inspect.signature(target).parameters} - {"input_shape"}
    renamed = {old for old, new in RENAMED_ARGUMENTS.get(name, {}).items() if old != new}
    assert not known & {*renamed, *DROPPED_ARGUMENTS.get(name, ())}


IN_SCRIPTS = """
import inspect, warnings
warnings.simplefilter("ignore")
import numpy as np
from keras.layers import Conv2D, Convolution2D, Dense, Input, MaxPooling2D
from keras.models import Model, Sequential
import convlayers

assert "nb_filter" not in inspect.signature(Conv2D).parameters and "filters" in inspect.signature(Conv2D).parameters
layer = Convolution2D(4, 3, 2, border_mode="same", subsample=(2, 2))
assert type(layer) is Conv2D and isinstance(layer, Convolution2D) and layer.kernel_size == (3, 2)
assert not isinstance(Dense(1), Convolution2D)
assert Conv2D.from_config(layer.get_config()).kernel_size == (3, 2)

class Mine(Conv2D):
    def __init__(self, n, **kwargs):
        super().__init__(n, 3, border_mode="same", **kwargs)
assert Mine(4).padding == "same"

class Old(Convolution2D):
    pass
assert type(Old(4, 3)) is Old and isinstance(Old(4, 3), Conv2D) and not isinstance(layer, Old)

kernel, bias = np.ones((4, 2), "float32"), np.full(2, 5.0, "float32")
dense = Dense(2, weights=[kernel, bias])
assert (dense(np.ones((1, 4), "float32")) == 9).all()
model = Sequential([Dense(2, weights=[kernel, bias], batch_input_shape=(None, 4))])
assert (model.get_weights()[1] == 5).all()
import pickle, copy
copy.deepcopy(model)
assert Input(shape=(5)).shape == Input(np.int64(5)).shape == (None, 5)

from keras import backend as K
types = {"float": "float32", "double": "float64", "half": "float16"}
assert all(K.cast(np.ones(2, int), old).dtype == today for old, today in types.items())
makers = (lambda kind: K.zeros((2,), kind)), (lambda kind: K.ones((2,), dtype=kind)), (lambda kind: K.eye(2, kind))
assert all(make(old).dtype == today for make in makers for old, today in types.items())
assert K.update(K.zeros((2,)), [1, 2]).numpy().tolist() == [1, 2]
assert K.mean(K.ones((2,))).numpy() == 1 and type(K.get_value(K.ones((2,)))) is type(K.eval(K.ones(2))) is np.ndarray

# What a model takes, of the shape that an array has.
from keras import Model
for array in (np.ones((2, 3), "float32"), K.ones((2, 3))):
    x = Input(tensor=array)
    assert x.shape == (2, 3) and x.dtype == "float32"
    assert Model(x, Dense(1)(x)).predict(np.zeros((2, 3)), verbose=0).shape == (2, 1)

# Which of the shapes that a transposed convolution may have.
from keras.layers import Deconvolution2D
x = Input((14, 15, 3))
for padding, sizes in {"valid": (28, 30), "same": (27, 29)}.items():
    for extra in (0, 1):
        shape = (100, *(size + extra for size in sizes), 8)
        layer = Deconvolution2D(8, 2, 2, output_shape=shape, border_mode=padding, subsample=(2, 2))
        assert layer(x).shape == (None, *shape[1:]), (padding, shape, layer(x).shape)
        assert layer(np.ones((2, 14, 15, 3))).shape == (2, *shape[1:])
first = Deconvolution2D(8, 2, 2, (None, 8, 29, 31), subsample=(2, 2), dim_ordering="th")
assert first(Input((3, 14, 15))).shape == (None, 8, 29, 31)
assert Deconvolution2D(8, 2, 2, (None, None, None, 8), subsample=(2, 2))(x).shape == (None, 28, 30, 8)
try:
    Conv2D(4, 3, nothing=1)
except ValueError as error:
    assert "Unrecognized keyword arguments passed to Conv2D: {'nothing': 1}" in str(error)
x = Input((4,))
assert type(Model(input=x, output=Dense(2)(x))).__name__ == "Functional"
"""


def test_layers_take_them_in_scripts(tmp_path):
    run_code(IN_SCRIPTS, tmp_path)
