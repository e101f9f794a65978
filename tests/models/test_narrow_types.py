"""Models of 16 bits, and of layers with several policies, against Keras."""

import numpy as np
import pytest

import convlayers
from convlayers import dtype_policies
from convlayers.narrow_types import array_dtype

POLICIES = ["float16", "mixed_float16", "bfloat16", "mixed_bfloat16"]
MIXED = ["mixed_float16", "mixed_bfloat16"]

X = np.random.default_rng(0).normal(size=(32, 8, 8, 3)).astype("float32")
Y = np.random.default_rng(1).integers(0, 5, 32)


@pytest.fixture
def set_policy(keras):
    """Sets the policy of both libraries."""

    def set_both(policy):
        dtype_policies.set_dtype_policy(policy)
        keras.config.set_dtype_policy(policy)
        for library in (convlayers, keras):
            library.utils.set_random_seed(0)

    yield set_both
    keras.config.set_dtype_policy("float32")
    dtype_policies.reset_dtype_policy()


def network(library):
    layers = library.layers
    x = library.Input((8, 8, 3))
    y = layers.Conv2D(8, 3, activation="relu", name="conv1")(x)
    y = layers.BatchNormalization(name="batch_norm")(y)
    y = layers.MaxPooling2D(name="pool")(y)
    y = layers.Add(name="add")([y, layers.Conv2D(8, 3, padding="same", kernel_regularizer="l2", name="conv2")(y)])
    y = layers.GlobalAveragePooling2D(name="average")(y)
    y = layers.LayerNormalization(name="layer_norm")(layers.Dense(16, activation="gelu", name="dense1")(y) * 2.0)
    y = layers.Dense(5, name="dense2")(y)
    model = library.Model(x, layers.Activation("softmax", dtype="float32", name="softmax")(y))
    optimizer = library.optimizers.SGD(0.1, momentum=0.9)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def pair(library):
    """Returns a model of convlayers and one of Keras with the same weights."""
    model, peer = network(convlayers), network(library)
    model.set_weights([np.asarray(weight, "float32") for weight in peer.get_weights()])
    return model, peer


def policies_of(model):
    return [part.dtype_policy.name for part in (model, *model.layers[1:])]


def dtypes_of(variables):
    return [variable.dtype for variable in variables]


# Training ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", MIXED)
def test_training_of_keras(policy, keras, set_policy):
    set_policy(policy)
    model, peer = pair(keras)
    arguments = {"epochs": 3, "batch_size": 8, "shuffle": False, "verbose": 0}
    losses, expected = (m.fit(X, Y, **arguments).history["loss"] for m in (model, peer))
    rtol = 1e-3 if policy == "mixed_float16" else 1e-2
    np.testing.assert_allclose(losses, expected, rtol=rtol)
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), peer.evaluate(X, Y, verbose=0), rtol=rtol, atol=1 / 32)
    predictions, expected = (m.predict(X, verbose=0) for m in (model, peer))
    assert predictions.dtype == expected.dtype == "float32"
    np.testing.assert_allclose(predictions, expected, atol=4 * rtol)


