from convlayers import config, dtype_policies, nested
from convlayers.losses.matching import convert_structure, squeeze_or_expand_to_same_rank
from convlayers.losses.reduction import join_masks, reduce_weighted_values, standardize_reduction
from convlayers.masks import get_keras_mask
from convlayers.naming import auto_name
from convlayers.serialization import deserialize_keras_object, serialize_keras_object
from convlayers.validation import check_result


class Loss:
    """Base class of losses: a subclass defines `call(y_true, y_pred)`, which returns the loss of each sample.

    Args:
        name: string.
        reduction: what becomes of the losses of the samples. "sum_over_batch_size" or "mean": their mean. "sum": their
            sum. "mean_with_sample_weight": their sum, divided by that of the sample weights. "none" or None: they stay.
        dtype: name or policy of the number type to compute in, by default `floatx()`.

    Example:

    class Cubic(Loss):
        def call(self, y_true, y_pred):
            return ops.mean(ops.power(ops.abs(y_true - y_pred), 3), axis=-1)
    """

    def __init__(self, name=None, reduction="sum_over_batch_size", dtype=None):
        self.name = name or auto_name(type(self).__name__)
        self.reduction = standardize_reduction(reduction)
        self._dtype = dtype_policies.get(dtype or config.floatx()).compute_dtype

    @property
    def dtype(self):
        return self._dtype

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Returns the loss of a batch.

        Args:
            y_true: array of labels, or a structure of arrays.
            y_pred: array or tensor of predictions, or a structure of them.
            sample_weight: array, with a weight for each sample.

        Returns:
            A scalar, or what `reduction` says: a tensor, if `y_pred` is one on a tape. What is masked, in the predictions or
            in the losses of the samples, does not count.
        """
        mask = get_keras_mask(y_pred)
        y_pred = convert_structure(y_pred, self.dtype)
        y_true = convert_structure(y_true, self.dtype)
        losses = check_result(self.call(y_true, y_pred), getattr(self, "fn", self.call))
        mask = join_masks(mask, get_keras_mask(losses))
        return reduce_weighted_values(losses, sample_weight, mask, self.reduction, self.dtype)

    def call(self, y_true, y_pred):
        """Returns an array with the loss of each sample."""
        raise NotImplementedError

    def get_config(self):
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class LossFunctionWrapper(Loss):
    """A function as a loss.

    Args:
        fn: function `fn(y_true, y_pred, **kwargs)` that returns the loss of each sample.
        reduction, name, dtype: as for `Loss`.
        kwargs: further arguments of the function.
    """

    def __init__(self, fn, reduction="sum_over_batch_size", name=None, dtype=None, **kwargs):
        super().__init__(name, reduction, dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true, y_pred):
        if not isinstance(y_pred, (list, tuple, dict)):
            return self.fn(*squeeze_or_expand_to_same_rank(y_true, y_pred), **self._fn_kwargs)
        leaves = zip(nested.flatten(y_true), nested.flatten(y_pred), strict=True)
        pairs = [squeeze_or_expand_to_same_rank(*pair) for pair in leaves]
        y_true = nested.pack_like(y_true, [pair[0] for pair in pairs])
        y_pred = nested.pack_like(y_pred, [pair[1] for pair in pairs])
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self):
        config = {**super().get_config(), "fn": serialize_keras_object(self.fn)}
        return {**config, **serialize_keras_object(self._fn_kwargs)}

    @classmethod
    def from_config(cls, config):
        return cls(**deserialize_keras_object(config) if "fn" in config else config)

    def __repr__(self):
        return f"<LossFunctionWrapper({self.fn}, kwargs={self._fn_kwargs})>"


class BuiltInLoss(LossFunctionWrapper):
    """A loss of Keras's, which is a function with some arguments: they are its attributes, and in its config by name."""

    def __init__(self, fn, reduction, name, dtype, **arguments):
        super().__init__(fn, reduction, name, dtype, **arguments)
        vars(self).update(arguments)

    def get_config(self):
        return {**Loss.get_config(self), **self._fn_kwargs}
