"""Older names of what `keras.dtype_policies` and `keras.optimizers` have."""

from convlayers.dtype_policies import DTypePolicy, dtype_policy, set_dtype_policy
from convlayers.optimizers.loss_scale_optimizer import LossScaleOptimizer

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
