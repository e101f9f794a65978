"""`tf.train.Checkpoint` and `tf.Module`."""

import os

import numpy as np
import pytest

from convlayers import layers, models, optimizers
from convlayers.scripts.tensorflow.checkpoints import Checkpoint, CheckpointManager, latest_checkpoint
from convlayers.scripts.tensorflow.module import Module
from convlayers.variables import Variable


def _parts():
    model = models.Sequential([layers.Input((3,)), layers.Dense(2), layers.BatchNormalization()])
    return {"step": Variable(0, dtype="int64"), "net": model, "optimizer": optimizers.Adam(0.1)}


def _train(step, net, optimizer):
    with_gradients = net.trainable_variables
    optimizer.apply_gradients([(np.ones(variable.shape, "float32"), variable) for variable in with_gradients])
    step.assign_add(1)


def _values(parts):
    return [np.array(v) for part in parts.values() for v in getattr(part, "variables", [part])]


def test_training_goes_on_as_if_it_had_not_stopped(tmp_path):
    parts = _parts()
    checkpoint = Checkpoint(**parts)
    assert checkpoint.step is parts["step"]
    _train(**parts)
    path = checkpoint.save(tmp_path / "folder" / "ckpt")
    assert path == latest_checkpoint(tmp_path / "folder") == str(tmp_path / "folder" / "ckpt-1")
    _train(**parts)
    others = _parts()
    # The optimizer has no variables for the weights yet.
    status = Checkpoint(**others).restore(path)
    status.assert_consumed().expect_partial()
    _train(**others)
    for value, other in zip(_values(parts), _values(others), strict=True):
        np.testing.assert_array_equal(value, other)


class _Subclass(models.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(4), layers.Dense(2)

    def call(self, x):
        return self.second(self.first(x))


@pytest.mark.parametrize("make", [_Subclass, lambda: models.Sequential([layers.Dense(4), layers.Dense(2)])])
def test_a_model_gets_its_values_when_it_is_called(make, tmp_path):
    x = np.random.RandomState(0).rand(3, 5).astype("float32")
    model, other = make(), make()
    y = model(x)
    path = Checkpoint(model=model).save(tmp_path / "ckpt")
    Checkpoint(model=other).restore(path)
    np.testing.assert_array_equal(other(x), y)
    assert "call" not in vars(other)
    np.testing.assert_array_equal(other(x[:2]), model(x[:2]))


def test_iterators_go_on_from_where_they_are(tmp_path):
    step, numbers = Variable(3.0), iter(range(5))
    with pytest.warns(FutureWarning, match="does not keep where an iterator is"):
        path = Checkpoint(step=step, iterator=numbers).save(tmp_path / "ckpt")
    next(numbers)
    step.assign(0.0)
    Checkpoint(step=step, iterator=numbers).restore(path)
    assert step.numpy() == 3 and next(numbers) == 1


def test_a_manager_keeps_the_last_ones(tmp_path):
    checkpoint = Checkpoint(Variable(0.0))
    manager = CheckpointManager(checkpoint, tmp_path / "folder", max_to_keep=2)
    assert manager.latest_checkpoint is None and latest_checkpoint(tmp_path) is None
    assert manager.restore_or_initialize() is None
    for number in range(11):
        checkpoint._parts["root"].assign(number)
        manager.save()
    assert [os.path.basename(path) for path in manager.checkpoints] == ["ckpt-10", "ckpt-11"]
    assert manager.restore_or_initialize() == manager.latest_checkpoint
    assert float(checkpoint._parts["root"]) == 10
    # Numbers go on where they were.
    other = Checkpoint(Variable(0.0))
    other.restore(manager.latest_checkpoint)
    assert other.save(tmp_path / "ckpt").endswith("ckpt-12")


def test_other_variables_are_refused(tmp_path):
    path = Checkpoint(net=layers.Dense(2)).write(tmp_path / "empty")
    dense = layers.Dense(2)
    dense.build((None, 3))
    with pytest.raises(ValueError, match="'net' has other variables than the checkpoint"):
        Checkpoint(net=dense).restore(path)
    with pytest.raises(FileNotFoundError):
        Checkpoint(net=dense).restore(tmp_path / "none")


def test_a_module_finds_variables():
    class Inner(Module):
        def __init__(self):
            super().__init__(name="inside")
            self.w = Variable(1.0)

    class Outer(Module):
        def __init__(self):
            super().__init__()
            self.z = [layers.Dense(2), {"b": Variable(2.0, trainable=False)}]
            self.inner = self.again = Inner()
            self.z[0].build((None, 3))

    outer = Outer()
    assert (outer.name, outer.inner.name) == ("outer", "inside")
    assert [tuple(variable.shape) for variable in outer.variables] == [(), (3, 2), (2,), ()]
    assert len(outer.trainable_variables) == 3
    assert outer.submodules == (outer.inner, outer.z[0])
    with outer.name_scope:
        pass
