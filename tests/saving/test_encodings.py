"""What is in an encoding, found and changed."""

import convlayers as k
from convlayers import layers
from convlayers.saving.encodings import map_dicts, objects_in, share_in_all_copies


def test_inner_dicts_are_changed_first():
    seen = []

    def note(part):
        seen.append(part)
        return {**part, "sum": sum(value if isinstance(value, int) else value["sum"] for value in part["values"])}

    encoding = {"values": (1, {"values": [2]}, {"values": ({"values": [3, 4]},)})}
    assert map_dicts(note, encoding)["sum"] == 10
    assert [part["values"][0] for part in seen[:2]] == [2, 3]
    assert isinstance(map_dicts(note, encoding)["values"], list)
    assert "sum" not in encoding
    assert map_dicts(note, [1, "a", None]) == [1, "a", None]


def layer(number=None, name="kc", **config):
    mark = {} if number is None else {"shared_object_id": number}
    return {"class_name": "Conv2D", "config": {"name": name, **config}, **mark}


def model(number, *layers):
    return {"class_name": "Functional", "config": {"layers": list(layers)}, "shared_object_id": number}


def numbers(part):
    return [inner.get("shared_object_id") for inner in part["config"]["layers"]]


def share(*encodings):
    share_in_all_copies(list(objects_in(encodings)))


def test_parts_of_what_is_shared_are_shared_in_all_copies():
    first, last = model(7, layer(), layer(name="own")), model(7, layer(9), layer(10, "own"))
    share(first, layer(9), last)
    assert numbers(first) == numbers(last) == [9, 10]


def test_they_are_at_any_depth():
    first, last = model(5, model(7, layer())), model(5, model(7, layer()))
    share(first, last, model(7, layer(9)))
    assert numbers(first["config"]["layers"][0]) == numbers(last["config"]["layers"][0]) == [9]


def test_what_is_not_alike_is_left_alone():
    """Files may have any number anywhere."""
    encoding = [model(7, {"class_name": "Dense", "config": {}}), model([], layer()), model(7, layer(9)), model(7)]
    before = str(encoding)
    share(*encoding)
    assert str(encoding) == before


def test_a_layer_on_three_levels_comes_back_as_one(tmp_path):
    shared = layers.Dense(3, name="shared")
    inner_input, middle_input, x = k.Input((3,)), k.Input((3,)), k.Input((3,))
    inner = k.Model(inner_input, shared(inner_input), name="inner")
    middle = k.Model(middle_input, inner(middle_input) + shared(middle_input), name="middle")
    k.Model(x, middle(shared(inner(x)))).save(tmp_path / "model.keras")
    assert len(k.models.load_model(tmp_path / "model.keras").weights) == 2
