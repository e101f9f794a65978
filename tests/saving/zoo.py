"""Models that are saved and loaded: each a function of the library that makes it, `convlayers` or `keras`.

`MODELS` has one row each: how to make it, and the shapes of its inputs. Names are those that Keras gives, so the same
model of both libraries is written to the same file.
"""

import numpy as np


def stack(k):
    layers = k.layers
    return k.Sequential(
        [
            k.Input((12, 12, 3)),
            layers.Conv2D(8, 3, activation="relu", padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(4, (3, 2), strides=2, name="mine", use_bias=False),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(5, activation="softmax"),
        ]
    )


def unnamed_input(k):
    model = k.Sequential([k.layers.Conv1D(4, 3), k.layers.GlobalMaxPooling1D(), k.layers.Dense(2)], name="late")
    model.build((None, 10, 2))
    return model


def arguments(k):
    """Arguments of all kinds: objects, some of them used twice, and functions."""
    layers, regularizer = k.layers, k.regularizers.L2(1e-3)
    initializer = k.initializers.HeNormal(seed=1)
    inputs = k.Input((9, 9, 4), name="image", dtype="float32")
    x = layers.Conv2D(
        8,
        3,
        dilation_rate=2,
        groups=2,
        kernel_initializer=initializer,
        kernel_regularizer=regularizer,
        bias_initializer=k.initializers.Constant(0.5),
        bias_constraint=k.constraints.NonNeg(),
        activity_regularizer=k.regularizers.L1(1e-4),
    )(inputs)
    x = layers.Conv2D(
        8, 3, kernel_initializer=initializer, kernel_regularizer=regularizer, kernel_constraint=k.constraints.MaxNorm(2.0)
    )(x)
    x = layers.Activation(k.activations.tanh)(x)
    x = layers.BatchNormalization(momentum=0.9, scale=False, gamma_initializer="uniform")(x)
    x = layers.Reshape((-1, 8))(x)
    outputs = layers.Dense(3, trainable=False)(x)
    return k.Model(inputs, outputs, name="everything")


def branches(k):
    """Two inputs, two outputs, a shared layer, ops, a layer with an argument."""
    layers = k.layers
    left, right = k.Input((8, 8, 2), name="left"), k.Input((8, 8, 2), name="right")
    shared = layers.Conv2D(4, 3, padding="same", name="shared")
    x, y = shared(left), shared(right)
    z = layers.Concatenate()([layers.Add()([x, y]), layers.Maximum()([x, y])])
    z = k.ops.relu(z * 2.0 + 1.0)
    z = layers.Dropout(0.5)(layers.BatchNormalization()(z, training=False))
    first = layers.Dense(3, name="first")(layers.GlobalAveragePooling2D()(z))
    second = layers.Dense(1, name="second", activation="sigmoid")(layers.Flatten()(layers.AveragePooling2D(4)(y)))
    return k.Model([left, right], [first, second])


def dicts(k):
    """Inputs and outputs in dicts."""
    layers = k.layers
    inputs = {"b": k.Input((6,), name="b"), "a": k.Input((4,), name="a")}
    x = layers.Concatenate()([layers.Dense(5)(inputs["a"]), inputs["b"]])
    return k.Model(inputs, {"sum": layers.Dense(2)(x), "rest": x})


def nested(k):
    """Models in models, one of them used twice."""
    layers = k.layers
    block = k.Sequential([k.Input((8, 8, 3)), layers.Conv2D(3, 3, padding="same"), layers.BatchNormalization()], name="block")
    inner_inputs = k.Input((8, 8, 3))
    inner = k.Model(inner_inputs, layers.Add()([block(inner_inputs), inner_inputs]), name="residual")
    late = k.Sequential([layers.Conv2D(2, 3), layers.ReLU()], name="late")
    inputs = k.Input((8, 8, 3))
    return k.Model(inputs, layers.GlobalMaxPooling2D()(late(inner(inner(inputs)))), name="outer")


def model_at_the_end(k):
    head_input = k.Input((4,))
    head = k.Model(head_input, k.layers.Dense(2)(head_input), name="head")
    inputs = k.Input((4,))
    return k.Model(inputs, head(k.layers.Dense(4)(inputs)))


def volumes(k):
    layers = k.layers
    return k.Sequential(
        [
            k.Input((6, 6, 6, 2)),
            layers.ZeroPadding3D(((1, 1), (0, 1), (1, 0))),
            layers.Conv3D(4, 3, activation="elu"),
            layers.AveragePooling3D(2, padding="same"),
            layers.Softmax(),
            layers.GlobalAveragePooling3D(),
        ]
    )


def channels_first(k):
    layers = k.layers
    return k.Sequential(
        [k.Input((3, 8, 8)), layers.MaxPooling2D(data_format="channels_first"), layers.Flatten(data_format="channels_first")]
    )


def float64(k):
    return k.Sequential([k.Input((4,), dtype="float64"), k.layers.Dense(3, dtype="float64"), k.layers.Dense(2)])


MODELS = {
    stack: [(12, 12, 3)],
    unnamed_input: [(10, 2)],
    arguments: [(9, 9, 4)],
    branches: [(8, 8, 2), (8, 8, 2)],
    dicts: {"a": (4,), "b": (6,)},
    nested: [(8, 8, 3)],
    model_at_the_end: [(4,)],
    volumes: [(6, 6, 6, 2)],
    channels_first: [(3, 8, 8)],
    float64: [(4,)],
}


# Models of classes of their own -----------------------------------------------------------------------------------------


def subclasses(k):
    """Registers custom classes with a library, and returns them as a dict."""
    layers, register = k.layers, k.saving.register_keras_serializable(package="zoo")

    @register
    class Scale(layers.Layer):
        """Weights of its own, one of them not trained, and a layer inside."""

        def __init__(self, size, **kwargs):
            super().__init__(**kwargs)
            self.size = size
            self.inner = layers.Dense(size)

        def build(self, input_shape):
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")
            self.factor = self.add_weight(shape=(self.size,), initializer="ones", name="factor")
            self.inner.build(input_shape)

        def call(self, inputs):
            return self.inner(inputs) * self.factor

        def compute_output_shape(self, input_shape):
            return (*input_shape[:-1], self.size)

        def get_config(self):
            return {**super().get_config(), "size": self.size}

    @register
    class Branches(k.Model):
        """Layers in attributes of all kinds: public, private, in lists, dicts, lists of lists, twice, behind a property."""

        def __init__(self, units=4, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self._head = layers.Dense(2)
            self.zeta = layers.Dense(units)
            self.blocks = [layers.Dense(units, name="b1"), Scale(units), layers.Dense(units, name="b3")]
            self.table = {"one": layers.Dense(units), "two": layers.BatchNormalization()}
            self.deep = [[layers.Dense(units), layers.Dense(units)], [layers.Dense(units)]]
            self.again = self.zeta

        @property
        def entrance(self):
            return self.zeta

        def call(self, inputs, training=False):
            x = self.zeta(inputs)
            for block in self.blocks:
                x = block(x)
            x = self.table["two"](self.table["one"](x), training=training)
            for row in self.deep:
                for layer in row:
                    x = layer(x)
            return self._head(x)

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    return {"Scale": Scale, "Branches": Branches}


# Data and training ------------------------------------------------------------------------------------------------------


def flatten(structure):
    """Returns the inputs or outputs of a model as a list of arrays."""
    if isinstance(structure, dict):
        return [structure[name] for name in sorted(structure)]
    return list(structure) if isinstance(structure, (list, tuple)) else [structure]


def fill(structure, value):
    """Returns a structure of the same kind with `value` of each array."""
    if isinstance(structure, dict):
        return {name: value(array) for name, array in structure.items()}
    return [value(array) for array in structure] if isinstance(structure, (list, tuple)) else value(structure)


def inputs_for(make, samples=3):
    """Returns inputs for a model in `MODELS`."""
    rng = np.random.default_rng(5)
    shapes = MODELS[make]
    arrays = [rng.normal(size=(samples, *shape)).astype("float32") for shape in flatten(shapes)]
    if isinstance(shapes, dict):
        return dict(zip(sorted(shapes), arrays, strict=True))
    return arrays if len(arrays) > 1 else arrays[0]


def predict(model, inputs):
    """Returns the outputs of a model as a list of arrays."""
    return [np.asarray(output) for output in flatten(model.predict(inputs, verbose=0))]


def compile_model(model, inputs, optimizer="adam", **kwargs):
    """Compiles a model with a mean squared error for each output."""
    model.compile(optimizer, fill(model.predict(inputs, verbose=0), lambda output: "mse"), **kwargs)


def train(model, inputs, steps=3):
    """Trains a model on one batch, with nothing random in it. Returns the losses."""
    for layer in model.layers:
        if hasattr(layer, "rate"):
            layer.rate = 0.0
    labels = fill(model.predict(inputs, verbose=0), lambda output: np.full(output.shape, 0.5, "float32"))
    return [model.train_on_batch(inputs, labels, return_dict=True)["loss"] for _ in range(steps)]


def values(variables):
    """Returns the values of variables as a list of arrays."""
    return [np.array(variable.numpy()) for variable in variables]
