"""`SwapEMAWeights`: the weights that callbacks see, in both libraries."""

import numpy as np
import pytest

import convlayers
from tests.callbacks.either_package import Library, X, rounded, weights_of

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_swap_ema_weights(same, swap_on_epoch):
    def run(library):
        seen = []

        def see(epoch, logs=None):
            seen.append((rounded(weights_of(model)), round(logs["val_loss"], 4)))

        model = library.make_model(library.optimizers.SGD(0.125, use_ema=True, ema_momentum=0.75))
        watch = library.callbacks.LambdaCallback(on_epoch_end=see)
        library.fit([library.callbacks.SwapEMAWeights(swap_on_epoch), watch], model, epochs=3)
        return seen, rounded(weights_of(model))

    same(run)


def test_averages_that_nobody_keeps_cannot_be_swapped(libraries):
    texts = []
    for library in libraries:
        with pytest.raises(ValueError) as failure:
            library.fit([library.callbacks.SwapEMAWeights()], epochs=1)
        texts.append(str(failure.value))
    assert texts[0] == texts[1]


def test_weights_come_back_after_a_prediction():
    library = Library(convlayers)
    model = library.fit([], library.make_model(library.optimizers.SGD(0.125, use_ema=True)), epochs=1)
    model.optimizer._model_variables_moving_average[0].assign(np.zeros((2, 1)))
    before = weights_of(model)
    model.predict(X, verbose=0, callbacks=[library.callbacks.SwapEMAWeights()])
    for one, two in zip(before, weights_of(model), strict=True):
        np.testing.assert_array_equal(one, two)
