"""Steps of training take no fresh memory from the system, and nothing that a user keeps is touched by later ones."""

import numpy as np
import pytest

from convlayers import Input, Model, layers, ops
from convlayers._native import memory
from convlayers.autograd import Tape

resource = pytest.importorskip("resource", reason="counts the system's page faults")


def build():
    """One of everything: convolution, normalization, a branch, pooling, dropout, a dense layer."""
    inputs = Input((32, 32, 3))
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(inputs)
    y = layers.BatchNormalization()(layers.Conv2D(32, 3, padding="same", use_bias=False)(x))
    x = layers.Activation("relu")(layers.Add()([x, y]))
    x = layers.Dropout(0.25)(layers.MaxPooling2D()(x))
    outputs = layers.Dense(10, activation="softmax")(layers.Flatten()(x))
    model = Model(inputs, outputs)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture
def data():
    random = np.random.default_rng(0)
    return random.random((128, 32, 32, 3), dtype="float32"), random.integers(0, 10, 128)


def faults_of(function):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    function()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_a_step_takes_no_fresh_pages(data):
    model = build()
    x, y = data[0][:32], data[1][:32]
    for _ in range(4):
        model.train_on_batch(x, y)
    # Its outputs alone have thousands of pages. What is left is Python's own: now and then some memory for objects.
    assert min(faults_of(lambda: model.train_on_batch(x, y)) for _ in range(5)) < 200


def test_an_epoch_takes_few_fresh_pages(data):
    model = build()
    model.fit(*data, batch_size=32, epochs=2, verbose=0)
    # Four steps with shuffled batches, each of 96 pages itself.
    assert min(faults_of(lambda: model.fit(*data, batch_size=32, verbose=0)) for _ in range(3)) < 4 * 200


def test_predictions_take_no_fresh_pages(data):
    model = build()
    x = data[0]
    for _ in range(4):
        model(x)
    assert min(faults_of(lambda: model(x)) for _ in range(5)) < 200


def test_what_a_user_keeps_stays_as_it_is(data):
    model = build()
    x, y = data
    features = Model(model.input, model.layers[2].output)
    kept = [features(x[:16]), features.predict(x[:16], verbose=0), features.predict(x, batch_size=32, verbose=0)[:16]]
    view = features(x[:16])[3:9, ::2]
    copies = [array.copy() for array in (*kept, view)]
    model.fit(x, y, batch_size=16, epochs=2, verbose=0)
    model.predict(x, verbose=0)
    for array, copied in zip((*kept, view), copies, strict=True):
        np.testing.assert_array_equal(array, copied)


def test_gradients_that_a_user_keeps_stay_as_they_are(data):
    layer = layers.Conv2D(16, 3)
    x = data[0][:8]
    y, backward = layer.forward(x)
    d_x = backward(np.ones_like(y))
    kernel, copies = layer.kernel.grad, [d_x.copy(), layer.kernel.grad.copy()]
    layer.kernel.grad = None
    for _ in range(3):
        layer.forward(x + 1)[1](y)
    np.testing.assert_array_equal(d_x, copies[0])
    np.testing.assert_array_equal(kernel, copies[1])


def test_the_backward_pass_gives_memory_back_as_it_proceeds():
    x = np.ones((1 << 20,), "float32")
    most = 0

    def watch(d_y):
        nonlocal most
        most = max(most, memory.held_bytes())
        return d_y

    marked = ops.custom_gradient(lambda x: (x, watch))

    @memory.pooled
    def run():
        with Tape() as tape:
            source = tape.watch(x)
            y = source
            for _ in range(14):
                y = ops.exp(marked(y * 0.1))  # two arrays of 4 MB
        return tape.backward([y], [x], [source])[0]

    assert run().shape == x.shape
    # 14 x 2 arrays are kept, which fill 112 MB, and some gradients live at a time: not 28 of them, for another 112 MB.
    assert 112 << 20 < most <= 128 << 20


def test_predictions_in_a_loop_do_not_grow():
    model = build()
    image = np.zeros((1, 32, 32, 3), "float32")

    def resident():
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    for _ in range(200):
        model.predict(image, verbose=0)
    try:
        before = resident()
    except OSError:
        pytest.skip("reads /proc")
    for _ in range(1000):
        model.predict(image, verbose=0)
    assert resident() - before < 500_000
