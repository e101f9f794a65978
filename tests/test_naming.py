"""Automatic names."""

import threading

import pytest

from convlayers import naming

CLASS_NAMES = [
    "Conv2D",
    "Conv2DTranspose",
    "DepthwiseConv2D",
    "MaxPooling2D",
    "GlobalAveragePooling2D",
    "BatchNormalization",
    "ReLU",
    "PReLU",
    "LeakyReLU",
    "UpSampling2D",
    "ZeroPadding2D",
    "InputLayer",
    "My_Layer",
    "Layer with spaces!",
    "ABCDef12Gh",
    "",
]


@pytest.fixture(autouse=True)
def fresh_names():
    naming.reset_uids()
    yield
    naming.reset_uids()


@pytest.mark.parametrize("name", CLASS_NAMES)
def test_snake_case_is_that_of_keras(keras, name):
    from keras.src.utils.naming import to_snake_case

    assert naming.to_snake_case(name) == to_snake_case(name)


def test_names_are_numbered():
    assert [naming.auto_name("Conv2D") for _ in range(3)] == ["conv2d", "conv2d_1", "conv2d_2"]
    assert naming.auto_name("Dense") == "dense"
    naming.reset_uids()
    assert naming.auto_name("Conv2D") == "conv2d"


def test_get_uid_counts_from_one_and_shares_its_counter_with_names():
    assert [naming.get_uid("dense"), naming.get_uid("dense")] == [1, 2]
    assert naming.auto_name("Dense") == "dense_2"


def test_each_thread_has_its_own_names():
    naming.auto_name("Conv2D")
    found = []
    thread = threading.Thread(target=lambda: found.append(naming.auto_name("Conv2D")))
    thread.start()
    thread.join()
    assert found == ["conv2d"]


def test_names_of_objects_are_those_of_keras(keras):
    from keras.src.utils.naming import get_object_name

    class MyLoss:
        pass

    named = MyLoss()
    named.name = "mine"
    for thing in (named, MyLoss(), MyLoss, test_names_are_numbered):
        assert naming.get_object_name(thing) == get_object_name(thing)
