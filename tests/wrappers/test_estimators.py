"""`keras.wrappers`: models as estimators of scikit-learn."""

import numpy as np
import pytest

import convlayers as keras
from convlayers import layers, wrappers


def make(X, y, loss, units=16, activation="softmax"):
    outputs = layers.Dense(y.shape[1], activation)
    model = keras.Sequential([keras.Input(X.shape[1:]), layers.Dense(units, "relu"), outputs])
    model.compile("adam", loss)
    return model


@pytest.fixture
def data():
    keras.utils.set_random_seed(0)
    x = np.random.RandomState(0).normal(size=(96, 4)).astype("float32")
    return x, np.array(["ant", "bee", "cat"])[x[:, :3].argmax(axis=1)]


def classifier(**kwargs):
    fit_kwargs = {"epochs": 40, "batch_size": 8, "verbose": 0}
    return wrappers.SKLearnClassifier(make, model_kwargs={"loss": "categorical_crossentropy"}, fit_kwargs=fit_kwargs, **kwargs)


def test_without_scikit_learn_they_say_so(monkeypatch):
    monkeypatch.setattr("convlayers.wrappers.estimators.sklearn", None)
    for name in wrappers.__all__:
        with pytest.raises(ImportError, match=f"{name} requires `scikit-learn` to be installed"):
            getattr(wrappers, name)(make)


def test_classifier_has_labels(data):
    pytest.importorskip("sklearn")
    x, labels = data
    trained = classifier().fit(x, labels)
    assert trained.classes_.tolist() == ["ant", "bee", "cat"] and trained.epoch_ == len(trained.history_.epoch) == 40
    predicted = trained.predict(x)
    assert (predicted == labels).mean() > 0.8 and trained.score(x, labels) == (predicted == labels).mean()
    assert (trained.classes_[trained.decision_function(x).argmax(axis=1)] == predicted).all()
    assert trained.fit(x, labels, epochs=2).epoch_ == 2 and trained.fit_kwargs["epochs"] == 40
    with pytest.raises(ValueError, match="only one class"):
        classifier().fit(x, np.zeros(96, int))
    with pytest.raises(ValueError, match="Target type: continuous"):
        classifier().fit(x, x[:, 0])


def test_regressor_and_transformer(data):
    pytest.importorskip("sklearn")
    x, _ = data
    settings = {"loss": "mse", "activation": "linear"}
    regressor = wrappers.SKLearnRegressor(make, model_kwargs=settings, fit_kwargs={"verbose": 0, "epochs": 50, "batch_size": 8})
    assert regressor.fit(x, x.sum(axis=1)).predict(x).shape == (96,) and regressor.score(x, x.sum(axis=1)) > 0.8
    transformer = wrappers.SKLearnTransformer(make, model_kwargs=settings)
    np.testing.assert_array_equal(transformer.fit(x, x[:, 0], verbose=0).transform(x), transformer.model_.predict(x))


def test_a_model_is_copied_unless_it_goes_on(data):
    pytest.importorskip("sklearn")
    x, _ = data
    model = make(x, x[:, :1], "mse", activation="linear")
    before = model.get_weights()
    cold = wrappers.SKLearnRegressor(model, fit_kwargs={"verbose": 0}).fit(x, x[:, 0])
    assert cold.model_ is not model and all(map(np.array_equal, before, model.get_weights()))
    warm = wrappers.SKLearnRegressor(model, warm_start=True, fit_kwargs={"verbose": 0}).fit(x, x[:, 0])
    assert warm.model_ is model and not np.array_equal(before[0], model.get_weights()[0])
    again = wrappers.SKLearnRegressor(make, True, {"loss": "mse", "activation": "linear"}, {"verbose": 0}).fit(x, x[:, 0])
    assert again.model_ is again.fit(x, x[:, 0]).model_
    with pytest.raises(RuntimeError, match="needs to be compiled"):
        wrappers.SKLearnRegressor(keras.Sequential([keras.Input((4,)), layers.Dense(1)])).fit(x, x[:, 0])


def test_scikit_learn_searches_with_them(data):
    pytest.importorskip("sklearn")
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV

    x, labels = data
    copied = clone(classifier(warm_start=True))
    assert copied.warm_start and copied.fit_kwargs == classifier().fit_kwargs
    grid = {"fit_kwargs": [{"epochs": 1, "verbose": 0}, {"epochs": 40, "batch_size": 8, "verbose": 0}]}
    assert GridSearchCV(classifier(), grid, cv=2).fit(x, labels).best_params_["fit_kwargs"]["epochs"] == 40
