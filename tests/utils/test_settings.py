"""`utils.Config`: named values that can be frozen, as in Keras."""

import copy
import pickle

import pytest

from convlayers.utils import Config


@pytest.fixture(params=["ours", "Keras"])
def kind(request):
    return Config if request.param == "ours" else request.getfixturevalue("keras").utils.Config


def test_attributes_and_entries_are_the_same(kind):
    config = kind(rate=0.1)
    config.epochs = 3
    config["seed"] = 4
    assert (config.rate, config["epochs"], config.seed, config.get("epochs"), config.get("other", 5)) == (0.1, 3, 4, 3, 5)
    assert list(config) == ["epochs", "rate", "seed"]
    assert len(config) == 3
    assert "seed" in config
    assert "rates" not in config
    assert (list(config.keys()), list(config.values())) == (["rate", "epochs", "seed"], [0.1, 3, 4])
    assert dict(config.items()) == config.as_dict() == {"rate": 0.1, "epochs": 3, "seed": 4}
    assert config.as_dict() is not config.as_dict()
    assert config.to_json() == '{"rate": 0.1, "epochs": 3, "seed": 4}'
    assert repr(config) == "<Config {'rate': 0.1, 'epochs': 3, 'seed': 4}>"
    del config["seed"]
    config.update({"rate": 0.2}, epochs=6)
    assert (config.pop("epochs"), config.pop("epochs", 7)) == (6, 7)
    assert config.as_dict() == {"rate": 0.2}


@pytest.mark.parametrize(
    "change",
    [
        lambda config: setattr(config, "rate", 1),
        lambda config: config.__setitem__("rate", 1),
        lambda config: config.__delitem__("rate"),
        lambda config: config.update(rate=1),
        lambda config: config.pop("rate"),
    ],
)
def test_nothing_changes_while_it_is_frozen(change, kind):
    config = kind(rate=0.1)
    config.freeze()
    assert config.frozen
    with pytest.raises(ValueError, match=r"Cannot mutate attribute\(s\) because the config is frozen."):
        change(config)
    assert config.as_dict() == {"rate": 0.1}
    config.unfreeze()
    assert not config.frozen
    change(config)
    assert config.as_dict() != {"rate": 0.1}


def test_a_name_that_nobody_gave(kind):
    config = kind(learning_rate=0.1)
    with pytest.raises(AttributeError, match=r"Unknown attribute: 'learning_rat'.\s+Did you mean 'learning_rate'\?"):
        _ = config.learning_rat
    with pytest.raises(AttributeError, match=r"Unknown attribute: 'x'.$"):
        _ = config.x
    with pytest.raises(KeyError):
        config["x"]


def test_methods_are_no_values(kind):
    config = kind()
    with pytest.raises(AttributeError):
        config.frozen = True
    assert len(config) == 0


def test_copies():
    config = Config(rate=0.1)
    config.freeze()
    for other in (copy.copy(config), copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert other.as_dict() == {"rate": 0.1}
        assert other.frozen
