"""What all optimizers share: variables, learning rate, clipping, weight decay, averages, accumulation, configs."""

import inspect
import re
import warnings
from itertools import compress

import numpy as np

from convlayers import config, ops
from convlayers._native import memory
from convlayers.autograd import value_of
from convlayers.naming import auto_name
from convlayers.ops.layout import KERNEL_DTYPES
from convlayers.optimizers.clipping import clip_by_global_norm, clip_by_norm, clip_by_value
from convlayers.optimizers.kernels import kernel
from convlayers.optimizers.schedules import LearningRateSchedule
from convlayers.optimizers.stateless import stateless_apply
from convlayers.optimizers.variable_owner import VariableOwner
from convlayers.optimizers.weight_averages import WeightAverages, check_ema
from convlayers.serialization import deserialize_keras_object, serialize_keras_object
from convlayers.validation import brief, hint_at_argument
from convlayers.variables import Variable


class Optimizer(VariableOwner, WeightAverages):
    """Base class of optimizers: a subclass defines `build`, `update_step` and `get_config`.

    Args:
        learning_rate: float, a `LearningRateSchedule`, or a function without arguments that returns a float.
        weight_decay: float. Before each update, weights lose this fraction of themselves times the learning rate.
        clipnorm: float. Each gradient is scaled down to at most this norm.
        clipvalue: float. Each number of the gradients is cut off at this value and its negative.
        global_clipnorm: float. All gradients together are scaled down to at most this norm.
        use_ema: whether to keep the exponential moving average of the weights.
        ema_momentum: float from 0 to 1, the share of the old average in the new one.
        ema_overwrite_frequency: int. The weights are replaced by their average after so many steps; None for only at
            the end of training, by `finalize_variable_values`.
        loss_scale_factor: float. `scale_loss` multiplies the loss by it, and the gradients are divided by it.
        gradient_accumulation_steps: int, at least 2. Weights are updated only once in so many steps, with the mean of
            the gradients.
        name: string, by default the class's name.

    Attributes:
        variables: list of everything that it remembers, in Keras's order: the step, the learning rate (unless that is a
            schedule or function), averages, accumulated gradients, and what the subclass adds.

    Example:

    class SignSGD(Optimizer):
        def __init__(self, learning_rate=0.01, **kwargs):
            super().__init__(learning_rate=learning_rate, **kwargs)

        def update_step(self, gradient, variable, learning_rate):
            self.assign_sub(variable, ops.multiply(ops.sign(gradient), learning_rate))
    """

    def __init__(
        self,
        learning_rate,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        use_ema=False,
        ema_momentum=0.99,
        ema_overwrite_frequency=None,
        loss_scale_factor=None,
        gradient_accumulation_steps=None,
        name=None,
        **kwargs,
    ):
        if kwargs.pop("decay", None) is not None:
            warnings.warn("Argument `decay` is no longer supported and will be ignored.", stacklevel=4)
        if kwargs:
            known = inspect.signature(type(self)).parameters
            hints = "".join(hint_at_argument(unknown, known) for unknown in kwargs)
            raise ValueError(f"Argument(s) not recognized: {kwargs}{hints}")
        if gradient_accumulation_steps and not gradient_accumulation_steps >= 2:
            raise ValueError(
                "`gradient_accumulation_steps` must be an integer >= 2. Received: gradient_accumulation_steps="
                f"{gradient_accumulation_steps}\nFor an update at every step, leave it out."
            )
        if use_ema:
            check_ema(ema_momentum, ema_overwrite_frequency)
        if sum(limit is not None for limit in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ValueError(
                "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: "
                f"clipnorm={clipnorm}, clipvalue={clipvalue}, global_clipnorm={global_clipnorm}"
            )
        if not callable(learning_rate) and not isinstance(learning_rate, float):
            raise ValueError(
                "Argument `learning_rate` should be float, or an instance of LearningRateSchedule, or a callable (that "
                "takes in the current iteration value and returns the corresponding learning rate value). "
                f"Received instead: learning_rate={brief(learning_rate)}"
            )
        self.name = auto_name(type(self).__name__) if name is None else name
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.global_clipnorm = global_clipnorm
        self.clipvalue = clipvalue
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.built = False
        self._variables = []
        self._trainable_variables = []
        self._trainable_variables_indices = {}
        self._exclude_from_weight_decay = set()
        self._exclude_from_weight_decay_pattern = None
        self._iterations = self._track(Variable(0, dtype="int32", trainable=False, name="iteration"))
        if callable(learning_rate):
            self._learning_rate = learning_rate
        else:
            rate = Variable(learning_rate, dtype=config.floatx(), trainable=False, name="learning_rate")
            self._learning_rate = self._track(rate)

    def build(self, variables):
        """Makes what the optimizer remembers of each variable. The first `apply` does it, if nobody did before.

        Args:
            variables: list of the variables to train.
        """
        if self.use_ema:
            self._model_variables_moving_average = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulated_gradients = self.add_optimizer_variables(variables, "gradient_accumulator")
        self._trainable_variables = list(variables)
        self._trainable_variables_indices = {variable: index for index, variable in enumerate(variables)}
        self.built = True

    def _get_variable_index(self, variable):
        return self._trainable_variables_indices[variable]

    # Learning rate ----------------------------------------------------------------------------------------------------

    @property
    def learning_rate(self):
        """The learning rate: a variable, to which a float can be assigned; or what the schedule says for this step."""
        if isinstance(self._learning_rate, LearningRateSchedule):
            return self._learning_rate(self._iterations.value[()])
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        return self._learning_rate()

    @learning_rate.setter
    def learning_rate(self, learning_rate):
        if not callable(learning_rate):
            if not isinstance(self._learning_rate, Variable):
                raise TypeError(
                    "This optimizer was created with a `LearningRateSchedule` object as its `learning_rate` "
                    "constructor argument, hence its learning rate is not settable. If you need the learning rate to "
                    "be settable, you should instantiate the optimizer with a float `learning_rate` argument."
                )
            self._learning_rate.assign(learning_rate)
            return
        self._variables = [variable for variable in self._variables if variable is not self._learning_rate]
        self._learning_rate = learning_rate

    def _learning_rate_now(self):
        """Returns the learning rate as a NumPy scalar."""
        return np.asarray(value_of(self.learning_rate), dtype=config.floatx())[()]

    @property
    def iterations(self):
        """The number of updates so far."""
        if self.gradient_accumulation_steps:
            return self._iterations.value // self.gradient_accumulation_steps
        return self._iterations

    # Updates ----------------------------------------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars):
        """Updates variables from pairs of a gradient and a variable. Returns the number of calls so far."""
        grads, trainable_variables = zip(*grads_and_vars, strict=True)
        self.apply(grads, trainable_variables)
        return self._iterations

    @memory.pooled
    def apply(self, grads, trainable_variables=None):
        """Updates variables from gradients. A call that fails changes nothing.

        Args:
            grads: list of arrays, one for each variable and of its shape. None where there is no gradient: with a
                warning, that variable stays as it is.
            trainable_variables: list of variables, among those that the optimizer was built with. By default, and in
                the first call if it was not built, all of them.

        Raises:
            ValueError: if the two lists do not match, a variable is unknown, or there is no gradient at all.
        """
        grads = list(grads)
        if not grads:
            return
        variables = self._check_variables(grads, trainable_variables)
        given = [gradient is not None for gradient in grads]
        if not any(given):
            raise ValueError("No gradients provided for any variable.")
        to_update = list(compress(variables, given))
        grads = check_gradients(list(compress(grads, given)), to_update)
        if len(to_update) < len(variables):
            missing = [variable.path for variable, is_given in zip(variables, given, strict=True) if not is_given]
            warnings.warn(
                f"Gradients do not exist for variables {missing} when minimizing the loss. If using `model.compile()`, "
                "did you forget to provide a `loss` argument?",
                stacklevel=2,
            )
        if not self.built:
            self.build(variables)
        variables = to_update
        if self.loss_scale_factor is not None:
            grads = [gradient / self.loss_scale_factor for gradient in grads]
        if self.gradient_accumulation_steps:
            grads = self._accumulate(grads, variables)
        if grads is not None:
            self._update_all(self._clip_gradients(grads), variables, self._learning_rate_now())
        if self.use_ema:
            self._update_average()
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))
        self._iterations.assign_add(1)

    stateless_apply = stateless_apply

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable. To be defined by subclasses.

        Args:
            gradient: array of the variable's shape and dtype, not to be written to.
            variable: the `Variable` to update.
            learning_rate: NumPy scalar.
        """
        raise NotImplementedError

    def _check_variables(self, grads, variables):
        if variables is None:
            if not self.built:
                raise ValueError(
                    "When passing `grads` without `variables`, the optimizer must already be built on a list of "
                    "variables. Call `optimizer.build(trainable_variables)` first. "
                )
            if len(grads) != len(self._trainable_variables):
                raise ValueError(
                    "When passing `grads` as a list of gradient tensors, the gradients must match "
                    f"`optimizer.variables` one-to-on. Received a list of {len(grads)} gradients, but the optimizer is "
                    f"tracking {len(self._trainable_variables)} trainable variables."
                )
            return self._trainable_variables
        variables = list(variables)
        if len(grads) != len(variables):
            raise ValueError(
                "Expected one gradient for each variable, or None for one that has none. "
                f"Received: {len(grads)} gradients for {len(variables)} variables."
            )
        for variable in variables if self.built else ():
            if variable not in self._trainable_variables_indices:
                raise ValueError(
                    f"Unknown variable: {variable.path}. This optimizer can only be called for the variables it was "
                    "originally built with. When working with a new set of variables, you should recreate a new "
                    "optimizer instance."
                )
        return variables

    def _update_all(self, gradients, variables, learning_rate):
        """Applies weight decay and the rule. A subclass may do both in one pass over memory."""
        self._apply_weight_decay(variables)
        for gradient, variable in zip(gradients, variables, strict=True):
            self.update_step(gradient, variable, learning_rate)

    def _apply_weight_decay(self, variables):
        factors = self._decay_factors(variables, self._learning_rate_now())
        for variable, factor in zip(variables, factors or (), strict=bool(factors)):
            if factor != 1:
                np.multiply(variable.value, factor, out=variable.overwrite())

    def _decay_factors(self, variables, learning_rate):
        """Returns what weight decay multiplies each variable by, or None where there is no weight decay."""
        if self.weight_decay is None:
            return None
        factor = 1 - self.weight_decay * learning_rate
        return [factor if self._use_weight_decay(variable) else 1 for variable in variables]

    def _clip_gradients(self, grads):
        if self.clipnorm and self.clipnorm > 0:
            return clip_by_norm(grads, float(self.clipnorm))
        if self.global_clipnorm and self.global_clipnorm > 0:
            return clip_by_global_norm(grads, float(self.global_clipnorm))
        if self.clipvalue and self.clipvalue > 0:
            return clip_by_value(grads, float(self.clipvalue))
        return grads

    def _accumulate(self, grads, variables):
        """Returns the mean of the gradients at the last step of each round, else None."""
        sums = [self._accumulated_gradients[self._get_variable_index(variable)] for variable in variables]
        steps = self.gradient_accumulation_steps
        if (self._iterations.value + 1) % steps:
            for total, gradient in zip(sums, grads, strict=True):
                np.add(total.value, gradient, out=total.overwrite())
            return None
        means = [(gradient + total.value) / steps for total, gradient in zip(sums, grads, strict=True)]
        for total in self._accumulated_gradients:
            total.overwrite().fill(0)
        return means

    # Loss scale and weight decay --------------------------------------------------------------------------------------

    def scale_loss(self, loss):
        """Returns the loss times `loss_scale_factor`, to be differentiated."""
        return loss if self.loss_scale_factor is None else ops.multiply(loss, self.loss_scale_factor)

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        """Exempts variables from weight decay, and no others.

        Args:
            var_list: list of variables.
            var_names: list of strings. Variables in whose name one of them is found are exempt, as by `["bias"]`.
        """
        self._exclude_from_weight_decay = set(var_list or ())
        self._exclude_from_weight_decay_pattern = re.compile("|".join(var_names)) if var_names else None

    def _use_weight_decay(self, variable):
        pattern = self._exclude_from_weight_decay_pattern
        excluded = variable in self._exclude_from_weight_decay or (pattern and pattern.search(variable.name))
        return not excluded

    # Config -----------------------------------------------------------------------------------------------------------

    def get_config(self):
        learning_rate = self._learning_rate
        return {
            "name": self.name,
            "learning_rate": (
                float(learning_rate.value) if isinstance(learning_rate, Variable) else serialize_keras_object(learning_rate)
            ),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Returns a new optimizer from what `get_config` returned. Its variables start anew."""
        if isinstance(config.get("learning_rate"), dict):
            config = {**config, "learning_rate": deserialize_keras_object(config["learning_rate"], custom_objects)}
        return cls(**config)


def check_gradients(gradients, variables):
    """Returns gradients as `check_gradient` does: a kernel sees at once whether all are what they should be."""
    values = [variable.value for variable in variables]
    if values[0].dtype in KERNEL_DTYPES and kernel("are_like", values[0].dtype)(gradients, values):
        return gradients
    return list(map(check_gradient, gradients, variables))


def check_gradient(gradient, variable):
    """Returns a gradient as an array of the variable's dtype, C-contiguous as kernels read it."""
    value = variable.value
    if type(gradient) is not np.ndarray or gradient.dtype is not value.dtype or not gradient.flags.c_contiguous:
        gradient = np.asarray(value_of(gradient), value.dtype, order="C")
    if gradient.shape != value.shape:
        raise ValueError(
            f"A gradient must have the shape of its variable. Expected shape {variable.shape}, for variable "
            f"'{variable.path}'. Received shape {gradient.shape}."
        )
    return gradient
