"""The order of layers and nodes, and what graphs can't be."""

import numpy as np
import pytest

import convlayers
from convlayers import Input, Model, layers
from convlayers.models.graph import Graph
from convlayers.symbolic import KerasTensor

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def random_graph(library, seed):
    """Returns a model with branches, shared layers, several inputs and outputs, and an unused input."""
    rng = np.random.default_rng(seed)
    inputs = [library.Input((4,), name=f"input_{number}") for number in range(3)]
    shared = [library.layers.Dense(4, name=f"shared_{number}") for number in range(2)]
    tensors = list(inputs[:2])
    for number in range(12):
        kind = rng.integers(4)
        one, other = (tensors[index] for index in rng.integers(0, len(tensors), 2))
        if kind == 0:
            tensors.append(library.layers.Add(name=f"add_{number}")([one, other]))
        elif kind == 1:
            tensors.append(library.layers.Dense(4, name=f"dense_{number}")(one))
        elif kind == 2:
            tensors.append(shared[rng.integers(2)](one))
        else:
            tensors.append(library.ops.multiply(one, other))
    outputs = [tensors[index] for index in rng.choice(len(tensors), 3, replace=False)]
    used = [tensor for tensor in inputs if seed % 2 or tensor is not inputs[2]]
    return library.Model(used, outputs, name="random")


@pytest.mark.parametrize("seed", range(20))
def test_layers_are_in_the_order_of_keras(keras, seed):
    for library in (convlayers, keras):
        library.utils.clear_session()
    ours, theirs = random_graph(convlayers, seed), random_graph(keras, seed)
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [operation.name for operation in ours.operations] == [operation.name for operation in theirs.operations]
    assert [weight.path for weight in ours.weights] == [weight.path for weight in theirs.weights]


@pytest.mark.parametrize("seed", range(20))
def test_outputs_are_those_of_keras(keras, seed):
    ours, theirs = random_graph(convlayers, seed), random_graph(keras, seed)
    theirs.set_weights(ours.get_weights())
    inputs = [np.random.default_rng(seed).normal(size=(3, 4)).astype("float32") for _ in ours.inputs]
    for our_output, their_output in zip(ours(inputs), theirs.predict(inputs, verbose=0), strict=True):
        np.testing.assert_allclose(our_output, their_output, rtol=1e-4, atol=1e-4 * np.abs(their_output).max())


def test_nodes_come_after_those_they_need():
    model = random_graph(convlayers, 3)
    seen = {id(tensor) for tensor in model.inputs}
    for node in model._network.graph.nodes:
        assert all(id(tensor) in seen for tensor in node.inputs)
        seen.update(id(tensor) for tensor in (node.outputs if isinstance(node.outputs, list) else [node.outputs]))


def test_graphs_may_be_deeper_than_the_stack_of_python():
    x = inputs = Input((2,))
    for _ in range(1500):
        x = layers.ReLU()(x)
    model = Model(inputs, x)
    assert len(model.layers) == 1501
    np.testing.assert_array_equal(model(np.array([[1.0, -1.0]])), [[1, 0]])


def test_outputs_must_be_connected_to_inputs():
    a, b = Input((3,), name="a"), Input((3,), name="b")
    total = layers.Add()([a, b])
    with pytest.raises(ValueError, match=r"^Output with path `` is not connected to `inputs`\n.*\['b'\]"):
        Model(a, total)
    with pytest.raises(ValueError, match="^Output with path `sum` is not connected to `inputs`"):
        Model(a, {"sum": total})
    with pytest.raises(ValueError, match="^Output with path `1` is not connected to `inputs`"):
        Model(a, [layers.ReLU()(a), b])


def test_a_tensor_from_nowhere_disconnects_the_graph():
    a, nowhere = Input((3,)), KerasTensor((None, 3))
    with pytest.raises(ValueError, match="^Graph disconnected: cannot find parent for tensor"):
        Model(a, layers.Add()([a, nowhere]))


def test_a_cycle_is_found():
    a = Input((3,))
    x = layers.ReLU(name="first")(a)
    y = layers.ReLU(name="second")(x)
    x.node.inputs.append(y)
    with pytest.raises(ValueError, match="from operation 'second' is part of a cycle"):
        Graph(a, y)


def test_names_must_be_unique():
    a = Input((3,))
    x = layers.Dense(3, name="same")(layers.Dense(3, name="same")(a))
    with pytest.raises(ValueError, match='^The name "same" is used 2 times in the model. All operation names should'):
        Model(a, x)


@pytest.mark.parametrize(
    ("inputs", "outputs", "message"),
    [
        ([], Input((1,)), "`inputs` argument cannot be empty"),
        (Input((1,)), [], "`outputs` argument cannot be empty"),
        (1, Input((1,)), "All `inputs` values must be KerasTensors. Received: inputs=1 including invalid value 1 of type"),
        (Input((1,)), "y", "All `outputs` values must be KerasTensors. Received: outputs=y"),
    ],
)
def test_models_are_made_of_symbolic_tensors(inputs, outputs, message):
    with pytest.raises(ValueError, match=message):
        Model(inputs, outputs)


def test_a_model_may_begin_in_the_middle_of_another():
    inputs = Input((4,))
    middle = layers.Dense(3, name="early")(inputs)
    outputs = layers.Dense(2, name="late")(layers.ReLU(name="relu")(middle))
    whole, head, tail = Model(inputs, outputs), Model(inputs, middle), Model(middle, outputs)
    assert [layer.name for layer in tail.layers] == [f"{middle.name}CLONE", "relu", "late"]
    assert tail.layers[-1] is whole.layers[-1]
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    np.testing.assert_array_equal(tail(head(x)), whole(x))
    # The calls of the old model are the first, those of the new one came after.
    assert whole.get_layer("late").output is outputs


def test_the_output_of_any_layer_makes_a_model():
    model = convlayers.Sequential([Input((6, 6, 1)), layers.Conv2D(2, 3, name="conv"), layers.Flatten(), layers.Dense(3)])
    activations = Model(model.inputs, [layer.output for layer in model.layers])
    outputs = activations(np.ones((2, 6, 6, 1), "float32"))
    assert [output.shape for output in outputs] == [(2, 4, 4, 2), (2, 32), (2, 3)]
    np.testing.assert_array_equal(outputs[-1], model(np.ones((2, 6, 6, 1), "float32")))
