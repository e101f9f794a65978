"""What users set for each weight of a layer: its initializer, regularizer and constraint."""

from convlayers import constraints, initializers, regularizers


class WeightSettings:
    """The part of a layer that has attributes as `kernel_initializer`, `kernel_regularizer` and `kernel_constraint`."""

    def _keep_settings(self, **weights):
        """Makes the attributes. For each weight: an initializer, a regularizer and a constraint, by name or object."""
        for weight, (initializer, regularizer, constraint) in weights.items():
            setattr(self, f"{weight}_initializer", initializers.get(initializer))
            setattr(self, f"{weight}_regularizer", regularizers.get(regularizer))
            setattr(self, f"{weight}_constraint", constraints.get(constraint))

    def _add_weight(self, name, shape, settings_of=None, *, initializer=None, autocast=True):
        """Adds a weight with its settings, or those of another name, and maybe with another initializer."""
        settings_of = settings_of or name
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer or getattr(self, f"{settings_of}_initializer"),
            regularizer=getattr(self, f"{settings_of}_regularizer"),
            constraint=getattr(self, f"{settings_of}_constraint"),
            autocast=autocast,
        )

    def _config_of_settings(self, *weights):
        """Returns the settings of weights as the configuration has them, in the order of Keras."""
        families = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}
        return {
            f"{weight}_{setting}": family.serialize(getattr(self, f"{weight}_{setting}"))
            for setting, family in families.items()
            for weight in weights
        }
