import numpy as np

from convlayers import initializers, ops
from convlayers.autograd import value_of
from convlayers.optimizers.optimizer import Optimizer
from convlayers.serialization import deserialize_keras_object, serialize_keras_object

# What Keras once wrote to configs of it, although it had no effect.
_UNUSED = {
    "weight_decay": None,
    "clipnorm": None,
    "global_clipnorm": None,
    "clipvalue": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


def with_scaled_loss(optimizer):
    """Returns an optimizer with a `LossScaleOptimizer` around it, itself if it is one."""
    is_one = isinstance(optimizer, LossScaleOptimizer)
    return optimizer if is_one else LossScaleOptimizer(optimizer, name="loss_scale_optimizer")


class LossScaleOptimizer(Optimizer):
    """Multiplies the loss by a scale, so that gradients in float16 do not vanish, and finds the scale by itself.

    Gradients are divided by the scale before the inner optimizer gets them. Where one is infinite or NaN, the step is left out
    and the scale is halved. After `dynamic_growth_steps` steps without that, it is doubled.

    Args:
        inner_optimizer: the optimizer that updates the weights. Its `loss_scale_factor` is set to None.
        initial_scale: float.
        dynamic_growth_steps: int.
        name: string, by default the class's name.

    Attributes:
        dynamic_scale: the scale, a variable, once it is built.
        step_counter: the steps since it changed, a variable.

    Raises:
        ValueError: for other arguments of optimizers. They belong to the inner optimizer.

    Example:

    model.compile(optimizer=LossScaleOptimizer(Adam(0.001)), loss="mse")
    """

    def __init__(self, inner_optimizer, initial_scale=2.0**15, dynamic_growth_steps=2000, name=None, **kwargs):
        if not kwargs.pop("dynamic", True):
            raise ValueError(
                "LossScaleOptimizer no longer supports `dynamic=False`. Instead, simply set `loss_scale_factor` directly on "
                "the `inner_optimizer`."
            )
        for argument in kwargs.keys() & _UNUSED:
            if kwargs.pop(argument) != _UNUSED[argument]:
                raise ValueError(
                    f"LossScaleOptimizer does not support `{argument}`. Instead, set `{argument}` on the `inner_optimizer`."
                )
        if kwargs:
            raise ValueError(f"LossScaleOptimizer does not support arguments: `{'`, `'.join(kwargs)}`.")
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        self.inner_optimizer.loss_scale_factor = None

    def build(self, var_list):
        if self.built:
            return
        self.step_counter = self.add_variable((), "zeros", "int32", name="step_counter")
        start = initializers.Constant(self.initial_scale)
        self.dynamic_scale = self.add_variable((), start, "float32", name="dynamic_scale")
        self.inner_optimizer.build(var_list)
        super().build(var_list)

    @property
    def variables(self):
        return super().variables + self.inner_optimizer.variables

    @property
    def learning_rate(self):
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate):
        self.inner_optimizer.learning_rate = learning_rate

    @property
    def iterations(self):
        return self.inner_optimizer.iterations

    def scale_loss(self, loss):
        return ops.multiply(loss, self.dynamic_scale.value if self.built else self.initial_scale)

    def apply(self, grads, trainable_variables=None):
        grads = list(grads)
        if not self.built:
            self.build(self._check_variables(grads, trainable_variables))
        if self.check_finite(grads):
            grads = [None if gradient is None else value_of(gradient) / self.dynamic_scale.value for gradient in grads]
            self.inner_optimizer.apply(grads, trainable_variables)
            if self.step_counter.value == self.dynamic_growth_steps - 1:
                self._scale_by(2)
            else:
                self.step_counter.assign_add(1)
        else:
            self._scale_by(0.5)

    def _scale_by(self, factor):
        self.step_counter.assign(0)
        self.dynamic_scale.assign(self.dynamic_scale.value * factor)

    def check_finite(self, grads):
        """Returns whether all numbers of all gradients are finite."""
        return all(np.isfinite(value_of(gradient)).all() for gradient in grads if gradient is not None)

    def finalize_variable_values(self, var_list):
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self):
        return {
            "name": self.name,
            "inner_optimizer": serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        inner_optimizer = deserialize_keras_object(config["inner_optimizer"], custom_objects)
        return cls(inner_optimizer, **{key: value for key, value in config.items() if key != "inner_optimizer"})
