"""Keras 3.0 counted the calls of a layer in all models that it is in; the cases are what Keras 3.0.5 wrote."""

import pytest

import convlayers as k
from convlayers import layers
from convlayers.models.keras3_0_graph import renumber


def model():
    """A layer that is called three times: on the input, on what that returned, and on an activation of it."""
    x = k.Input((4,), name="x")
    dense = layers.Dense(4, name="dense")
    first = dense(x)
    return k.Model(x, [layers.Add(name="sum")([dense(first), layers.ReLU(name="relu")(first)]), dense(x)])


def with_numbers(config, numbers):
    """Returns the config of a model with other numbers for the calls of a layer."""

    def change(part):
        if isinstance(part, (list, tuple)):
            return [change(inner) for inner in part]
        if not isinstance(part, dict):
            return part
        if "keras_history" in part and part["keras_history"][0] == "dense":
            return {**part, "keras_history": ["dense", numbers[part["keras_history"][1]], 0]}
        return {key: change(inner) for key, inner in part.items()}

    return {**config, "layers": [{**entry, "inbound_nodes": change(entry["inbound_nodes"])} for entry in config["layers"]]}


@pytest.mark.parametrize("numbers", [{0: 2, 1: 3}, {0: 0, 1: 5}, {0: 7, 1: 9}])
def test_calls_are_counted_in_the_model(numbers):
    config = model().get_config()
    assert renumber(with_numbers(config, numbers)) == with_numbers(config, {0: 0, 1: 1})


def test_what_only_outputs_refer_to_is_as_they_say():
    config = model().get_config()
    config["output_layers"] = [["sum", 0, 0], ["dense", 1, 0]]
    assert renumber(with_numbers(config, {0: 3, 1: 8})) == with_numbers(config, {0: 0, 1: 2})


def test_a_functional_model_counts_its_making_among_outputs():
    x, z = k.Input((4,), name="x"), k.Input((4,), name="z")
    inner = k.Model(z, layers.Dense(4)(z), name="dense")
    config = k.Model(x, [inner(x), layers.ReLU()(inner(layers.ReLU()(x)))]).get_config()
    assert config["output_layers"][0] == ["dense", 1, 0]
    assert renumber(with_numbers(config, {1: 4})) == with_numbers(config, {1: 1})


@pytest.mark.parametrize("numbers", [{0: 0, 1: 1}, {0: 0, 1: 2}])
def test_what_is_counted_so_stays(numbers):
    config = with_numbers(model().get_config(), numbers)
    assert renumber(config) is config


def test_too_many_calls_stay_an_error():
    config = with_numbers(model().get_config(), {0: 0, 1: 9})
    (dense,) = (entry for entry in config["layers"] if entry["name"] == "dense")
    dense["inbound_nodes"] = dense["inbound_nodes"][:1]
    assert renumber(config) is config
    with pytest.raises(ValueError, match="The graph of the Functional model either has loops or disconnected nodes"):
        k.Model.from_config(config)
