"""The graph of a model as plain data: which nodes lead from its inputs to its outputs, and in which order.

The orders are those of Keras, since files and `model.layers` show them: by depth, which is the number of steps to the
outputs; those of equal depth, in the order in which a walk back from the outputs meets them.
"""

import collections

from convlayers import nested
from convlayers.symbolic import KerasTensor, Node


class Graph:
    """The nodes that compute some symbolic tensors from others.

    Args:
        inputs, outputs: a symbolic tensor, or a list, tuple or dict of them.

    Attributes:
        inputs, outputs: what was given, the structure kept.
        flat_inputs, flat_outputs: the tensors in them, as lists.
        levels: lists of nodes of the same depth, the deepest (those of the inputs) first.
        operations: the layers and ops that are called, each once.

    Raises:
        ValueError: if the outputs can't be computed from the inputs, or two operations have the same name.
    """

    def __init__(self, inputs, outputs):
        self.inputs, self.outputs = inputs, outputs
        self.flat_inputs, self.flat_outputs = nested.flatten(inputs), nested.flatten(outputs)
        nodes, discovery = _walk_back(self.flat_inputs, self.flat_outputs)
        node_depths, operation_depths = _measure_depths(nodes)
        for tensor in self.flat_inputs:
            # An input that nothing uses belongs to the model all the same.
            if is_placeholder(tensor) and tensor.node not in node_depths:
                node_depths[tensor.node] = operation_depths[tensor.node.operation] = 0
                discovery[tensor.node.operation] = -1
        by_depth = {}
        for node, depth in node_depths.items():
            by_depth.setdefault(depth, []).append(node)
        self.levels = [by_depth[depth] for depth in sorted(by_depth, reverse=True)]
        self.operations = sorted(operation_depths, key=lambda operation: (-operation_depths[operation], discovery[operation]))
        self._check_outputs_are_computable()
        self._check_names_are_unique()

    @property
    def nodes(self):
        """All nodes, in an order in which they can run."""
        return [node for level in self.levels for node in level]

    @property
    def calls(self):
        """For each operation its nodes that belong to this graph, in the order in which they were made."""
        nodes = set(self.nodes)
        return {operation: [node for node in operation.nodes if node in nodes] for operation in self.operations}

    def _check_outputs_are_computable(self):
        known = {id(tensor) for tensor in self.flat_inputs}
        reached = []
        for node in self.nodes:
            for tensor in node.inputs:
                if id(tensor) not in known and tensor.node is None:
                    raise ValueError(
                        f"Graph disconnected: cannot find parent for tensor {tensor} at operation '{node.operation}'. "
                        f"The following previous operations were accessed without issue: {reached}"
                    )
            if node.inputs and all(id(tensor) in known for tensor in node.inputs):
                known.update(id(tensor) for tensor in nested.flatten(node.outputs))
                reached.append(node.operation.name)
        for path, tensor in leaves_with_paths(self.outputs):
            if id(tensor) not in known:
                missing = [node.operation.name for node in self.nodes if not node.inputs and id(node.outputs) not in known]
                raise ValueError(
                    f"Output with path `{path}` is not connected to `inputs`\n"
                    f"It is computed from inputs that were not passed as `inputs`: {missing}."
                )

    def _check_names_are_unique(self):
        uses = collections.Counter(operation.name for operation in self.operations)
        for name, count in uses.items():
            if count > 1:
                raise ValueError(f'The name "{name}" is used {count} times in the model. All operation names should be unique.')


def is_placeholder(tensor):
    """Whether a symbolic tensor is that of an `Input`."""
    return tensor.node is not None and not tensor.node.inputs


def _walk_back(inputs, outputs):
    """Returns the nodes between the tensors, each after those it needs, and the rank in which operations were met."""
    given = {id(tensor) for tensor in inputs}
    nodes, finished, under_way, discovery = [], set(), set(), {}
    for output in outputs:
        # A stack in place of recursion: networks may be deeper than Python's stack.
        stack = [(None, iter([output]))]
        while stack:
            node, tensors = stack[-1]
            for tensor in tensors:
                source = tensor.node
                if source is None or source in finished or (source.inputs and id(tensor) in given):
                    continue
                if source in under_way:
                    raise ValueError(f"Tensor {tensor} from operation '{source.operation.name}' is part of a cycle.")
                under_way.add(source)
                discovery.setdefault(source.operation, len(discovery))
                stack.append((source, iter(source.inputs)))
                break
            else:
                stack.pop()
                if node is not None:
                    under_way.discard(node)
                    finished.add(node)
                    nodes.append(node)
    return nodes, discovery


