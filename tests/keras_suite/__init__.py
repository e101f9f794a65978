"""Keras's own unit tests, run against convlayers.

Keras's package ships its tests. `finder.py` lets them import `keras` and get convlayers; `plugin.py` makes that a plugin of
pytest. From the root of the repository:

    python -m tests.keras_suite                        # what CI runs: the parts in `parts.py`
    python -m tests.keras_suite layers/pooling         # a folder or a file below keras/src, and arguments of pytest
    python -m tests.keras_suite layers/core/dense_test.py -k config -x --all

`known_failures.txt` holds the tests that are not expected to pass, under their reasons; `--all` runs them too. `left_out.py`
has the names that are left out on purpose, `plugin.py` words in the names of tests about other software.

Of the 12,050 tests of these parts in Keras 3.15, 4,860 run and pass, in a minute or two. Of the others, 4,660 compare
number types with those of JAX, where that is installed (nearly all pass then, in ten minutes); 750 are about sparse and
ragged tensors; 700 need other backends or libraries, or arguments that none of them takes; 320 are about text, tables,
sequence models and signals; 480 about quantization, low-rank adaptation and policies of 16 bits; 230 ask for what is inside of
Keras, 50 make graphs of what an op refuses, or find other shapes than it has. The rest is listed one by one.
"""
