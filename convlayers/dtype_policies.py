"""Which number types a layer computes in and keeps its weights in."""

from convlayers import config
from convlayers.serialization import deserialize_keras_object, register_family, serialize_keras_object
from convlayers.validation import standardize_dtype

# The kernels know float32 and float64. Narrower types save no time on a CPU and lose digits, so policies that ask for
# them keep their name, and are written to files by it, but compute in float32.
_COMPUTED_AS = {"float16": "float32", "bfloat16": "float32", "mixed_float16": "float32", "mixed_bfloat16": "float32"}


class DTypePolicy:
    """The number type of a layer's arithmetic and of its weights.

    Args:
        name: the name of a dtype, "mixed_float16" or "mixed_bfloat16"; by default the policy of `dtype_policy()`. The
            types of less than 32 bits are accepted, for scripts and files that have them, and stand for "float32".

    Raises:
        TypeError: if the name is not a string.
        ValueError: if it is not the name of a policy.

    Example:

    >>> DTypePolicy("float64").compute_dtype
    'float64'
    >>> DTypePolicy("mixed_float16").variable_dtype
    'float32'
    """

    def __init__(self, name=None):
        if name is None:
            name = dtype_policy().name
        if not isinstance(name, str):
            raise TypeError(f"'name' must be a string, such as 'mixed_float16'. Received: name={name} (of type {type(name)})")
        self._name = name
        self._dtype = _COMPUTED_AS.get(name) or _dtype_named(name)

    @property
    def name(self):
        return self._name

    @property
    def compute_dtype(self):
        return self._dtype

    @property
    def variable_dtype(self):
        return self._dtype

    def get_config(self):
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __eq__(self, other):
        return isinstance(other, DTypePolicy) and self.name == other.name

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


# Names in files: of Keras 3, and of Keras 2's mixed precision.
register_family("keras", {"DTypePolicy": DTypePolicy, "FloatDTypePolicy": DTypePolicy, "Policy": DTypePolicy})

_chosen = None


def dtype_policy():
    """Returns the policy of layers that are given none."""
    return _chosen or DTypePolicy(config.floatx())


def set_dtype_policy(policy):
    """Sets the policy of layers that are given none.

    Args:
        policy: a `DTypePolicy` or the name of one; None for that of `floatx()`.

    Raises:
        ValueError: if it is something else.
    """
    global _chosen
    if policy is not None and not isinstance(policy, (str, DTypePolicy)):
        raise ValueError(
            "Invalid `policy` argument. Expected the string name of a policy (such as 'mixed_float16') or a "
            f"`DTypePolicy` instance. Received: policy={policy} (of type {type(policy)})"
        )
    _chosen = DTypePolicy(policy) if isinstance(policy, str) else policy


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
        return deserialize(identifier)
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    try:
        return DTypePolicy(standardize_dtype(identifier))
    except ValueError:
        raise ValueError(
            f"Cannot interpret `dtype` argument. Expected a string or an instance of DTypePolicy. Received: dtype={identifier}"
        ) from None


def serialize(policy):
    """Returns the encoding of a policy."""
    return serialize_keras_object(policy)


def deserialize(config, custom_objects=None):
    """Returns the policy that an encoding describes."""
    return deserialize_keras_object(config, custom_objects)