def _measure_depths(nodes):
    """Returns the depth of each node and of each operation, which for a shared layer is that of its deepest call."""
    node_depths, operation_depths = {}, {}
    known = set(nodes)
    for node in reversed(nodes):
        depth = max(node_depths.get(node, 0), operation_depths.get(node.operation, 0))
        node_depths[node] = operation_depths[node.operation] = depth
        for tensor in node.inputs:
            if tensor.node in known:
                node_depths[tensor.node] = max(depth + 1, node_depths.get(tensor.node, 0))
    return node_depths, operation_depths


def leaves_with_paths(structure, path=()):
    """Returns pairs for the leaves of a structure: the keys and indices that lead there, as "0.name", and the leaf."""
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in leaves_with_paths(structure[key], (*path, str(key)))]
    if isinstance(structure, (list, tuple)):
        return [leaf for index, part in enumerate(structure) for leaf in leaves_with_paths(part, (*path, str(index)))]
    return [(".".join(path), structure)]


def to_calls(graph):
    """Returns a graph as a list of calls that do not refer to each other's nodes: what copies and pickles are made of.

    Returns:
        The calls, as tuples of an operation, its arguments and its results, and the inputs and outputs of the graph.
    """
    plain = {}

    def without_node(leaf):
        if not isinstance(leaf, KerasTensor):
            return leaf
        return plain.setdefault(id(leaf), KerasTensor(leaf.shape, leaf.dtype, name=leaf.name))

    # In the order in which those of each operation were made.
    calls = [
        (operation, *nested.map_structure(without_node, (tuple(node.args), node.kwargs, node.outputs)))
        for operation, nodes in graph.calls.items()
        for node in nodes
    ]
    return calls, *nested.map_structure(without_node, (graph.inputs, graph.outputs))


def from_calls(calls, inputs, outputs):
    """Makes the nodes of what `to_calls` returned. Returns the inputs and outputs of a graph."""
    # A placeholder has its node already.
    placeholders = {id(results): operation.output for operation, args, _, results in calls if not args}

    def known(leaf):
        return placeholders.get(id(leaf), leaf)

    for operation, *arguments, results in calls:
        if id(results) not in placeholders:
            Node(operation, *nested.map_structure(known, arguments), results)
    return nested.map_structure(known, (inputs, outputs))


def cut_out(inputs, outputs, make_input):
    """Copies the nodes between tensors in the middle of other models, so that they start at inputs of their own.

    Args:
        inputs, outputs: structures of symbolic tensors. Those of an `Input` stay as they are.
        make_input: function that returns the tensor of a new `Input`: `make_input(batch_shape=, dtype=, name=)`.

    Returns:
        The inputs and outputs of the copy. The layers are the same, with one more call.
    """
    copies = {}

    def copy(leaf):
        if not isinstance(leaf, KerasTensor):
            return leaf
        if id(leaf) not in copies:
            copies[id(leaf)] = KerasTensor(leaf.shape, leaf.dtype, name=f"{leaf.name}_clone")
        return copies[id(leaf)]

    for tensor in nested.flatten(inputs):
        copies[id(tensor)] = (
            tensor
            if is_placeholder(tensor)
            else make_input(batch_shape=tensor.shape, dtype=tensor.dtype, name=f"{tensor.name}CLONE")
        )
    nodes, _ = _walk_back(nested.flatten(inputs), nested.flatten(outputs))
    for node in nodes:
        if not node.inputs:
            copies.update((id(tensor), tensor) for tensor in nested.flatten(node.outputs))
    for node in nodes:
        if node.inputs:
            args, kwargs, results = nested.map_structure(copy, (node.args, node.kwargs, node.outputs))
            Node(node.operation, args, kwargs, results)
    return nested.map_structure(copy, inputs), nested.map_structure(copy, outputs)
