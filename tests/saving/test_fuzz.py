"""What fuzzing begins with, and a few of its steps: that it still works, and that nothing is raised but clear errors."""

import json

import pytest

from tests.saving.fuzz import seeds, targets
from tests.saving.fuzz.mutations import mutate_json


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    seeds.main(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_there_is_an_input_of_each_kind_that_models_of_ours_have(inputs):
    assert {content[:1] for content in inputs.values()} == set(targets.TARGETS)
    assert all(name.endswith(".seed") for name in inputs)


def test_what_fuzzing_begins_with_is_read_without_an_error(inputs):
    for content in inputs.values():
        if content[:1] not in (b"j", b"k"):  # A config alone lacks its weights.
            targets.TARGETS[content[:1]](content[1:])


def test_configs_change_and_stay_json(inputs):
    config = inputs["ours0.keras.json.seed"][1:]
    changed = [mutate_json(config, seed) for seed in range(100)]
    assert len(set(changed)) > 90
    for content in changed:
        json.loads(content)
    assert mutate_json(b"{", 0) is None


@pytest.mark.parametrize("name", ["ours0.keras", "ours1.keras", "ours2.keras", "ours3.keras", "keras2.keras"])
def test_changed_configs_end_in_clear_errors(inputs, name):
    for seed in range(25):
        config = inputs[f"{name}.json.seed"]
        targets.read(config[:1] + mutate_json(config[1:], seed))


def test_cut_and_changed_pickles_end_in_clear_errors(inputs):
    content = inputs["pickle.seed"]
    for size in range(1, len(content), 7):
        targets.read(content[:size])
        targets.read(content[:size] + bytes([content[size] ^ 0x55]) + content[size + 1 :])
