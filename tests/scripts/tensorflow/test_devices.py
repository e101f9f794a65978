"""Sessions and strategies: settings for devices, of which there is one."""

import numpy as np
import pytest

from convlayers.scripts.tensorflow.devices import ConfigProto, ReduceOp, Session, Strategy
from convlayers.scripts.tensorflow.faces import find_tensorflow


def test_sessions_are_settings():
    config = ConfigProto(allow_soft_placement=True)
    config.gpu_options.per_process_gpu_memory_fraction = 0.5
    with Session(config=config) as session, pytest.raises(NotImplementedError, match=r"`model\.predict`"):
        session.run(1)


def test_old_places_have_them():
    v1 = find_tensorflow("tensorflow.compat.v1")
    assert v1.Session is find_tensorflow("tensorflow").Session is Session
    v1.disable_eager_execution()
    logging = find_tensorflow("tensorflow.compat.v1.logging")
    logging.set_verbosity(logging.ERROR)
    with pytest.raises(AttributeError, match="Names of TensorFlow 1 are not there"):
        v1.placeholder  # noqa: B018


def test_names_of_parts_of_graphs():
    with find_tensorflow("tensorflow").name_scope("block") as name:
        assert name == "block"


def test_a_strategy_of_one_device():
    strategy = Strategy(["/gpu:0"])
    with strategy.scope():
        assert strategy.num_replicas_in_sync == 1
    per_replica = strategy.run(lambda x: x * 2, args=(np.arange(4.0),))
    assert strategy.reduce(ReduceOp.SUM, per_replica, axis=None) is per_replica
    assert strategy.reduce(ReduceOp.SUM, per_replica, axis=0) == 12
    assert strategy.reduce(ReduceOp.MEAN, per_replica, axis=0) == 3
    assert strategy.experimental_distribute_dataset([1]) == [1]


def test_there_is_no_tpu():
    resolver = find_tensorflow("tensorflow.distribute.cluster_resolver").TPUClusterResolver
    for connect in resolver, resolver.connect:
        with pytest.raises(ValueError, match="There is no TPU"):
            connect(tpu="")
