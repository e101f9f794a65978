"""What a model is compiled with: losses, metrics, optimizers, and what is said of mistakes."""

import numpy as np
import pytest

import convlayers
from convlayers import Input, Model, Sequential, layers, losses, metrics, ops
from tests.models.regression import X, Y, regression


def test_functions_as_losses_and_metrics():
    def error(y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred), axis=-1)

    model = regression(loss=error, metrics=[error, losses.MeanSquaredError()])
    logs = model.test_on_batch(X, Y, return_dict=True)
    assert list(logs) == ["error", "loss", "mean_squared_error"]
    assert logs["error"] == pytest.approx(logs["loss"])


def test_words_stand_for_what_the_labels_call_for():
    x = np.random.default_rng(1).normal(size=(12, 4))
    cases = [
        (1, "sigmoid", np.arange(12) % 2, "BinaryAccuracy"),
        (3, "softmax", np.arange(12) % 3, "SparseCategoricalAccuracy"),
        (3, "softmax", (np.arange(12) % 3)[:, None], "SparseCategoricalAccuracy"),
        (3, "softmax", np.eye(3)[np.arange(12) % 3], "CategoricalAccuracy"),
    ]
    for units, activation, y, expected in cases:
        model = Sequential([Input((4,)), layers.Dense(units, activation=activation)])
        model.compile("sgd", "crossentropy", metrics=["accuracy"], weighted_metrics=["acc"])
        history = model.fit(x, y, verbose=0).history
        assert list(history) == ["acc", "accuracy", "loss"]
        assert [type(metric).__name__ for metric in model.metrics[1].metrics] == [expected] * 2


def test_regularizers_and_added_losses_count():
    class Penalty(layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.mean(inputs) * 0 + 7.0)
            return inputs

    model = Sequential([Input((4,)), layers.Dense(1, kernel_regularizer="l2", activity_regularizer="l1"), Penalty()])
    model.compile("sgd", "mse")
    kernel, bias = model.get_weights()
    y_pred = X @ kernel + bias
    expected = ((y_pred - Y) ** 2).mean() + 0.01 * (kernel**2).sum() + 0.01 * np.abs(y_pred).sum() / len(X) + 7
    assert model.test_on_batch(X, Y) == pytest.approx(expected, rel=1e-5)
    assert model.train_on_batch(X, Y) == pytest.approx(expected, rel=1e-5)
    assert len(model.losses) == 3


def test_a_model_may_have_only_added_losses():
    class Penalty(layers.Layer):
        def call(self, inputs):
            self.add_loss(ops.mean(ops.square(inputs)))
            return inputs

    model = Sequential([Input((4,)), layers.Dense(2), Penalty()])
    model.compile("sgd")
    history = model.fit(X, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_what_is_not_given_again_stays(keras):
    """A model is compiled with another optimizer for fine-tuning, and goes on with its loss and metrics."""
    logs, losses = [], []
    for library in (keras, convlayers):
        model = library.Sequential([library.Input((4,)), library.layers.Dense(1, kernel_initializer="ones")])
        model.compile("sgd", "mae", metrics=["mse"])
        model.compile("adam")
        logs.append(model.evaluate(X, Y, verbose=0, return_dict=True))
        losses.append(model.loss)
        model.compile("adam", "mse")
        logs.append(model.evaluate(X, Y, verbose=0, return_dict=True))
        losses.append(model.loss)
    assert logs[2] == pytest.approx(logs[0]) and logs[3] == pytest.approx(logs[1])
    assert losses == ["mae", "mse"] * 2


def test_metrics_are_listed_in_the_order_of_keras():
    x = Input((4,))
    model = Model(x, [layers.Dense(1, name="a")(x), layers.Dense(1, name="b")(x)])
    model.extra = metrics.Mean(name="extra")
    model.compile("sgd", "mse", metrics=["mae", "mse"])
    model.fit(X, [Y, Y], verbose=0)
    assert model.metrics_names == ["loss", "compile_metrics", "a_loss", "b_loss", "extra"]
    assert str(model.metrics[:2]) == "[<Mean name=loss>, <CompileMetrics name=compile_metrics>]"
    logs = model.evaluate(X, [Y, Y], verbose=0, return_dict=True)
    assert sorted(logs) == ["a_loss", "a_mae", "b_loss", "b_mse", "extra", "loss"]


def test_freezing_takes_effect():
    model = Sequential([Input((4,)), layers.Dense(3), layers.Dense(1)])
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert not np.array_equal(before[2], after[2])


def test_a_model_without_weights_warns():
    model = Sequential([Input((4,)), layers.ReLU()])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="^The model does not have any trainable weights"):
        model.train_on_batch(X, X)


def test_compile_config_makes_the_same_compilation():
    model = regression(optimizer="adam", loss="mae", metrics=["mse"], loss_weights=[2.0])
    config = model.get_compile_config()
    assert config["loss"] == "mae"
    assert config["optimizer"]["class_name"] == "Adam"
    copy = Sequential([Input((4,)), layers.Dense(1)])
    assert copy.get_compile_config() == {}
    assert not copy.compiled
    copy.compile_from_config(config)
    assert copy.compiled
    assert copy.optimizer.built
    copy.set_weights(model.get_weights())
    assert copy.test_on_batch(X, Y) == model.test_on_batch(X, Y)


# Errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_models_are_compiled_first(method):
    model = Sequential([Input((4,)), layers.Dense(1)])
    with pytest.raises(ValueError, match=r"^You must call `compile\(\)` before using the model"):
        getattr(model, method)(X, Y)


@pytest.mark.parametrize(
    ("compilation", "message"),
    [
        ({"loss": None}, r"^No loss to compute. Provide a `loss` argument in `compile\(\)`"),
        ({"loss": "mes"}, "^Could not interpret loss identifier: mes"),
        ({"metrics": ["acuracy"]}, "^Could not interpret metric identifier: acuracy"),
        ({"loss": {"other": "mse"}}, r"^Expected keys .* in loss dict, but found loss.keys\(\)=\['other'\]"),
        ({"loss": ["mse", "mae"]}, "^`loss` must have an entry for each of the model's outputs"),
        ({"loss": losses.MeanSquaredError(reduction=None)}, r"^The loss must be a scalar.*shape \(20,\)"),
    ],
)
def test_mistakes_in_compile_are_found_before_training(compilation, message):
    x = Input((4,))
    model = Model(x, layers.Dense(1, name="out")(x))
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.compile(**{"optimizer": "sgd", "loss": "mse", **compilation})
        model.fit(X, Y, batch_size=20, verbose=0)
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


@pytest.mark.parametrize(
    ("compilation", "message"),
    [
        ({"optimizer": "sdg"}, "^Could not interpret optimizer identifier: sdg"),
        ({"metrics": "mae"}, "^Expected `metrics` argument to be a list, tuple, or dict. Received instead: metrics=mae"),
        ({"weighted_metrics": "mae"}, "^Expected `weighted_metrics` argument to be a list"),
        ({"loss_weights": "a"}, "^Expected `loss_weights` argument to be a float"),
        ({"loss_weights": ["mae"]}, "^`loss_weights` must be numbers. Received: loss_weights=\\['mae'\\]\nThe third argument"),
        ({"loss_weights": [metrics.MeanSquaredError()]}, "^`loss_weights` must be numbers."),
    ],
)
def test_a_failed_compile_leaves_the_old_one(compilation, message):
    model = regression()
    with pytest.raises(ValueError, match=message):
        model.compile(**{"optimizer": "adam", "loss": "mae", **compilation})
    assert model.loss == "mse"
    assert type(model.optimizer).__name__ == "SGD"
