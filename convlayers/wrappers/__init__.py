"""Models as estimators of scikit-learn, under the names of `keras.wrappers`."""

from convlayers.lazy_imports import lazy_names

__getattr__, __dir__, __all__ = lazy_names(__name__, estimators="SKLearnClassifier SKLearnRegressor SKLearnTransformer")
