"""Which number types a layer computes in and keeps its weights in."""

import re
from collections.abc import MutableMapping

from convlayers import config
from convlayers.lazy_imports import lazy_names
from convlayers.registry import register_family
from convlayers.serialization import deserialize_keras_object, serialize_keras_object
from convlayers.validation import standardize_dtype

__getattr__, __dir__, _ = lazy_names(__name__)

_MIXED = {"mixed_float16": ("float16", "float32"), "mixed_bfloat16": ("bfloat16", "float32")}


class DTypePolicy:
    """The number types that are asked for a layer's arithmetic and for its weights.

    Types of 16 bits are those that numbers are kept in: inputs, weights and outputs are rounded to them, and the arithmetic in
    between is that of float32. Arrays of float16 are NumPy's. NumPy has no bfloat16, so these numbers are in float32 arrays,
    with the lower half of each zero; layers, variables and symbolic tensors name their type "bfloat16". Both take more time
    than float32 on a CPU. A layer whose weights are wider than what it computes in sees them rounded while it is called; their
    gradients are as wide as they are.

    Args:
        name: the name of a dtype, "mixed_float16" or "mixed_bfloat16"; by default the policy of `dtype_policy()`.

    Raises:
        TypeError: if the name is not a string.
        ValueError: if it is not the name of a policy.

    Example:

    >>> policy = DTypePolicy("mixed_float16")
    >>> policy.compute_dtype, policy.variable_dtype
    ('float16', 'float32')
    >>> layer = Dense(10, dtype=policy)
    >>> layer(np.ones((2, 3))).dtype, layer.kernel.dtype
    (dtype('float16'), 'float32')
    """

    quantization_mode = None

    def __init__(self, name=None):
        if name is None:
            name = dtype_policy().name
        if not isinstance(name, str):
            raise TypeError(f"'name' must be a string, such as 'mixed_float16'. Received: name={name} (of type {type(name)})")
        self._name = name
        self._compute_dtype, self._variable_dtype = _MIXED.get(name) or [_dtype_named(name)] * 2

    @property
    def name(self):
        return self._name

    @property
    def compute_dtype(self):
        return self._compute_dtype

    @property
    def variable_dtype(self):
        return self._variable_dtype

    def _at(self, path):
        """Returns the policy of the layer at a path."""
        return self

    def get_config(self):
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __eq__(self, other):
        return type(other) is type(self) and self.name == other.name

    def __hash__(self):
        return hash(self.name)

    def __repr__(self):
        return f'<DTypePolicy "{self.name}">'


def _dtype_named(name):
    try:
        return standardize_dtype(name)
    except ValueError:
        raise ValueError(
            f"Cannot convert '{name}' to a mixed precision DTypePolicy. Valid policies include 'mixed_float16', "
            "'mixed_bfloat16', and the name of any float dtype such as 'float32'."
        ) from None


