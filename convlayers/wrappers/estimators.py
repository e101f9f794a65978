"""Models as estimators of scikit-learn, which need not be installed until one is made."""

import copy

import numpy as np

from convlayers.models import Model, clone_model

try:
    import sklearn
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
except ImportError:
    sklearn = None

    class BaseEstimator:
        pass

    class ClassifierMixin:
        pass

    RegressorMixin = TransformerMixin = ClassifierMixin


class _Wrapper(BaseEstimator):
    """What the three wrappers have in common."""

    def __init__(self, model, warm_start=False, model_kwargs=None, fit_kwargs=None):
        if sklearn is None:
            raise ImportError(
                f"{type(self).__name__} requires `scikit-learn` to be installed. Run `pip install scikit-learn` to install it."
            )
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags

    def __sklearn_clone__(self):
        # A model is called on tensors, but for scikit-learn it is data, not what makes models.
        model = copy.deepcopy(self.model) if isinstance(self.model, Model) else self.model
        return type(self)(**{**self.get_params(deep=False), "model": model})

    @property
    def epoch_(self):
        """The number of epochs of the last `fit`."""
        return len(self.history_.epoch) if hasattr(self, "history_") else 0

    def set_fit_request(self, **kwargs):
        """Says which metadata `fit` wants from scikit-learn: arguments `name=alias`, aliases as of its metadata routing.

        Returns:
            The object itself.
        """
        if not sklearn.get_config().get("enable_metadata_routing", False):
            raise RuntimeError(
                "This method is only available when metadata routing is enabled. You can enable it using "
                "sklearn.set_config(enable_metadata_routing=True)."
            )
        from sklearn.utils.metadata_routing import MetadataRequest

        self._metadata_request = MetadataRequest(owner=type(self).__name__)
        for param, alias in kwargs.items():
            self._metadata_request.fit.add_request(param=param, alias=alias)
        return self

    def fit(self, X, y, **kwargs):
        """Trains a model, which is then `model_`, with its history in `history_`.

        Args:
            X: array, (samples, features).
            y: array of targets, (samples).
            kwargs: arguments of `Model.fit`, rather than those in `fit_kwargs`.

        Returns:
            The object itself.
        """
        X, y = _validated(self, X, y)
        targets = self._learn_targets(y)
        model = self._model_for(X, targets)
        if not (model.compiled and model.loss and model.optimizer):
            raise RuntimeError("Given model needs to be compiled, and have a loss and an optimizer.")
        self.history_ = model.fit(X, targets, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def predict(self, X):
        """Returns the targets that the model predicts, in the form that `fit` had."""
        return self._targets_of(self._outputs(X))

    def _model_for(self, X, y):
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if isinstance(self.model, Model):
            return self.model if self.warm_start else clone_model(self.model)
        return self.model(X=X, y=y, **(self.model_kwargs or {}))

    def _outputs(self, X):
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return self.model_.predict(_validated(self, X, reset=False))

    def _learn_targets(self, y):
        """Returns targets as the model gets them, (samples, outputs), and notes how to turn them back."""
        _type_of_targets(y)
        return y.reshape(-1, 1)

    def _targets_of(self, outputs):
        return np.squeeze(outputs, axis=1)


class SKLearnClassifier(ClassifierMixin, _Wrapper):
    """A model as a classifier of scikit-learn.

    The model gets labels as rows of zeros with a one, and predicts that one which is largest.

    Args:
        model: compiled `Model`, of which each `fit` trains a copy; or function that returns one, of arguments `X` and `y` and
            those in `model_kwargs`.
        warm_start: whether a further `fit` goes on with the weights of the last one; a `Model` is then trained itself.
        model_kwargs: dict of arguments for `model`, if that is a function.
        fit_kwargs: dict of arguments for `Model.fit`.

    Attributes:
        model_: the model that was trained.
        history_: what its `fit` returned.
        classes_: array of all labels.
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags

    def decision_function(self, X):
        """Returns what the model itself predicts."""
        return self._outputs(X)

    def _learn_targets(self, y):
        from sklearn.preprocessing import OneHotEncoder

        kind = _type_of_targets(y)
        if kind not in ("binary", "multiclass"):
            raise ValueError(f"Only binary and multiclass target types are supported. Target type: {kind}")
        self.classes_ = np.unique(y)
        if len(self.classes_) == 1:
            raise ValueError("Classifier can't train when only one class is present.")
        labels = super()._learn_targets(y)
        self._encoder = OneHotEncoder(sparse_output=False).fit(labels)
        return self._encoder.transform(labels)

    def _targets_of(self, outputs):
        return super()._targets_of(self._encoder.inverse_transform(outputs))


class SKLearnRegressor(RegressorMixin, _Wrapper):
    """A model as a regressor of scikit-learn.

    Args:
        model: compiled `Model`, of which each `fit` trains a copy; or function that returns one, of arguments `X` and `y` and
            those in `model_kwargs`.
        warm_start: whether a further `fit` goes on with the weights of the last one; a `Model` is then trained itself.
        model_kwargs: dict of arguments for `model`, if that is a function.
        fit_kwargs: dict of arguments for `Model.fit`.

    Attributes:
        model_: the model that was trained.
        history_: what its `fit` returned.
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


class SKLearnTransformer(TransformerMixin, _Wrapper):
    """A model as a transformer of scikit-learn: what it predicts are features for the estimator behind it.

    Args:
        model: compiled `Model`, of which each `fit` trains a copy; or function that returns one, of arguments `X` and `y` and
            those in `model_kwargs`.
        warm_start: whether a further `fit` goes on with the weights of the last one; a `Model` is then trained itself.
        model_kwargs: dict of arguments for `model`, if that is a function.
        fit_kwargs: dict of arguments for `Model.fit`.

    Attributes:
        model_: the model that was trained.
        history_: what its `fit` returned.
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def transform(self, X):
        """Returns what the model predicts for an array, (samples, features)."""
        return self._outputs(X)


def _validated(estimator, *args, **kwargs):
    try:
        from sklearn.utils.validation import validate_data
    except ImportError:  # before scikit-learn 1.6
        return estimator._validate_data(*args, **kwargs)
    return validate_data(estimator, *args, **kwargs)


def _type_of_targets(y):
    from sklearn.utils.multiclass import type_of_target

    kind = type_of_target(y)
    if kind == "unknown":
        raise ValueError(f"Unknown label type for data: {y!r}")
    return kind
