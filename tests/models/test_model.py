"""Models as subclasses with a `call`, and what all models have."""

import inspect
import threading

import numpy as np
import pytest

import convlayers
from convlayers import Input, Model, Sequential, layers, ops

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


class Mine(Model):
    def __init__(self, units=2):
        super().__init__(name="mine")
        self.first = layers.Dense(3, activation="relu", name="first")
        self.rest = [layers.Dense(3, name="second"), layers.Dense(units, name="third")]
        self.dropout = layers.Dropout(0.5)

    def call(self, inputs, training=False):
        x = self.dropout(self.first(inputs), training=training)
        for layer in self.rest:
            x = layer(x)
        return x


def test_a_subclass_finds_its_layers():
    model = Mine()
    assert [layer.name for layer in model.layers][:3] == ["first", "second", "third"]
    assert not model.built
    model(X)
    assert model.built
    assert [weight.path for weight in model.weights] == [
        f"mine/{layer}/{weight}" for layer in ("first", "second", "third") for weight in ("kernel", "bias")
    ]
    assert model.get_layer("second") is model.rest[0]


def test_build_makes_the_weights():
    model = Mine()
    model.build((None, 4))
    assert model.count_params() == 15 + 12 + 8
    assert model(X).shape == (6, 2)

    class Sum(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, inputs):
            return self.dense(inputs["a"]) + self.dense(inputs["b"])

    model = Sum()
    model.build({"a": (None, 4), "b": (None, 4)})
    assert len(model.weights) == 2


def test_a_subclass_trains():
    model = Mine()
    model.compile("adam", "mse", metrics=["mae"])
    losses = model.fit(X, X[:, :2], epochs=60, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert model.predict(X, verbose=0).shape == (6, 2)
    assert model.evaluate(X, X[:, :2], verbose=0, return_dict=True).keys() == {"loss", "mae"}


def test_a_subclass_is_a_layer_of_functional_models():
    inner = Mine()
    x = Input((4,))
    outer = Model(x, layers.ReLU()(inner(x)))
    assert outer.output_shape == (None, 2)
    np.testing.assert_array_equal(outer(X), np.maximum(inner(X), 0))
    outer.compile("sgd", "mse")
    outer.fit(X, X[:, :2], verbose=0)


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_several_outputs_of_a_subclass():
    class Two(Model):
        def __init__(self):
            super().__init__()
            self.one, self.other = layers.Dense(1), layers.Dense(1)

        def call(self, inputs):
            return {"one": self.one(inputs), "other": self.other(inputs)}

    model = Two()
    model.compile("sgd", {"one": "mse", "other": "mae"}, metrics={"one": ["mae"]})
    history = model.fit(X, {"one": X[:, :1], "other": X[:, :1]}, verbose=0).history
    assert list(history) == ["loss", "one_loss", "one_mae", "other_loss"]
    partial = Two()
    partial.compile("sgd", {"one": "mse"})
    assert list(partial.fit(X, {"one": X[:, :1], "other": X[:, :1]}, verbose=0).history) == ["loss"]
    wrong = Two()
    wrong.compile("sgd", {"three": "mse"})
    with pytest.raises(KeyError, match="The path: .'three',. in the `loss` argument, can't be found"):
        wrong.fit(X, {"one": X[:, :1], "other": X[:, :1]}, verbose=0)


def test_forward_and_backward_of_a_subclass():
    model = Mine()
    outputs, backward = model.forward(X, training=False)
    d_x = backward(np.ones_like(outputs))
    np.testing.assert_array_equal(outputs, model(X))
    assert d_x.shape == X.shape
    assert model.first.kernel.grad.shape == (4, 3)


def test_a_subclass_defines_call():
    class Empty(Model):
        pass

    with pytest.raises(NotImplementedError, match=r"Model Empty does not have a `call\(\)` method implemented"):
        Empty()(X)


def test_a_forgotten_super_init():
    class Forgot(Model):
        def __init__(self):
            self.dense = layers.Dense(1)

    with pytest.raises(RuntimeError, match="forgot to call `super"):
        Forgot()(X)


def test_user_layers_and_losses_train():
    class Scale(layers.Layer):
        def build(self, input_shape):
            self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

        def call(self, inputs):
            return inputs * self.factor

    model = Sequential([Input((4,)), Scale()])
    model.compile(convlayers.optimizers.SGD(0.5), lambda y_true, y_pred: ops.mean(ops.square(y_true - y_pred), axis=-1))
    model.fit(X, 3 * X, epochs=200, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], [3, 3, 3, 3], atol=1e-2)


def test_names_are_given_out():
    convlayers.utils.clear_session()
    x = Input((4,))
    names = [Model(x, layers.ReLU()(x)).name, Sequential().name, Mine().name, Model(x, layers.ReLU()(x)).name]
    assert names == ["functional", "sequential", "mine", "functional_1"]


def test_weights_follow_what_is_added_later():
    model = Sequential([Mine()])
    model(X)
    before = len(model.weights)
    model.late = layers.Dense(1)
    assert len(model.weights) == before
    model.late(X)
    assert len(model.weights) == before + 2
    model.late.trainable = False
    assert len(model.trainable_weights) == before
    model.late.kernel.trainable = True
    assert len(model.trainable_weights) == before + 1
    with pytest.raises(ValueError, match=r"^You cannot add new elements of state"):
        model.layers[0].late = layers.Dense(1)
    assert len(model.weights) == before + 2


def test_a_layer_in_two_places_counts_once():
    dense = layers.Dense(4, kernel_regularizer="l2")
    inner = Sequential([Input((4,)), dense])
    x = Input((4,))
    model = Model(x, dense(inner(x)))
    model(X)
    assert len(model.weights) == 2
    assert len(model.losses) == 1


def test_models_are_not_exported(tmp_path):
    model = Sequential([Input((4,)), layers.Dense(1)])
    with pytest.raises(ValueError, match=r"Unrecognized format=a. Supported formats are: \['tf_saved_model', 'onnx',"):
        model.export(tmp_path / "model", format="a")
    for file_format in ("tf_saved_model", "onnx"):
        with pytest.raises(NotImplementedError, match="Models are not exported to other formats"):
            model.export(tmp_path / "model", format=file_format)


def test_threads_may_predict_at_once():
    model = Sequential([Input((4,)), layers.Dense(64, activation="relu"), layers.Dropout(0.5), layers.Dense(3)])
    expected = model.predict(X, verbose=0)
    results = []

    def predict():
        results.extend(np.array_equal(model.predict(X, verbose=0), expected) for _ in range(100))

    threads = [threading.Thread(target=predict) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        model(X, training=True)
    for thread in threads:
        thread.join()
    assert results == [True] * 400


METHODS = """__init__ compile fit evaluate predict train_on_batch test_on_batch predict_on_batch compute_loss compute_metrics
get_layer summary save save_weights load_weights to_json from_config"""


@pytest.mark.parametrize("cls", ["Model", "Sequential"])
@pytest.mark.parametrize("method", METHODS.split())
def test_signatures_are_those_of_keras(keras, cls, method):
    ours, theirs = (getattr(getattr(library, cls), method) for library in (convlayers, keras))
    assert inspect.signature(ours) == inspect.signature(theirs)
