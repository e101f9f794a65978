"""Ways through lists, tuples and dicts."""

from convlayers.nested import dicts_in


def test_dicts_are_found_in_their_order_each_before_those_in_it():
    structure = [{"n": 0, "parts": ({"n": 1, "part": {"n": 2}}, "text", 5)}, [[{"n": 3}], None], {"n": 4}]
    assert [found["n"] for found in dicts_in(structure)] == [0, 1, 2, 3, 4]
    assert [found["n"] for found in dicts_in(structure[0])] == [0, 1, 2]
    assert list(dicts_in("text")) == []
