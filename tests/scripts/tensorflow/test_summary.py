"""`tf.summary`, with and without a package that writes its files."""

import pytest

from tests.scripts.running import run_code

CODE = """
import sys
HIDE
import os
import numpy as np
import tensorflow as tf

writer = tf.summary.create_file_writer("logs/train")
assert not tf.summary.scalar("outside", 1.0, step=0)
with writer.as_default():
    assert tf.summary.scalar("loss", tf.constant(0.5), step=tf.constant(3))
    tf.summary.histogram("weights", tf.ones((4, 4)), step=3)
    tf.summary.image("samples", np.zeros((5, 8, 8, 3), "uint8"), step=3)
    tf.summary.text("words", "hello", step=3)
    try:
        tf.summary.scalar("loss", 1.0)
    except ValueError as error:
        assert "No step set" in str(error)
    else:
        raise AssertionError
with tf.summary.create_noop_writer().as_default(step=1):
    assert tf.summary.scalar("loss", 1.0)
writer.close()
assert os.path.isdir("logs/train") == WRITES
"""


def test_nothing_is_written_without_a_package(tmp_path):
    hide = "sys.modules.update(tensorboard=None, tensorboardX=None)"
    result = run_code(CODE.replace("HIDE", hide).replace("WRITES", "False"), tmp_path)
    assert result.stderr.count("`tf.summary` writes nothing") == 1


def test_files_of_events(tmp_path):
    pytest.importorskip("tensorboard")
    run_code(CODE.replace("HIDE", "").replace("WRITES", "True"), tmp_path)