class DTypePolicyMap(DTypePolicy, MutableMapping):
    """Policies for the layers inside a layer, by their paths.

    Args:
        default_policy: the policy of layers that are not in it; by default that of `dtype_policy()`.
        policy_map: dict of paths, or regular expressions for them, and policies.

    Raises:
        TypeError: if `policy_map` is no dict.
        ValueError: if the default is a map itself. With `map[path]`, if several expressions match; with
            `map[path] = policy`, if the path is in the map, or it is no policy.

    Example:

    >>> policies = DTypePolicyMap("float32", {"encoder/.*": DTypePolicy("float64")})
    >>> policies["encoder/conv2d"], policies["decoder/conv2d"]
    (<DTypePolicy "float64">, <DTypePolicy "float32">)
    """

    def __init__(self, default_policy=None, policy_map=None):
        if isinstance(default_policy, DTypePolicyMap):
            raise ValueError("`default_policy` cannot be a `DTypePolicyMap`.")
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(
                f"If specified, `policy_map` must be a dict. Received: policy_map={policy_map} of type {type(policy_map)}"
            )
        self._default_policy_argument = default_policy
        self.default_policy = get(default_policy)
        self._policy_map = policy_map or {}

    @property
    def name(self):
        return f"map_{self.default_policy.name}"

    @property
    def compute_dtype(self):
        return self.default_policy.compute_dtype

    @property
    def variable_dtype(self):
        return self.default_policy.variable_dtype

    def _at(self, path):
        return self[path] if path else self

    def __getitem__(self, path):
        if path in self._policy_map:
            return self._policy_map[path]
        matching = [pattern for pattern in self._policy_map if re.fullmatch(pattern, path)]
        if len(matching) > 1:
            raise ValueError(
                f"Path '{path}' matches multiple dtype policy specification keys: {matching}. Please make sure each path only "
                "matches at most one dtype policy specification key in the DTypePolicyMap."
            )
        return self._policy_map[matching[0]] if matching else self.default_policy

    def __setitem__(self, path, policy):
        if path in self._policy_map:
            raise ValueError(
                f"{path} already exist in the DTypePolicyMap with value {self._policy_map[path]}. Please make sure to not use "
                "duplicated keys."
            )
        try:
            self._policy_map[path] = get(policy)
        except Exception:
            raise ValueError(
                f"Cannot interpret the assigned value by `keras.dtype_policies.get`. Received: {policy} of type {type(policy)}"
            ) from None

    def __delitem__(self, path):
        del self._policy_map[path]

    def __contains__(self, path):
        return path in self._policy_map

    def __len__(self):
        return len(self._policy_map)

    def __iter__(self):
        return iter(self._policy_map)

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def get_config(self):
        return {"default_policy": self._default_policy_argument, "policy_map": serialize_keras_object(self._policy_map)}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(config["default_policy"], deserialize_keras_object(config["policy_map"], custom_objects))

    def __repr__(self):
        mapping = [(path, policy.name) for path, policy in self._policy_map.items()]
        return f"<DTypePolicyMap at {hex(id(self))} default_policy={self.default_policy.name}, mapping={mapping}>"


FloatDTypePolicy = DTypePolicy
# Names in files: of Keras 3, and of Keras 2's mixed precision.
register_family(
    "keras",
    {
        "DTypePolicy": DTypePolicy,
        "FloatDTypePolicy": FloatDTypePolicy,
        "Policy": DTypePolicy,
        "DTypePolicyMap": DTypePolicyMap,
    },
)

_chosen = None


def dtype_policy():
    """Returns the policy of layers that are given none."""
    return _chosen or DTypePolicy(config.floatx())


def set_dtype_policy(policy):
    """Sets the policy of layers that are given none.

    Args:
        policy: a `DTypePolicy` or the name of one.

    Raises:
        ValueError: if it is something else.
    """
    global _chosen
    if not isinstance(policy, (str, DTypePolicy)):
        raise ValueError(
            "Invalid `policy` argument. Expected the string name of a policy (such as 'mixed_float16') or a "
            f"`DTypePolicy` instance. Received: policy={policy} (of type {type(policy)})"
        )
    _chosen = DTypePolicy(policy) if isinstance(policy, str) else policy


def reset_dtype_policy():
    """Gives layers that are given no policy that of `floatx()`, as at the start."""
    global _chosen
    _chosen = None


def get(identifier):
    """Returns the policy that a `dtype` argument means.

    Args:
        identifier: None for the default, a name, an encoding (dict), a NumPy dtype, or a policy.

    Raises:
        ValueError: if it means none.
    """
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        policy = deserialize(identifier)
        if not isinstance(policy, DTypePolicy):
            raise _refusal(identifier)
        return policy
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    try:
        return DTypePolicy(standardize_dtype(identifier))
    except (TypeError, ValueError):
        raise _refusal(identifier) from None


def _refusal(identifier):
    return ValueError(
        f"Cannot interpret `dtype` argument. Expected a string or an instance of DTypePolicy. Received: dtype={identifier}"
    )


def serialize(dtype_policy):
    """Returns the encoding of a policy."""
    return serialize_keras_object(dtype_policy)


def deserialize(config, custom_objects=None):
    """Returns the policy that an encoding describes."""
    return deserialize_keras_object(config, custom_objects)
