"""What is in an encoding, found and changed."""

from convlayers.saving.encodings import map_dicts


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
