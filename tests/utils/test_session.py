"""State of the whole program."""

import numpy as np

from convlayers import dtype_policies, naming, random
from convlayers.utils import clear_session, set_random_seed


def test_clear_session_forgets():
    clear_session()
    assert [naming.auto_name("Dense"), naming.auto_name("Dense")] == ["dense", "dense_1"]
    dtype_policies.set_dtype_policy("float64")
    clear_session(free_memory=False)
    assert naming.auto_name("Dense") == "dense"
    assert dtype_policies.dtype_policy().name == "float32"
    clear_session()


def test_clear_session_starts_random_numbers_anew():
    set_random_seed(1)
    first = random.normal((3,))
    set_random_seed(1)
    clear_session()
    np.testing.assert_array_equal(random.normal((3,)), first)
