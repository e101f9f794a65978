"""Drawings of models."""

import sys
import types

import pytest

from convlayers import Input, Model, Sequential, layers
from convlayers.utils import get_source_inputs, is_keras_tensor, model_diagram, model_to_dot, plot_model


def branched():
    x = Input((8, 8, 3), name="x")
    inner = Sequential(
        [Input((8, 8, 3)), layers.Conv2D(3, 3, padding="same", name="conv"), layers.ReLU(name="relu")], name="inner"
    )
    one, other = layers.Conv2D(3, 1, activation="tanh", name="one")(x), inner(x)
    return Model(x, layers.Add(name="sum")([one, other]), name="branched")


class _Element:
    def __init__(self, *args, **attributes):
        self.args, self.attributes = args, attributes
        self.nodes, self.edges, self.clusters = [], [], []

    def set_node_defaults(self, **attributes):
        self.defaults = attributes

    def add_node(self, node):
        self.nodes.append(node)

    def add_edge(self, edge):
        self.edges.append(edge.args)

    def add_subgraph(self, cluster):
        self.clusters.append(cluster)


@pytest.fixture
def pydot(monkeypatch):
    """What of pydot is used, for places where it is not installed."""
    module = types.ModuleType("pydot")
    module.Dot = module.Cluster = module.Node = module.Edge = _Element
    monkeypatch.setitem(sys.modules, "pydot", module)


def labels_of(dot):
    return [node.attributes["label"] for node in dot.nodes]


def named_edges(model, dot):
    names = {str(id(layer)): layer.name for layer in model._flatten_layers()}
    return {(names[source], names[target]) for source, target in dot.edges}


def test_a_graph_of_pydot(pydot):
    model = branched()
    dot = model_to_dot(model, show_shapes=True, show_dtype=True, show_layer_activations=True, show_trainable=True)
    assert labels_of(dot)[1] == (
        "{one (Conv2D)|Activation: tanh|Input: (None, 8, 8, 3), output: (None, 8, 8, 3)|Dtype: float32|Trainable: True}"
    )
    assert named_edges(model, dot) == {("x", "one"), ("x", "inner"), ("one", "sum"), ("inner", "sum")}
    assert dot.attributes["rankdir"] == "TB"


def test_models_in_models_are_shown_when_asked_for(pydot):
    model = branched()
    dot = model_to_dot(model, expand_nested=True, show_layer_names=False)
    assert labels_of(dot) == ["{InputLayer}", "{Conv2D}", "{Add}"]
    assert labels_of(dot.clusters[0]) == ["{Conv2D}", "{ReLU}"]
    assert named_edges(model, dot) == {("x", "one"), ("x", "conv"), ("one", "sum"), ("relu", "sum")}


def test_a_stack_is_a_chain(pydot):
    model = Sequential([Input((4,)), layers.Dense(2, name="a"), layers.Dense(1, name="b")])
    assert named_edges(model, model_to_dot(model)) == {("a", "b")}


@pytest.mark.parametrize("rankdir", ["TB", "LR"])
def test_matplotlib_draws_where_graphviz_is_missing(monkeypatch, tmp_path, rankdir):
    pytest.importorskip("matplotlib")
    monkeypatch.setitem(sys.modules, "pydot", None)
    path = tmp_path / "model.png"
    plot_model(branched(), to_file=path, show_shapes=True, rankdir=rankdir, dpi=60)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_errors_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydot", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"^You must install pydot \(`pip install pydot`\) for model_to_dot to work."):
        model_to_dot(branched())
    with pytest.raises(ImportError, match=r"^You must install pydot \(`pip install pydot`\) for `plot_model` to work."):
        plot_model(branched())


@pytest.mark.parametrize("draw", [model_to_dot, plot_model])
def test_mistakes(draw):
    with pytest.raises(ValueError, match="^This model has not yet been built"):
        draw(Sequential([layers.Dense(2)]))
    with pytest.raises(ValueError, match="^Argument `layer_range` is no longer supported"):
        draw(branched(), layer_range=["a", "b"])
    with pytest.raises(ValueError, match="^Unrecognized keyword arguments: {'shapes': True}"):
        draw(branched(), shapes=True)


def test_a_model_that_is_no_graph_is_one_box(pydot):
    class Own(Model):
        def call(self, x):
            return x

    model = Own(name="own")
    model.built = True
    assert labels_of(model_to_dot(model)) == ["{own (Own)}"]
    assert model_diagram._edges_of(model) == []


def test_symbolic_tensors():
    model = branched()
    assert get_source_inputs(model.output) == [model.input]
    assert is_keras_tensor(model.output)
    assert not is_keras_tensor(3)