@pytest.mark.parametrize("policy", POLICIES)
def test_training_moves_weights_of_any_type(policy, keras, set_policy):
    """Keras with PyTorch computes the updates of narrow weights in 16 bits, so that only what is kept is compared."""
    set_policy(policy)
    model, peer = pair(keras)
    losses = model.fit(X, Y, epochs=4, batch_size=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    peer.optimizer.build(peer.trainable_variables)
    assert dtypes_of(model.variables) == dtypes_of(peer.variables)
    assert dtypes_of(model.optimizer.variables) == dtypes_of(peer.optimizer.variables)
    if policy == "bfloat16":
        for weight in model.get_weights():
            np.testing.assert_array_equal(weight.view("u4") & 0xFFFF, 0)


@pytest.mark.parametrize("policy", ["float32", *POLICIES])
@pytest.mark.parametrize("auto", [True, False])
def test_the_loss_is_scaled_where_keras_does(policy, auto, keras, set_policy):
    set_policy(policy)
    names = []
    for library in (convlayers, keras):
        model = library.Sequential([library.Input((3,)), library.layers.Dense(2)])
        model.compile(library.optimizers.Adam(name="adam"), "mse", auto_scale_loss=auto)
        names.append((type(model.optimizer).__name__, model.optimizer.name))
        assert model.get_compile_config()["optimizer"]["class_name"] == "Adam"
        own = library.optimizers.LossScaleOptimizer(library.optimizers.SGD())
        model.compile(own, "mse", auto_scale_loss=auto)
        assert model.optimizer is own
    assert names[0] == names[1]


def test_small_gradients_survive_by_the_scale(set_policy):
    """A gradient of 1e-8 is nothing in float16, times 2**15 it is something."""
    set_policy("mixed_float16")
    moved = []
    for auto in (True, False):
        model = convlayers.Sequential([convlayers.Input((1,)), convlayers.layers.Dense(1, use_bias=False)])
        model.compile(convlayers.optimizers.SGD(1.0), lambda y, y_pred: 1e-8 * y_pred, auto_scale_loss=auto)
        before = model.get_weights()[0]
        model.train_on_batch(np.ones((4, 1)), np.ones((4, 1)))
        moved.append((before - model.get_weights()[0]).item())
    assert moved[0] == pytest.approx(1e-8, rel=1, abs=0)
    assert moved[1] == 0


# Types ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["float32", *POLICIES])
def test_types_of_a_graph(policy, keras, set_policy):
    set_policy(policy)

    def types(library):
        layers = library.layers
        x = library.Input((6, 6, 2))
        y = layers.Conv2D(2, 3)(x)
        z = y * 2.0 + 1
        flat = layers.Flatten()(z)
        parts = [x, y, z, flat, layers.Dense(2, dtype="float32")(flat), library.ops.softmax(flat)]
        inner = library.Model(x, parts[3:])
        narrow = library.Input((6, 6, 2), dtype="float16")
        outer = library.Model(narrow, inner(narrow))
        outputs = [keras.backend.standardize_dtype(y.dtype) for m in (inner, outer) for y in m(X[:2, :6, :6, :2])]
        return [part.dtype for part in [*parts, *outer.outputs]], outputs, (inner.compute_dtype, inner.dtype)

    ours, theirs = types(convlayers), types(keras)
    assert ours == (theirs[0], [array_dtype(dtype) for dtype in theirs[1]], theirs[2])


@pytest.mark.parametrize("policy", POLICIES)
def test_types_in_a_layer_of_ones_own(policy, keras, set_policy):
    set_policy(policy)

    def types(library):
        seen = {}

        class Scale(library.Layer):
            def __init__(self, casts):
                super().__init__()
                self.autocast = casts

            def build(self, input_shape):
                self.factor = self.add_weight(shape=(2,), initializer="ones", name="factor")
                self.other = self.add_weight(shape=(2,), initializer="ones", autocast=False, name="other")
                self.own = library.Variable(np.ones(2, "float32"), name="own")

            def call(self, x):
                parts = (self.factor, self.other, self.own)
                seen[self.autocast] = [keras.backend.standardize_dtype(part.dtype) for part in parts]
                return x * self.factor * self.own

        class Scales(library.Model):
            def __init__(self):
                super().__init__()
                self.scales = [Scale(True), Scale(False)]

            def call(self, x):
                for scale in self.scales:
                    x = scale(x)
                return x

        y = Scales()(np.ones((2, 2), "float32"))
        return seen, array_dtype(keras.backend.standardize_dtype(y.dtype))

    assert types(convlayers) == types(keras)


@pytest.mark.parametrize("policy", POLICIES)
def test_types_follow_a_map_of_policies(policy, keras):
    """What a layer is called decides: its place is known once it is built."""

    def types(library):
        policies = library.dtype_policies.DTypePolicyMap("float32", {"narrow/.*": library.DTypePolicy(policy)})

        class Block(library.Layer):
            def __init__(self, name):
                super().__init__(name=name)
                self.dense = library.layers.Dense(2, dtype=policies)

            def call(self, x):
                return self.dense(x)

        found = []
        for name in ("narrow", "wide"):
            block = Block(name)
            block(X)
            dense, y = block.dense, block(X)
            found.append([dense.compute_dtype, dense.variable_dtype, dense.kernel.dtype])
            found[-1].append(array_dtype(keras.backend.standardize_dtype(y.dtype)))
        return found

    assert types(convlayers) == types(keras)


@pytest.mark.parametrize("policy", POLICIES)
def test_sizes_in_a_summary(policy, keras, set_policy):
    set_policy(policy)
    lines = []
    for library in (convlayers, keras):
        model, text = network(library), []
        model.optimizer.build(model.trainable_variables)
        model.summary(print_fn=lambda line, text=text, **_: text.append(line))
        lines.append([line.strip() for line in "\n".join(text).splitlines() if "params:" in line])
    assert lines[0] == lines[1] and len(lines[0]) == 4


# Files ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
def test_files_of_either_library(policy, ending, keras, set_policy, tmp_path):
    set_policy(policy)
    model, peer = pair(keras)
    model.fit(X, Y, batch_size=16, verbose=0)
    for name, source in (("ours", model), ("theirs", peer)):
        path = tmp_path / f"{name}{ending}"
        source.save(path) if ending == ".keras" else source.save_weights(path)
        for library in (convlayers, keras):
            if ending == ".keras":
                loaded = library.saving.load_model(path)
                assert policies_of(loaded) == policies_of(source)
            else:
                loaded = network(library)
                loaded.load_weights(path)
            assert dtypes_of(loaded.weights) == dtypes_of(source.weights)
            for weight, expected in zip(loaded.get_weights(), source.get_weights(), strict=True):
                np.testing.assert_array_equal(np.asarray(weight, "float32"), np.asarray(expected, "float32"))
