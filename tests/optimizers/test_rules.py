"""Rules: of users, and of this package where users change a part. All variables together, and each alone."""

import numpy as np
import pytest

from convlayers import optimizers
from convlayers.variables import Variable

ONES = np.ones(3, "float32")


@pytest.fixture
def variable():
    return Variable(np.zeros(3), dtype="float32", name="bias")


class Momentum(optimizers.Optimizer):
    """Written as the documentation of Keras has it."""

    def __init__(self, learning_rate=0.1, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)

    def build(self, variables):
        super().build(variables)
        self.momentums = [self.add_variable_from_reference(v, name="momentum") for v in variables]

    def update_step(self, gradient, variable, learning_rate):
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, m.value * 0.9 - gradient * learning_rate)
        self.assign_add(variable, m)


def test_an_optimizer_of_the_user(variable):
    reference = Variable(variable.value, name="bias")
    ours, own = optimizers.SGD(0.1, momentum=0.9, clipvalue=0.5), Momentum(0.1, clipvalue=0.5)
    for step in range(5):
        ours.apply([ONES * step], [reference])
        own.apply([ONES * step], [variable])
    np.testing.assert_allclose(variable.numpy(), reference.numpy(), rtol=1e-6)
    assert [v.path for v in own.variables] == [
        "momentum/iteration",
        "momentum/learning_rate",
        "momentum/bias_momentum",
    ]


RULES = [
    optimizers.SGD,
    lambda rate: optimizers.SGD(rate, momentum=0.9),
    lambda rate: optimizers.RMSprop(rate, momentum=0.5, centered=True),
    lambda rate: optimizers.RMSprop(rate, centered=True),
    lambda rate: optimizers.Adam(rate, amsgrad=True),
    optimizers.Adam,
    optimizers.AdamW,
    optimizers.Adamax,
    optimizers.Adagrad,
    optimizers.Adadelta,
    optimizers.Ftrl,
    optimizers.Lion,
    optimizers.Lamb,
    optimizers.Adafactor,
    optimizers.ScheduleFreeAdamW,
    optimizers.Muon,
]


def make_variables():
    rng = np.random.default_rng(0)
    shapes = [((2, 3), "float32"), ((), "float64"), ((7,), "float32"), ((5, 1), "float64")]
    return [Variable(rng.normal(size=shape), dtype=dtype) for shape, dtype in shapes]


@pytest.mark.parametrize("make", RULES)
def test_all_variables_together_are_updated_as_each_alone(make):
    together, alone = make_variables(), make_variables()
    optimizer, optimizers_of_one = make(0.1), [make(0.1) for _ in alone]
    for step in range(3):
        # In the second step one variable is frozen.
        chosen = [place for place in range(4) if not (step == 1 and place == 2)]
        gradients = [np.cos(variable.value + step) for variable in together]
        if not optimizer.built:
            optimizer.build(together)
        optimizer.apply([gradients[place] for place in chosen], [together[place] for place in chosen])
        for place, variable in enumerate(alone):
            # The gradient of a frozen variable does not arrive, but the steps of Adam are counted.
            if not optimizers_of_one[place].built:
                optimizers_of_one[place].build([variable])
            if place in chosen:
                optimizers_of_one[place].apply([gradients[place]], [variable])
            else:
                optimizers_of_one[place].iterations.assign_add(1)
    for variable, other in zip(together, alone, strict=True):
        assert variable.value.tobytes() == other.value.tobytes()
        assert variable.version == other.version


def test_factors_of_nadam_count_updates_of_all_variables_together():
    together, first = make_variables(), make_variables()[0]
    optimizer, other = optimizers.Nadam(0.1), optimizers.Nadam(0.1)
    for _ in range(3):
        optimizer.apply([np.cos(variable.value) for variable in together], together)
        other.apply([np.cos(first.value)], [first])
    np.testing.assert_array_equal(together[0].value, first.value)


@pytest.mark.parametrize("rule", [optimizers.SGD, optimizers.RMSprop, optimizers.Adam, optimizers.Muon, optimizers.Lamb])
def test_a_step_of_the_user_is_called_for_each_variable(rule):
    calls = []

    class Masked(rule):
        def update_step(self, gradient, variable, learning_rate):
            calls.append(variable)
            # Neither the dtype nor the order in memory are those that the kernel reads.
            super().update_step(np.array(gradient * np.float64(2.0), order="F"), variable, learning_rate)

    ours, plain = make_variables(), make_variables()
    gradients = [np.cos(variable.value) for variable in ours]
    Masked(0.1).apply(gradients, ours)
    assert [id(variable) for variable in calls] == [id(variable) for variable in ours]
    rule(0.1).apply([2 * gradient for gradient in gradients], plain)
    for variable, other in zip(ours, plain, strict=True):
        np.testing.assert_array_equal(variable.value, other.value)
    with pytest.raises(ValueError, match="must have the shape of its variable"):
        optimizer = rule(0.1)
        optimizer.build(ours)
        optimizer.update_step(np.zeros(9), ours[0], 0.1)
