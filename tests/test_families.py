"""What arguments mean, by the tables of their families."""

import pytest

from convlayers import initializers, losses, metrics, optimizers
from convlayers.families import Family
from convlayers.registry import CustomObjectScope
from tests.test_serialization import Widget, named_function

pytestmark = pytest.mark.usefixtures("registry_restored")


def make_family(**options):
    table = {"Widget": Widget, "widget": Widget, "double": named_function}
    return Family("keras.widgets", "widget", table, **options)


class Default(Widget):
    def __init__(self):
        super().__init__(0)

    def __call__(self):
        return self.size


def test_a_family_returns_what_an_argument_means():
    family = Family("keras.defaults", "default", {"Default": Default, "double": named_function})
    instance = Default()
    assert family.get(None) is None
    assert family.get(instance) is instance
    assert family.get("double") is named_function
    assert family.get(named_function) is named_function
    assert type(family.get(Default)) is Default
    assert type(family.get("Default")) is Default
    with CustomObjectScope({"mine": named_function}):
        assert family.get("mine") is named_function


@pytest.mark.parametrize(
    ("family", "name"), [(initializers, "HeNormal"), (losses, "MeanSquaredError"), (metrics, "AUC"), (optimizers, "SGD")]
)
def test_an_encoding_may_lack_a_config(family, name):
    assert type(family.get({"class_name": name})) is getattr(family, name)


@pytest.mark.parametrize("identifier", ["doubel", "he_normal", "L2", {"class_name": "HeNormal", "config": {}}, 3, {}])
def test_a_family_knows_only_its_own_names(identifier):
    with pytest.raises(ValueError) as error:
        make_family().get(identifier)
    assert str(error.value).startswith(f"Could not interpret widget identifier: {identifier}")


def test_a_family_proposes_names():
    with pytest.raises(ValueError, match="Did you mean 'double'"):
        make_family().get("doubel")


def test_a_family_may_ignore_case():
    family = make_family(ignore_case=True, base=Widget)
    found = family.deserialize({"class_name": "WIDGET", "config": {"size": 3, "part": None}})
    assert (type(found), found.size) == (Widget, 3)
    with pytest.raises(ValueError, match="Could not interpret widget identifier: WIDGIT"):
        family.get("WIDGIT")


def test_a_family_may_want_a_class():
    family = make_family(base=Widget)
    widget = Widget(1)
    assert family.get(widget) is widget
    with pytest.raises(ValueError, match="Could not interpret widget identifier"):
        family.get(named_function)
