"""`keras.wrappers.scikit_learn`, as Keras 2.11 had it, without scikit-learn."""

import pytest

from tests.scripts.running import run_code

CODE = """
import numpy as np
from tensorflow import keras
from tensorflow.keras.wrappers.scikit_learn import KerasClassifier, KerasRegressor

assert keras.wrappers.scikit_learn.KerasRegressor is KerasRegressor
x = np.random.RandomState(0).normal(size=(96, 4)).astype("float32")
labels = np.array(["ant", "bee", "cat"])[x[:, :3].argmax(axis=1)]


def make(units=16, loss="categorical_crossentropy", metrics=("accuracy",), classes=3):
    activation = "softmax" if classes > 1 else "sigmoid"
    layers = [keras.Input((4,)), keras.layers.Dense(units, "relu"), keras.layers.Dense(classes, activation)]
    model = keras.Sequential(layers)
    model.compile("adam", loss, metrics=list(metrics))
    return model


def refused(call):
    try:
        call()
    except ValueError as error:
        return str(error)


# Class numbers are made of labels, and rows of them where the loss wants those.
for loss in ("categorical_crossentropy", keras.losses.CategoricalCrossentropy(), "sparse_categorical_crossentropy"):
    classifier = KerasClassifier(make, loss=loss, epochs=40, batch_size=8, verbose=0)
    history = classifier.fit(x, labels)
    assert len(history.history["loss"]) == 40 and len(classifier.fit(x, labels, epochs=30).history["loss"]) == 30
    assert classifier.classes_.tolist() == ["ant", "bee", "cat"] and classifier.n_classes_ == 3
    predicted = classifier.predict(x)
    assert set(predicted) <= {*classifier.classes_} and (predicted == labels).mean() > 0.7
    assert abs(classifier.score(x, labels) - (predicted == labels).mean()) < 1e-6
    assert classifier.predict_proba(x).shape == (96, 3)

# One probability is that of the second label.
two = KerasClassifier(make, loss="binary_crossentropy", classes=1, nb_epoch=20, verbose=0)
assert len(two.fit(x, np.where(x[:, 0] > 0, "yes", "no")).history["loss"]) == 20
sure = two.predict_proba(x)
np.testing.assert_allclose(sure.sum(axis=1), 1, rtol=1e-6)
assert (two.predict(x)[:, 0] == np.where(sure[:, 1] > 0.5, "yes", "no")).all()

# Arguments go where they are known.
assert classifier.get_params() == {
    "build_fn": make, "loss": "sparse_categorical_crossentropy", "epochs": 40, "batch_size": 8, "verbose": 0
}
assert classifier.set_params(units=5) is classifier and classifier.filter_sk_params(make) == {
    "units": 5, "loss": "sparse_categorical_crossentropy"
}
classifier.fit(x, labels, epochs=1)
assert classifier.model.layers[0].units == 5
assert refused(lambda: KerasClassifier(make, depth=3)) == "depth is not a legal parameter"
assert "Invalid shape for y" in refused(lambda: classifier.fit(x, np.zeros((96, 3, 2))))
classifier.set_params(metrics=["sparse_top_k_categorical_accuracy"]).fit(x, labels, epochs=1)
assert "not configured to compute accuracy" in refused(lambda: classifier.score(x, labels))


class OwnRegressor(KerasRegressor):
    def __call__(self, units):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model


regressor = OwnRegressor(units=3, epochs=5, verbose=0)
regressor.fit(x, x.sum(axis=1))
assert regressor.predict(x).shape == (96,) and regressor.score(x, x.sum(axis=1)) < 0
np.testing.assert_allclose(regressor.score(x, x.sum(axis=1)), -np.mean((regressor.predict(x) - x.sum(axis=1)) ** 2), rtol=1e-4)
"""

SEARCH = """
pipeline = make_pipeline(StandardScaler(), KerasRegressor(make, classes=1, loss="mse", verbose=0))
assert pipeline.fit(x, x.sum(axis=1)).predict(x).shape == (96,)
grid = GridSearchCV(KerasClassifier(make, verbose=0), {"epochs": [1, 60]}, cv=2, scoring="neg_log_loss", n_jobs=JOBS)
assert grid.fit(x, labels).best_params_ == {"epochs": 60}
scores = cross_val_score(KerasRegressor(make, classes=1, loss="mse", verbose=0), x, x.sum(axis=1), cv=3, n_jobs=JOBS)
assert scores.shape == (3,) and (scores < 0).all()
"""


def test_estimators(tmp_path):
    run_code(CODE, tmp_path)


@pytest.mark.parametrize("jobs", [1, 2])
def test_scikit_learn_searches_with_them(jobs, tmp_path):
    pytest.importorskip("sklearn")
    imports = "from sklearn.model_selection import GridSearchCV, cross_val_score\n"
    imports += "from sklearn.pipeline import make_pipeline\nfrom sklearn.preprocessing import StandardScaler\n"
    made = CODE.partition("# Class numbers are made")[0]
    run_code(imports + made + SEARCH.replace("JOBS", str(jobs)), tmp_path)
