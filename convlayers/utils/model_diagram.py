"""A model as a drawing: what is in it, by Graphviz or, where that is not installed, by Matplotlib."""

import os
import shutil

from convlayers import nested


def model_to_dot(
    model,
    show_shapes=False,
    show_dtype=False,
    show_layer_names=True,
    rankdir="TB",
    expand_nested=False,
    dpi=200,
    subgraph=False,
    show_layer_activations=False,
    show_trainable=False,
    splines="ortho",
    **kwargs,
):
    """Returns a model as a graph of pydot.

    Args:
        model: a model that is built.
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable: what is shown of each layer.
        rankdir: "TB" from top to bottom, "LR" from left to right.
        expand_nested: whether to show what is in the models that the model contains.
        dpi: dots per inch.
        subgraph: whether to return a cluster, which can be a part of another graph.
        splines: how edges are drawn: "ortho", "curved", "polyline", "spline" or "line".

    Raises:
        ImportError: without pydot.
        ValueError: if the model is not built, or an argument is none of these.
    """
    _check(model, kwargs)
    pydot = _import_pydot("model_to_dot")
    if subgraph:
        dot = pydot.Cluster(model.name, label=model.name, style="dashed", labeljust="l")
    else:
        dot = pydot.Dot(rankdir=rankdir, concentrate=True, dpi=dpi, splines=splines)
        dot.set_node_defaults(shape="record")
    shown = _Shown(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable)
    for layer in _parts_of(model):
        if expand_nested and _is_graph(layer):
            dot.add_subgraph(model_to_dot(layer, *shown.first_arguments, rankdir, True, dpi, True, *shown.last_arguments))
        else:
            dot.add_node(pydot.Node(str(id(layer)), label="{" + "|".join(shown.lines_of(layer)) + "}"))
    for source, target in _edges_of(model, expand_nested):
        dot.add_edge(pydot.Edge(str(id(source)), str(id(target))))
    return dot


def plot_model(
    model,
    to_file="model.png",
    show_shapes=False,
    show_dtype=False,
    show_layer_names=False,
    rankdir="TB",
    expand_nested=False,
    dpi=200,
    show_layer_activations=False,
    show_trainable=False,
    splines="ortho",
    **kwargs,
):
    """Draws a model, and writes the drawing to a file. Without pydot or Graphviz, Matplotlib draws it, more simply.

    Args:
        to_file: path. What it ends in says the kind of the file.
        model, show_shapes, show_dtype, show_layer_names, rankdir, expand_nested, dpi, show_layer_activations, show_trainable,
            splines: as in `model_to_dot`.

    Returns:
        In a notebook the drawing, else None.

    Raises:
        ImportError: with none of these installed.
        ValueError: if the model is not built, or an argument is none of these.
    """
    _check(model, kwargs)
    to_file = os.fspath(to_file)
    extension = os.path.splitext(to_file)[1][1:] or "png"
    shown = _Shown(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable)
    if _has_graphviz():
        dot = model_to_dot(
            model, *shown.first_arguments, rankdir, expand_nested, dpi, False, *shown.last_arguments, splines=splines
        )
        dot.write(to_file, format=extension)
    else:
        _draw(model, shown, to_file, extension, rankdir, dpi)
    if extension != "pdf":
        try:
            from IPython import display
        except ImportError:
            return None
        return display.Image(filename=to_file)


class _Shown:
    """What is shown of each layer."""

    def __init__(self, shapes, dtype, names, activations, trainable):
        self.first_arguments = shapes, dtype, names
        self.last_arguments = activations, trainable
        self.shapes, self.dtype, self.names, self.activations, self.trainable = shapes, dtype, names, activations, trainable

    def lines_of(self, layer):
        kind = type(layer).__name__
        lines = [f"{layer.name} ({kind})" if self.names else kind]
        if self.activations and getattr(layer, "activation", None) is not None:
            lines.append(f"Activation: {getattr(layer.activation, '__name__', layer.activation)}")
        if self.shapes and getattr(layer, "nodes", None):
            node = layer.nodes[0]
            lines.append(f"Input: {_shapes(node.inputs)}, output: {_shapes(node.outputs)}")
        if self.dtype and hasattr(layer, "dtype_policy"):
            lines.append(f"Dtype: {layer.dtype_policy.name}")
        if self.trainable and hasattr(layer, "trainable"):
            lines.append(f"Trainable: {layer.trainable}")
        return lines


