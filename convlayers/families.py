"""What an argument such as `activation="relu"` means: an object, its name, its class or its encoding."""

from convlayers.registry import CustomObjectScope, find, register_family
from convlayers.serialization import LAMBDA, decode
from convlayers.validation import brief, did_you_mean


class Family:
    """The objects of one kind, for arguments that take an object, its name, its class or its encoding.

    Args:
        module: Keras's public module, as "keras.initializers".
        kind: what one of them is called in messages, as "initializer".
        table: dict of names and classes or functions, as for `register_family`.
        base: the class of what an argument may mean; by default anything that can be called.
        ignore_case: whether "ADAM" is "adam".
    """

    def __init__(self, module, kind, table, base=None, ignore_case=False):
        self.module = module
        self.kind = kind
        self.table = table
        self.base = base
        self.ignore_case = ignore_case
        register_family(module, table)

    def get(self, identifier):
        """Returns the object that an argument means; None for None.

        Args:
            identifier: None, a name, an encoding (dict), a class, or an object, which is returned as it is.

        Raises:
            ValueError: if it means nothing.
        """
        if identifier is None:
            return None
        name = identifier
        found = identifier
        if isinstance(identifier, dict):
            name = identifier.get("class_name", "")
            known = name == LAMBDA or self._locate(identifier) is not None
            found = self.deserialize(identifier) if known else None
        elif isinstance(identifier, str):
            found = self._locate({"class_name": identifier})
        if isinstance(found, type):
            found = found()
        if callable(found) if self.base is None else isinstance(found, self.base):
            return found
        raise ValueError(
            f"Could not interpret {self.kind} identifier: {brief(identifier)}"
            + did_you_mean(name, self.table)
            + f"\nExpected an object, a class, or a name known to `{self.module}`. Names of your own classes and "
            "functions are known after `@keras.saving.register_keras_serializable()` or inside a `CustomObjectScope`."
        )

    def deserialize(self, config, custom_objects=None):
        """Returns the object that an encoding describes, looked for in this family first."""
        if isinstance(config, dict) and "class_name" in config:
            config = {"config": {}, **config, "class_name": self._standardize(config["class_name"])}
        with CustomObjectScope(custom_objects):
            return decode(config, self.module)

    def _locate(self, config):
        name = self._standardize(config.get("class_name", ""))
        if name == "function":
            return find(config["config"], config.get("module", ""), family=self.module)
        return find(name, config.get("module", ""), config.get("registered_name"), self.module)

    def _standardize(self, name):
        return name.lower() if self.ignore_case and name.lower() in self.table else name
