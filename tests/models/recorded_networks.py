"""Networks whose training is recorded, and a comparison of recorded steps with those of the general way."""

import numpy as np

import convlayers as keras
from convlayers import layers
from convlayers.models.compile_loss import CompileLoss
from convlayers.models.recorded import RecordedTraining

FIRST = {"data_format": "channels_first"}
# What is between an input of 8 x 8 x 4 and Dense(3).
NETWORKS = {
    "one of each": lambda: [
        layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(),
        layers.Conv2D(8, 3),
        layers.ReLU(),
        layers.Flatten(),
        layers.Dropout(0.5, seed=1),
        layers.Dense(16, activation="relu"),
    ],
    "strides, dilation, groups": lambda: [
        layers.Conv2D(8, 3, strides=2, groups=2, activation="tanh"),
        layers.Conv2D(8, 2, dilation_rate=2, use_bias=False),
        layers.Flatten(),
    ],
    "activations": lambda: [
        layers.Conv2D(8, 3, activation="gelu"),
        layers.Activation("silu"),
        layers.LeakyReLU(),
        layers.Softmax(),
        layers.Flatten(),
    ],
    "depthwise and separable": lambda: [
        layers.DepthwiseConv2D(3, depth_multiplier=2),
        layers.SeparableConv2D(8, 3),
        layers.GlobalMaxPooling2D(),
    ],
    "transposed": lambda: [layers.Conv2DTranspose(5, 3, strides=2, activation="relu"), layers.GlobalAveragePooling2D()],
    "padded": lambda: [
        layers.ZeroPadding2D(1),
        layers.Conv2D(8, 3),
        layers.BatchNormalization(scale=False),
        layers.ReLU(),
        layers.AveragePooling2D(2),
        layers.Flatten(),
    ],
    "pooled": lambda: [
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 3, padding="same"),
        layers.ReLU(6),
        layers.MaxPooling2D(3, 2, "same"),
        layers.Flatten(),
    ],
    "sequences": lambda: [
        layers.Reshape((64, 4)),
        layers.Conv1D(8, 3, padding="causal"),
        layers.MaxPooling1D(),
        layers.GlobalAveragePooling1D(),
    ],
    "volumes": lambda: [
        layers.Reshape((4, 4, 4, 4)),
        layers.Conv3D(8, 3, activation="sigmoid"),
        layers.BatchNormalization(),
        layers.GlobalMaxPooling3D(),
    ],
    "channels first": lambda: [
        layers.Permute((3, 1, 2)),
        layers.Conv2D(8, 3, **FIRST),
        layers.BatchNormalization(axis=1),
        layers.MaxPooling2D(**FIRST),
        layers.Flatten(**FIRST),
    ],
    "frozen": lambda: [
        layers.Conv2D(8, 3, trainable=False),
        layers.BatchNormalization(trainable=False),
        layers.Conv2D(8, 3),
        layers.Flatten(),
    ],
    "what is not recorded": lambda: [
        layers.Conv2D(8, 3),
        layers.GaussianNoise(0.1, seed=1),
        layers.Lambda(lambda x: x * 2),
        layers.Flatten(),
    ],
}
RECORDED = set(NETWORKS) - {"what is not recorded"}


def make(name, dtype="float32", **options):
    keras.utils.set_random_seed(0)
    keras.backend.clear_session()
    model = keras.Sequential([keras.Input((8, 8, 4), dtype=dtype), *NETWORKS[name](), layers.Dense(3, activation="softmax")])
    options = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **options}
    model.compile(**options)
    return model


def batches(count, samples=4):
    generator = np.random.default_rng(0)
    return [
        (generator.normal(size=(samples, 8, 8, 4)).astype(keras.config.floatx()), generator.integers(0, 3, samples))
        for _ in range(count)
    ]


def train(model, data, before_step=None):
    """Returns the logs of each step, and then all that the model is."""
    logs = []
    for step, batch in enumerate(data):
        if before_step is not None:
            before_step(model, step)
        logs.append(model.train_on_batch(*batch))
    states = [variable.numpy() for variable in (*model.variables, *model.optimizer.variables, *model.metrics_variables)]
    return logs, states


def are_recorded(model):
    """Returns for each recording of a model, with its loss or without, whether it can be made again."""
    recorded = vars(model._network._recorded)
    kinds = [recorded[kind]._calls for kind in ("_comparisons", "_predictions") if kind in recorded]
    return [call._complete for calls in kinds for call in calls.values() if call is not None]


def assert_same_as_the_general_way(monkeypatch, make_model, data, before_step=None):
    """Returns the model that was trained by recordings, if it was."""
    model = make_model()
    logs, states = train(model, data, before_step)
    with monkeypatch.context() as context:
        context.setattr(RecordedTraining, "_is_known", lambda self, x: False)
        context.setattr(CompileLoss, "_loss_by_recording", lambda self, y_true, y_pred: None)
        expected_logs, expected_states = train(make_model(), data, before_step)
    assert logs == expected_logs
    assert len(states) == len(expected_states)
    for state, expected in zip(states, expected_states, strict=True):
        np.testing.assert_array_equal(state, expected)
    return model