def _shapes(tensors):
    shapes = [str(tensor.shape) for tensor in nested.flatten(tensors)]
    return shapes[0] if len(shapes) == 1 else f"[{', '.join(shapes)}]" if shapes else "none"


def _check(model, arguments):
    if not model.built:
        raise ValueError(
            "This model has not yet been built. Build the model first by calling `build()` or by calling the model on a batch "
            "of data."
        )
    if arguments.pop("layer_range", None) is not None:
        raise ValueError("Argument `layer_range` is no longer supported.")
    if arguments:
        raise ValueError(f"Unrecognized keyword arguments: {arguments}")


def _is_graph(layer):
    return getattr(layer, "_network", None) is not None


def _parts_of(model):
    """Returns the layers and ops that a drawing of a model shows; the model itself, if it is no graph."""
    if not _is_graph(model):
        return [model]
    return model.operations if hasattr(model, "operations") else model.layers


def _edges_of(model, expand_nested=False):
    """Returns pairs of operations, of which the second reads what the first computes."""
    parts = _parts_of(model)
    if not _is_graph(model):
        return []
    edges = []
    for node in model._network.graph.nodes:
        for place, tensor in enumerate(node.inputs):
            source, target = tensor.node.operation, node.operation
            if not any(source is part for part in parts):
                continue  # the input of a `Sequential`, which is none of its layers
            index = tensor.index
            while expand_nested and _is_graph(source):
                tensor = source._network.graph.flat_outputs[index]
                source, index = tensor.node.operation, tensor.index
            while expand_nested and _is_graph(target):
                first = target._network.graph.flat_inputs[place].node.operation
                target, place = first if hasattr(target, "operations") else target.layers[0], 0
            edges.append((source, target))
    return list(dict.fromkeys(edges))


def _import_pydot(caller):
    try:
        import pydot
    except ImportError:
        raise ImportError(f"You must install pydot (`pip install pydot`) for {caller} to work.") from None
    return pydot


def _has_graphviz():
    try:
        _import_pydot("plot_model")
    except ImportError:
        return False
    return shutil.which("dot") is not None


def _draw(model, shown, to_file, extension, rankdir, dpi):
    """Draws a model with Matplotlib: each layer below those that it reads from."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError(
            "You must install pydot (`pip install pydot`) for `plot_model` to work.\nIt needs Graphviz as well: see "
            "https://graphviz.gitlab.io/download/. Or install Matplotlib (`pip install matplotlib`), which draws models more "
            "simply."
        ) from None
    parts, edges = _parts_of(model), _edges_of(model)
    depths = dict.fromkeys(parts, 0)
    for source, target in edges:
        depths[target] = max(depths[target], depths[source] + 1)
    rows = [[part for part in parts if depths[part] == depth] for depth in range(max(depths.values()) + 1)]
    places = {part: (column - len(row) / 2, -depth) for depth, row in enumerate(rows) for column, part in enumerate(row)}
    size = 3.5 * max(map(len, rows)), 0.8 * len(rows) + 0.5
    if rankdir == "LR":
        places, size = {part: (-y, x) for part, (x, y) in places.items()}, (3.5 * len(rows), 0.8 * max(map(len, rows)) + 0.5)
    figure = Figure(size, dpi=dpi, layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    box = {"boxstyle": "round", "facecolor": "white"}
    for source, target in edges:
        axes.annotate("", places[target], places[source], arrowprops={"arrowstyle": "->", "shrinkA": 12, "shrinkB": 16})
    for part, place in places.items():
        axes.text(*place, "\n".join(shown.lines_of(part)), ha="center", va="center", fontsize=8, bbox=box)
    axes.set_xlim(min(x for x, _ in places.values()) - 0.6, max(x for x, _ in places.values()) + 0.6)
    axes.set_ylim(min(y for _, y in places.values()) - 0.6, max(y for _, y in places.values()) + 0.6)
    figure.savefig(to_file, format=extension)
