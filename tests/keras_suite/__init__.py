"""Keras's own unit tests, run against convlayers.

Keras's package ships its tests. `finder.py` lets them import `keras` and get convlayers; `plugin.py` makes that a plugin of
pytest. From the root of the repository:

    python -m tests.keras_suite                        # what CI runs: the parts in `parts.py`
    python -m tests.keras_suite layers/pooling         # a folder or a file below keras/src, and arguments of pytest
    python -m tests.keras_suite layers/core/dense_test.py -k config -x --all

`known_failures.txt` holds the tests that are not expected to pass, each with its reason; `--all` runs them too.
"""
