"""`model.summary()`: a table of the layers, and how much there is to train."""

import math
import re
import shutil
from itertools import pairwise

from convlayers import nested
from convlayers.models.functional import Functional
from convlayers.models.op_config import location_in_keras
from convlayers.narrow_types import size_of
from convlayers.symbolic import FunctionCall

_COLORS = {"number": 34, "none": 45, "class": 33, "no": 9}


def print_summary(
    model,
    line_length=None,
    positions=None,
    print_fn=None,
    expand_nested=False,
    show_trainable=False,
    layer_range=None,
):
    """Prints a table of the layers of a model. The arguments are those of `Model.summary`."""
    from rich.console import Console
    from rich.markup import escape

    columns = _Columns(model, line_length, positions, show_trainable)
    table = columns.make_table()
    for layer in _choose(_layers_of(model), layer_range):
        for row in columns.rows(layer, expand_nested):
            table.add_row(*row)
    # Captured text is plain; on a terminal there are colors.
    plain = {"force_terminal": False, "color_system": None} if print_fn else {}
    console = Console(highlight=False, **plain)
    if print_fn:
        console.begin_capture()
    console.print(f'[bold]Model: "{escape(model.name)}"[/]')
    console.print(table)
    for line in _totals(model):
        console.print(line)
    if print_fn:
        print_fn(console.end_capture())


class _Columns:
    """The columns of the table, and what a layer has in them.

    Models with branches or shared layers get a column that says what each layer is connected to.
    """

    def __init__(self, model, line_length, positions, show_trainable):
        self.connected = not _is_chain(model)
        self.show_trainable = show_trainable
        self.nodes = set(model._network.graph.nodes) if self.connected else set()
        self.headers = [("Layer (type)", "left"), ("Output Shape", "left"), ("Param #", "right")]
        ends, width = [0.45, 0.80, 1.0], 88
        if self.connected:
            self.headers.append(("Connected to", "left"))
            ends, width = [0.3, 0.56, 0.74, 1.0], 108
        ends = positions or ends
        if show_trainable:
            self.headers.append(("Trainable", "center"))
            ends, width = [0.90 * end for end in ends] + [1.0], width + 12
        if len(ends) < len(self.headers):
            raise ValueError(
                f"`positions` must have an entry for each of the columns {[header for header, _ in self.headers]}. Received: "
                f"positions={positions}"
            )
        self.width = line_length or min(width, shutil.get_terminal_size().columns - 4)
        stops = [0] + [int(end * self.width) for end in ends]
        self.widths = [stop - start for start, stop in pairwise(stops)]
        if min(self.widths) < 4:
            raise ValueError(
                "Insufficient console width to print summary.\n"
                f"The table would be {self.width} characters wide. Pass a larger `line_length`."
            )

    def make_table(self):
        from rich.table import Column, Table

        columns = [
            Column(header, justify=alignment, width=width)
            for (header, alignment), width in zip(self.headers, self.widths, strict=False)  # more positions are too many
        ]
        return Table(*columns, width=self.width, show_lines=True)

    def rows(self, layer, expand_nested, level=0):
        """Returns the row of a layer, and those of the layers inside it if they are to be shown."""
        rows = [self._row(layer, "   " * level + "└ " if level else "")]
        if expand_nested:
            for inner in getattr(layer, "layers", ()):
                rows += self.rows(inner, expand_nested, level + 1)
        return rows

    def _row(self, layer, prefix):
        from rich.markup import escape

        name = f"{escape(prefix + layer.name)} ({_color(escape(_class_name(layer)), 'class')})"
        row = [name, _format_output_shape(layer), _format_parameters(layer)]
        if self.connected:
            row.append(self._connections(layer))
        if self.show_trainable:
            answer = "-"
            if getattr(layer, "weights", ()):
                answer = _color("Y", "number") if layer.trainable else _color("N", "no")
            row.append(f"[bold]{answer}[/]")
        return row

    def _connections(self, layer):
        sources = [tensor for node in layer.nodes if node in self.nodes for tensor in node.inputs]
        return (
            ", ".join(
                f"{tensor.node.operation.name}[{_color(tensor.node.operation.nodes.index(tensor.node), 'number')}]"
                f"[{_color(tensor.index, 'number')}]"
                for tensor in sources
            )
            or "-"
        )


# Which layers ---------------------------------------------------------------------------------------------------------


def _layers_of(model):
    # The ops of a functional model have rows too.
    return getattr(model, "operations", model.layers)


def _is_chain(model):
    """Whether each layer is called once, on the output of the one before it."""
    if not hasattr(model, "operations"):
        return True
    graph = model._network.graph
    alone = all(len(level) == 1 and len(level[0].inputs) <= 1 for level in graph.levels)
    return alone and len(graph.nodes) == len(graph.operations)


def _choose(layers, layer_range):
    """Returns the layers from the first that matches the first name to the last that matches the second."""
    if layer_range is None:
        return layers
    if len(layer_range) != 2:
        raise ValueError(
            f"layer_range must be a list or tuple of length 2. Received: layer_range = {layer_range} of length "
            f"{len(layer_range)}"
        )
    if not all(isinstance(name, str) for name in layer_range):
        raise ValueError(f"layer_range should contain string type only. Received: {layer_range}")
    starts, stops = ([i for i, layer in enumerate(layers) if re.match(name, layer.name)] for name in layer_range)
    if not starts or not stops:
        raise ValueError(f"Passed layer_names do not match the layer names in the model. Received: {layer_range}")
    if min(starts) > max(stops):
        return layers[min(stops) : max(starts) + 1]
    return layers[min(starts) : max(stops) + 1]


# What is said of them -------------------------------------------------------------------------------------------------


def _class_name(layer):
    if not isinstance(layer, FunctionCall):
        return type(layer).__name__
    class_name, _ = location_in_keras(layer.function.__name__)
    return class_name


def _format_output_shape(layer):
    if layer.nodes:
        shapes = [_format_shape(tensor.shape) for tensor in nested.flatten(layer.nodes[-1].outputs)]
    elif isinstance(layer, Functional):
        return _format_shape(layer.output_shape)  # maybe of several shapes
    elif layer._build_shapes is None:
        return "?"
    else:
        try:
            shapes = nested.map_shapes(_format_shape, layer.compute_output_shape(**layer._build_shapes))
        except NotImplementedError:
            return "?"
    flat = nested.flatten(shapes)
    return flat[0] if len(flat) == 1 else str(shapes).replace("'", "")


def _format_shape(shape):
    return "(" + ", ".join(_color(size, "none" if size is None else "number") for size in shape) + ")"


def _format_parameters(layer):
    if isinstance(layer, FunctionCall):
        return _color(0, "number")
    if not layer.built:
        return f"{_color(0, 'number')} (unbuilt)"
    return _color(f"{layer.count_params():,}", "number")


def _totals(model):
    groups = {"Trainable": model.trainable_weights, "Non-trainable": model.non_trainable_weights}
    if model.optimizer is not None and model.optimizer.built:
        groups["Optimizer"] = model.optimizer.variables
    everything = [variable for group in groups.values() for variable in group]
    for name, variables in {"Total": everything, **groups}.items():
        count = sum(math.prod(variable.shape) for variable in variables)
        size = sum(math.prod(variable.shape) * size_of(variable.dtype) for variable in variables)
        yield f"[bold] {name} params: [/]{_color(f'{count:,}', 'number')} ({format_bytes(size)})"


def format_bytes(size):
    """Returns a number of bytes in a unit that suits it, as "407.04 KB"."""
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"


def _color(text, kind):
    return f"[color({_COLORS[kind]})]{text}[/]"
