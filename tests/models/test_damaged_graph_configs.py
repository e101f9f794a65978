"""Models as data that is damaged: errors that say what, and where."""

import json

import pytest

from convlayers import Input, Model, Sequential, layers, ops
from convlayers.models import model_from_json


def config_of_two_layers():
    x = Input((3,), name="x")
    return Model(x, layers.Dense(2, name="late")(layers.Dense(3, name="early")(x))).get_config()


def test_a_loop_in_a_config_is_found():
    config = config_of_two_layers()
    config["layers"][1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["late", 0, 0]
    with pytest.raises(ValueError, match="^Invalid Functional model configuration. The graph of the Functional model either"):
        Model.from_config(config)


def test_an_unknown_layer_in_a_config_is_named():
    config = config_of_two_layers()
    config["layers"][1]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = ["gone", 0, 0]
    with pytest.raises(ValueError, match=r"Missing node: gone\n.*\['x', 'early', 'late'\]"):
        Model.from_config(config)
    config = config_of_two_layers()
    config["output_layers"] = ["late", 3, 0]
    with pytest.raises(ValueError, match="There is no call number 3 of layer 'late'"):
        Model.from_config(config)


def damaged(change):
    """Returns the config of two layers, with a change by a function of the entry of the second, and of the config."""
    config = json.loads(json.dumps(config_of_two_layers()))
    change(config["layers"][2], config)
    return config


def history(entry):
    return entry["inbound_nodes"][0]["args"][0]["config"]["keras_history"]


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda late, config: history(late).__setitem__(2, 7), "There is no output number 7 of layer 'early': it has 1,"),
        (lambda late, config: history(late).__setitem__(2, -1), "Received: output -1 of call 0 of layer 'early'"),
        (lambda late, config: history(late).__setitem__(2, 10**400), "There is no output number 1000"),
        (lambda late, config: history(late).__setitem__(1, -7), "Received: output 0 of call -7 of layer 'early'"),
        (lambda late, config: history(late).__setitem__(1, "0"), "Received: output 0 of call 0 of layer 'early'"),
        (lambda late, config: history(late).__setitem__(1, True), "Received: output 0 of call True of layer 'early'"),
        (lambda late, config: history(late).__setitem__(0, ["early"]), r"Received: \[\['early'\], 0, 0\]"),
        (lambda late, config: history(late).append(0), r"Received: \['early', 0, 0, 0\]"),
        (lambda late, config: late["inbound_nodes"][0]["args"][0]["config"].clear(), "KeyError: 'keras_history'"),
        (lambda late, config: late["inbound_nodes"][0].pop("args"), "Expected for a call: a dict of a list `args`"),
        (lambda late, config: late["inbound_nodes"].insert(0, {}), "Expected for a call: .* Received: {}"),
        (lambda late, config: late["inbound_nodes"][0].update(kwargs=3), "Expected for a call: .*'kwargs': 3"),
        (lambda late, config: late.pop("inbound_nodes"), r"'inbound_nodes' of type .*\(missing\)"),
        (lambda late, config: late.update(inbound_nodes={"a": 1}), "'inbound_nodes' of type"),
        (lambda late, config: late.update(class_name=3), "'class_name' of type .*class_name=3"),
        (lambda late, config: late.update(config=None), "'config' of type .*config=None"),
        (lambda late, config: late.pop("name"), "'name' of type"),
        (lambda late, config: config["layers"].insert(2, dict(late)), "Two layers have the name 'late'"),
        (lambda late, config: config["layers"].insert(2, None), "Expected: a dict. Received: None"),
    ],
)
def test_damage_is_an_error_with_a_place(change, message):
    with pytest.raises((TypeError, ValueError), match=message) as error:
        Model.from_config(damaged(change))
    assert "This is layer '" in str(error.value)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda late, config: config.update(layers=3), "Expected: a list of layers. Received: layers=3"),
        (lambda late, config: config["output_layers"].append(0), r"Received: \['late', 0, 0, 0\]"),
        (lambda late, config: config.update(output_layers=3), "Received: 3"),
        (lambda late, config: config.update(output_layers=[]), "`outputs` argument cannot be empty"),
        (lambda late, config: config.update(output_layers=["late", 0, 1]), "There is no output number 1 of layer 'late'"),
        (lambda late, config: config.update(input_layers=["gone", 0, 0]), "Missing node: gone"),
        (lambda late, config: late["inbound_nodes"].clear(), "There is no call number 0 of layer 'late'"),
    ],
)
def test_damage_outside_of_layers_is_an_error(change, message):
    with pytest.raises(ValueError, match=message):
        Model.from_config(damaged(change))


def test_texts_that_are_too_deep_are_errors():
    with pytest.raises(ValueError, match="The model could not be made: .* RecursionError"):
        model_from_json("[" * 100_000 + "]" * 100_000)
    nest = 3
    for _ in range(700):
        nest = [nest]
    config = damaged(lambda late, config: late["inbound_nodes"][0]["args"].append(nest))
    with pytest.raises((TypeError, ValueError)):
        model_from_json(json.dumps({"module": "keras", "class_name": "Functional", "config": config}))


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda config: config["output_layers"][0].append(3), "Expected for each input and output"),
        (lambda config: config["layers"][1]["inbound_nodes"][0][0].__setitem__(2, 5), "no output number 5 of layer 'x'"),
        (lambda config: config["layers"][1]["inbound_nodes"][0][0].__setitem__(1, -1), "output 0 of call -1 of layer 'x'"),
        (lambda config: config["layers"][1].pop("class_name"), "'class_name' of type"),
    ],
)
def test_damaged_configs_of_keras_2(change, message):
    def entry(name, class_name, config, nodes):
        return {"name": name, "class_name": class_name, "config": {"name": name, **config}, "inbound_nodes": nodes}

    config = {
        "name": "old",
        "layers": [
            entry("x", "InputLayer", {"batch_input_shape": [None, 3], "dtype": "float32", "sparse": False}, []),
            entry("dense", "Dense", {"units": 3}, [[["x", 0, 0, {}]]]),
        ],
        "input_layers": [["x", 0, 0]],
        "output_layers": [["dense", 0, 0]],
    }
    change(config)
    with pytest.raises(ValueError, match=message):
        Model.from_config(config)


def test_an_unknown_op_in_a_config_is_named():
    x = Input((3,))
    config = Model(x, ops.relu(x)).get_config()
    config["layers"][1]["class_name"] = "Evil"
    with pytest.raises(TypeError, match="Could not locate class 'Evil'. There is no op `convlayers.ops.evil`"):
        Model.from_config(config)


def test_a_config_without_a_name_is_none():
    with pytest.raises(ValueError, match="must be a dictionary containing the 'name' and 'layers' keys"):
        Sequential.from_config({"layers": []})


def test_shapes_beyond_all_memory():
    config = Model(x := Input((4, 5)), ops.pad(x, ((0, 0), (0, 1), (0, 0)))).get_config()
    config["layers"][-1]["config"]["pad_width"] = [[0, 0], [0, 2**45], [0, 0]]
    with pytest.raises(ValueError, match="There is no memory to find the shapes"):
        Model.from_config(config)
