"""What scripts with two models freeze after it was compiled."""

from tests.scripts.running import run_code

PROGRAM = """
import numpy as np
from keras.layers import BatchNormalization, Dense, Input
from keras.models import Model, Sequential
from keras.optimizers import Adam

discriminator = Sequential([Input((4,)), Dense(3), BatchNormalization(), Dense(1, activation="sigmoid")])
discriminator.layers[0].trainable = False
discriminator.compile("adam", "binary_crossentropy")
generator = Sequential([Input((2,)), Dense(4)])
noise = Input((2,))
discriminator.trainable = False
both = Model(noise, discriminator(generator(noise)))
both.compile("adam", "binary_crossentropy")


def changed(model, train):
    before = [weight.numpy() for weight in model.weights]
    train()
    return [bool((old != new.numpy()).any()) for old, new in zip(before, model.weights)]


images, ones = np.random.default_rng(0).normal(size=(8, 4)), np.ones((8, 1))
as_compiled = [False, False, True, True, True, True, True, True]  # the frozen layer has two
assert changed(discriminator, lambda: discriminator.train_on_batch(images, ones)) == as_compiled
assert changed(discriminator, lambda: discriminator.fit(images, ones, verbose=0)) == as_compiled
assert not discriminator.trainable and not discriminator.trainable_weights

assert changed(discriminator, lambda: both.train_on_batch(images[:, :2], ones)) == [False] * 8
assert changed(generator, lambda: both.train_on_batch(images[:, :2], ones)) == [True] * 2

discriminator.compile("adam", "binary_crossentropy")
assert changed(discriminator, lambda: discriminator.train_on_batch(images, ones)) == [False] * 8

# One optimizer for both.
adam = Adam(0.01, beta_1=0.5)
one, other = Sequential([Input((4,)), Dense(3)]), Sequential([Input((2,)), Dense(4)])
for model in (one, one, other):
    model.compile(adam, "mse")
assert one.optimizer is adam and other.optimizer is not adam and other.optimizer.get_config() == adam.get_config()
assert changed(one, lambda: one.train_on_batch(images, images[:, :3])) == [True] * 2
assert changed(other, lambda: other.train_on_batch(images[:, :2], images)) == [True] * 2
"""


def test_it_is_trained_by_itself_as_it_was_compiled(tmp_path):
    warned = run_code(PROGRAM, tmp_path).stderr
    assert warned.count("`model.trainable = True`") == 1
    assert warned.count("an optimizer for each model") == 1
