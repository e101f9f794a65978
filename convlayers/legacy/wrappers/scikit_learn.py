"""`keras.wrappers.scikit_learn`: models as estimators for scikit-learn, which need not be installed."""

import copy
import inspect
import types

import numpy as np

from convlayers.legacy.modules import import_for_script
from convlayers.legacy.old_spelling import warn_of
from convlayers.models import Sequential
from convlayers.utils import to_categorical

# What `fit` takes in scripts of Keras 1, whatever its signature is.
_OF_FIT = "nb_epoch"
_CATEGORICAL = ("categorical_crossentropy", "CategoricalCrossentropy")


def _takes(function, name):
    parameter = inspect.signature(function).parameters.get(name)
    named = parameter is not None and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    return named or (name == _OF_FIT and function is Sequential.fit)


class BaseWrapper:
    """A model that is made anew for each `fit`.

    Args:
        build_fn: function, or another object that can be called, that returns a compiled model; in a subclass with
            `__call__` it may be left out.
        sk_params: arguments for `build_fn`, and for `fit`, `predict` and `evaluate` of the model, which use those that
            they know.

    Raises:
        ValueError: if none of them knows an argument.
    """

    # For scikit-learn: "classifier" or "regressor".
    _estimator_type = None

    def __init__(self, build_fn=None, **sk_params):
        warn_of(f"keras.wrappers.scikit_learn.{type(self).__name__}", "a class of your own with `fit` and `predict`")
        self.build_fn = build_fn
        self.sk_params = sk_params
        self.check_params(sk_params)

    def __setstate__(self, state):
        # What makes the model expects Keras, in the processes of scikit-learn, too.
        import_for_script("keras")
        vars(self).update(state)

    def check_params(self, params):
        """Raises a ValueError if neither the model nor what makes it has an argument of one of these names."""
        functions = (Sequential.fit, Sequential.predict, Sequential.evaluate, self._maker())
        for name in params:
            if not any(_takes(function, name) for function in functions):
                raise ValueError(f"{name} is not a legal parameter")

    def get_params(self, **params):
        """Returns all arguments of `__init__`."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params):
        """Sets arguments of `__init__` and returns the object itself."""
        self.check_params(params)
        self.sk_params.update(params)
        return self

    def filter_sk_params(self, fn, override=None):
        """Returns those arguments that a function takes, and others in their place."""
        known = {name: value for name, value in self.sk_params.items() if _takes(fn, name)}
        return {**known, **(override or {})}

    def fit(self, x, y, **kwargs):
        """Makes the model and trains it. Returns its history."""
        maker = self._maker()
        self.model = maker(**self.filter_sk_params(maker))
        own = copy.deepcopy(self.filter_sk_params(Sequential.fit))
        return self.model.fit(x, self._encoded(y), **{**own, **kwargs})

    def _maker(self):
        if self.build_fn is None:
            return self.__call__
        return self.build_fn if isinstance(self.build_fn, (types.FunctionType, types.MethodType)) else self.build_fn.__call__

    def _encoded(self, y):
        """Returns class numbers as the model's loss expects them."""
        loss = self.model.loss
        name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
        return to_categorical(y) if name in _CATEGORICAL and np.ndim(y) != 2 else y

    def __sklearn_is_fitted__(self):
        return hasattr(self, "model")

    def __sklearn_tags__(self):
        from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type=self._estimator_type,
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags() if self._estimator_type == "classifier" else None,
            regressor_tags=RegressorTags() if self._estimator_type == "regressor" else None,
        )


class KerasClassifier(BaseWrapper):
    """A classifier for scikit-learn: see `BaseWrapper`. `fit` gives it `model`, `classes_` and `n_classes_`."""

    _estimator_type = "classifier"

    def fit(self, x, y, **kwargs):
        """Makes the model and trains it with labels of any kind, or rows of probabilities. Returns its history."""
        y = np.array(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim in (1, 2):
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y)
        else:
            raise ValueError(f"Invalid shape for y: {y.shape}")
        self.n_classes_ = len(self.classes_)
        return super().fit(x, y, **kwargs)

    def predict(self, x, **kwargs):
        """Returns the label of each sample."""
        probabilities = self.model.predict(x, **self.filter_sk_params(Sequential.predict, kwargs))
        several = probabilities.shape[-1] > 1
        return self.classes_[probabilities.argmax(axis=-1) if several else (probabilities > 0.5).astype("int32")]

    def predict_proba(self, x, **kwargs):
        """Returns the probability of each label, sample by sample."""
        probabilities = self.model.predict(x, **self.filter_sk_params(Sequential.predict, kwargs))
        return np.hstack([1 - probabilities, probabilities]) if probabilities.shape[1] == 1 else probabilities

    def score(self, x, y, **kwargs):
        """Returns the accuracy, which must be among the model's metrics."""
        y = self._encoded(np.searchsorted(self.classes_, y))
        results = self.model.evaluate(x, y, **self.filter_sk_params(Sequential.evaluate, kwargs), return_dict=True)
        for name in ("accuracy", "acc"):
            if name in results:
                return results[name]
        raise ValueError(
            "The model is not configured to compute accuracy. You should pass `metrics=['accuracy']` to the "
            "`model.compile()` method."
        )


class KerasRegressor(BaseWrapper):
    """A regressor for scikit-learn: see `BaseWrapper`. `fit` gives it `model`."""

    _estimator_type = "regressor"

    def predict(self, x, **kwargs):
        """Returns a number for each sample."""
        return np.squeeze(self.model.predict(x, **self.filter_sk_params(Sequential.predict, kwargs)))

    def score(self, x, y, **kwargs):
        """Returns the loss with its sign turned: more is better."""
        return -self.model.evaluate(x, y, **self.filter_sk_params(Sequential.evaluate, kwargs), return_dict=True)["loss"]
