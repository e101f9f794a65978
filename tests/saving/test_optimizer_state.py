"""What optimizers remember, in the orders in which versions of Keras have written it."""

import numpy as np
import pytest

import convlayers as k
from convlayers.saving.weights import in_saved_order, variables_of_keras2


def built(optimizer):
    optimizer.build([k.Variable(np.ones(shape, "float32")) for shape in ((3, 4), (4,), (4, 2), (2,))])
    return optimizer


def names(variables):
    return [variable.name.split("_")[-1] for variable in variables]


def shapes(variables):
    return [variable.shape for variable in variables]


def test_averages_and_sums_of_gradients_in_turn():
    """As Keras 3.0 to 3.9 wrote them."""
    optimizer = built(k.optimizers.SGD(momentum=0.9, use_ema=True, gradient_accumulation_steps=2))
    of_weights = [(3, 4), (4,), (4, 2), (2,)]
    in_turn = [shape for shape in of_weights for _ in range(2)]
    found = in_saved_order(optimizer, [(), (), *in_turn, *of_weights])
    assert names(found)[2:] == ["average", "accumulator"] * 4 + ["momentum"] * 4
    assert in_saved_order(optimizer, [(), (), *of_weights * 3]) == optimizer.variables


@pytest.mark.parametrize("use_ema", [False, True])
def test_momentums_that_are_not_used(use_ema):
    """Keras 2 wrote them, last."""
    optimizer = built(k.optimizers.SGD(use_ema=use_ema))
    expected = variables_of_keras2(optimizer)
    assert in_saved_order(optimizer, [*shapes(expected), (3, 4), (4,), (4, 2), (2,)]) == expected
    with pytest.raises(ValueError, match="variables whereas the saved optimizer has"):
        in_saved_order(optimizer, [*shapes(expected), (3, 4), (4,), (4, 2)])


def test_what_is_missing_stays_an_error():
    """Nadam of Keras 2 wrote all but one number."""
    optimizer = built(k.optimizers.Nadam())
    without = [variable for variable in variables_of_keras2(optimizer) if variable.shape or variable.name == "iteration"]
    with pytest.raises(ValueError, match="it has 11 variables whereas the saved optimizer has 9 variables"):
        in_saved_order(optimizer, shapes(without))


def test_adafactor_of_keras_2():
    found = in_saved_order(built(k.optimizers.Adafactor()), [(), (3,), (4,), (3, 4), (4,), (4,), (2,), (4, 2), (2,)])
    assert len(found) == 9 and found[0].name == "iteration"


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_an_optimizer_that_scaled_the_loss_in_keras_2(momentum):
    optimizer = built(k.optimizers.LossScaleOptimizer(k.optimizers.SGD(momentum=momentum)))
    found = in_saved_order(optimizer, [(), (3, 4), (4,), (4, 2), (2,)])
    assert found == variables_of_keras2(optimizer.inner_optimizer)
