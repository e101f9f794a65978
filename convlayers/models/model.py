"""The base of all models."""

import json

from convlayers import nested
from convlayers.layers.layer import Layer
from convlayers.models.layer_entries import damage_as_value_error
from convlayers.models.state_tree import get_state_tree, set_state_tree
from convlayers.models.trainer import Trainer
from convlayers.serialization import serialize_keras_object
from convlayers.symbolic import KerasTensor
from convlayers.validation import did_you_mean

_EXPORT_FORMATS = ["tf_saved_model", "onnx", "openvino", "litert", "torch"]


class Model(Trainer, Layer):
    """Layers grouped into one that can be trained, evaluated, saved and summarized.

    There are three ways to make one: from symbolic tensors, `Model(inputs, outputs)`, which gives a `Functional`; as a stack
    of layers, `Sequential([...])`; and as a subclass that makes its layers in `__init__` and calls them in `call`.

    Args:
        inputs, outputs: symbolic tensors, or lists, tuples or dicts of them. A subclass with a `call` has none.
        name: the model's name.
        kwargs: arguments of `Layer`.

    Example:

    class Twice(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(10)

        def call(self, inputs, training=False):
            return self.dense(inputs) * 2
    """

    # In which format `save` writes it by default, if it was read from a file: that of the file.
    _file_format = None

    def __init__(self, *args, **kwargs):
        if _are_a_graph(args, kwargs):
            from convlayers.models.functional import Functional

            if type(self) is Model:
                self.__class__ = Functional
            else:
                # A subclass without `call`, such as one with its own `train_step`.
                _replace_base(type(self), Functional)
            Functional.__init__(self, *args, **kwargs)
        else:
            Layer.__init__(self, *args, **kwargs)
            self._initialize_training()

    def call(self, *args, **kwargs):
        raise NotImplementedError(f"Model {type(self).__name__} does not have a `call()` method implemented.")

    def build(self, input_shape):
        """Makes the weights, by running `call` on zeros.

        Args:
            input_shape: the shape of the inputs with the batch, as None; or a list, tuple or dict of such shapes.
        """
        self._trace(nested.map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), input_shape))

    def _has_build(self):
        return type(self).build not in (Layer.build, Model.build)

    def _has_call(self):
        """Whether a subclass defines `call`. One with steps of its own may have none."""
        return type(self).call is not Model.call

    @property
    def layers(self):
        """The layers that the model is made of, as a list."""
        return list(self._layers)

    @layers.setter
    def layers(self, _):
        raise AttributeError("`Model.layers` attribute is reserved and should not be used. Please use another name.")

    def get_layer(self, name=None, index=None):
        """Returns one of the layers.

        Args:
            name: its name.
            index: its place in `layers`, in place of the name.

        Raises:
            ValueError: if there is no such layer.
        """
        if index is not None and name is not None:
            raise ValueError(f"Provide only a layer name or a layer index. Received: index={index}, name={name}.")
        layers = self.layers
        if index is not None:
            if len(layers) <= index:
                raise ValueError(f"Was asked to retrieve layer at index {index} but model only has {len(layers)} layers.")
            return layers[index]
        if name is None:
            raise ValueError("Provide either a layer name or layer index at `get_layer`.")
        for layer in layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in layers]
        raise ValueError(f"No such layer: {name}. Existing layers are: {names}." + did_you_mean(name, names))

    def summary(
        self,
        line_length=None,
        positions=None,
        print_fn=None,
        expand_nested=False,
        show_trainable=False,
        layer_range=None,
    ):
        """Prints a table of the layers: name and class, output shape, number of parameters, and the totals.

        Args:
            line_length: width of the table in characters.
            positions: list of floats, where the columns end as fractions of the width.
            print_fn: function that gets the whole text, in place of `print`.
            expand_nested: whether to show the layers of models in the model.
            show_trainable: whether to show which layers are trained.
            layer_range: the names of the first and the last layer to show; regular expressions may be used.
        """
        from convlayers.models.summary import print_summary

        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    # State ----------------------------------------------------------------------------------------------------------

    def get_state_tree(self, value_format="backend_tensor"):
        """Returns the values of all variables, those of the optimizer and the metrics too, as dicts of dicts by their paths.

        Args:
            value_format: "backend_tensor" for the arrays themselves, "numpy_array" for copies.

        Raises:
            ValueError: for another format, or if two variables have the same path.
        """
        return get_state_tree(self, value_format)

    def set_state_tree(self, state_tree):
        """Gives the variables the values in what `get_state_tree` returned, or in a part of it.

        Raises:
            ValueError: if it has a key that no such tree has.
        """
        set_state_tree(self, state_tree)

    def quantize(self, mode=None, config=None, filters=None, **kwargs):
        """Not supported.

        Raises:
            NotImplementedError: always.
        """
        super().quantize(mode)

    # Files ----------------------------------------------------------------------------------------------------------

    def save(self, filepath, overwrite=True, zipped=None, **kwargs):
        """Writes the model to a file: architecture, weights, and the state of the optimizer.

        Args:
            filepath: path that ends in ".keras", or in ".h5" for an HDF5 file.
            overwrite: whether a file of that name may be replaced without asking.
            zipped: whether to write one file (the default) or a folder.
            kwargs: `format`, which version of Keras the file is for: "keras3" for all of Keras 3, the default; "keras3.0",
                "keras3.11", "keras2"; or "convlayers" for this package alone, with all that Keras does not have. `save_model`
                says more.

        Raises:
            ValueError: if that version of Keras has no such model, with the name of the layer and the reason.
        """
        from convlayers.saving import save_model

        return save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(self, filepath, overwrite=True, max_shard_size=None):
        """Writes the weights to a file.

        Args:
            filepath: path that ends in ".weights.h5", or in ".weights.json" if there is a `max_shard_size`.
            overwrite: whether a file of that name may be replaced without asking.
            max_shard_size: size in GB above which the weights are divided among several files.
        """
        from convlayers.saving import save_weights

        return save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath, skip_mismatch=False, **kwargs):
        """Reads weights from a file.

        Args:
            filepath: path of a file that `save_weights` or `save` wrote, here or in Keras.
            skip_mismatch: whether to leave out layers whose weights have other shapes in the file, with a warning.
        """
        from convlayers.saving import load_weights

        return load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def export(self, filepath, format="tf_saved_model", verbose=None, input_signature=None, **kwargs):
        """Not supported.

        Raises:
            ValueError: if it is no format of Keras.
            NotImplementedError: if it is one.
        """
        if format not in _EXPORT_FORMATS:
            raise ValueError(f"Unrecognized format={format}. Supported formats are: {_EXPORT_FORMATS}.")
        raise NotImplementedError(
            f"Models are not exported to other formats. Received: format={format}\nWrite a file with `model.save(path)`: Keras "
            "reads it, and exports it with a backend that can."
        )

    def to_json(self, **kwargs):
        """Returns the architecture as a string, for `model_from_json`.

        Args:
            kwargs: arguments of `json.dumps`.
        """
        from convlayers.saving.compatibility import for_all_versions

        return json.dumps(for_all_versions(serialize_keras_object(self)), **kwargs)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Returns a model made from a config of `get_config`, of any version of Keras.

        Raises:
            TypeError: if the class does not take what is in the config as arguments.
        """
        from convlayers.models.functional import is_graph_config, make_from_graph_config

        if is_graph_config(cls, config):
            return make_from_graph_config(cls, config, custom_objects)
        try:
            return cls._make(config)
        except TypeError as error:
            raise TypeError(
                "Unable to revive model from config. When overriding the `get_config()` method, make sure that the returned "
                f"config contains all items used as arguments in the  constructor to {cls}, which is the default behavior. "
                "You can override this default behavior by defining a `from_config(cls, config)` class method to specify "
                f"how to create an instance of {cls.__name__} from its config.\n\nReceived config={config}\n\n"
                f"Error encountered during deserialization: {error}"
            ) from error


def model_from_json(json_string, custom_objects=None):
    """Returns a new model, not compiled, from the string that `to_json` returned, here or in any version of Keras.

    Args:
        json_string: the string.
        custom_objects: dict of names and classes or functions that it may name.

    Raises:
        TypeError, ValueError: if it is damaged, describes something else, or names something unknown.
    """
    from convlayers.saving.encodings import make_object

    with damage_as_value_error("The model"):
        encoding = _parsed(json_string)
        if not isinstance(encoding, dict) or "class_name" not in encoding:
            received = f"an object of {list(encoding)[:10]}" if isinstance(encoding, dict) else type(encoding)
            raise ValueError(
                "There is no model in the JSON. Expected: what `model.to_json()` returned, an object with a 'class_name'. "
                f"Received: {received}"
            )
        # Keras 1 and 2 wrote their version, and no modules.
        is_older = "keras_version" in encoding or "module" not in encoding
        return make_object(encoding, is_older, custom_objects)


def _parsed(json_string):
    try:
        return json.loads(json_string)
    except ValueError as error:
        raise ValueError(
            f"There is no JSON in the `json_string` argument: {error}. Expected: what `model.to_json()` returned; of a file, "
            f"its text: `model_from_json(open(path).read())`. Received: {json_string[:50]!r}"
        ) from error


def _are_a_graph(args, kwargs):
    """Whether arguments are those of `Functional`: inputs and outputs."""
    return len(args) == 2 or (len(args) == 1 and "outputs" in kwargs) or ("inputs" in kwargs and "outputs" in kwargs)


def _replace_base(cls, functional):
    """Makes a subclass of `Model` one of `Functional`."""
    if not issubclass(cls, functional):
        bases = [functional if base is Model else base for base in cls.__bases__]
        for base in bases:
            if issubclass(base, Model):
                _replace_base(base, functional)
        cls.__bases__ = tuple(bases)
