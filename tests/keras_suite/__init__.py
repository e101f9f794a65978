"""Keras's own unit tests, run against convlayers.

Keras's package ships its tests. `finder.py` lets them import `keras` and get convlayers; `plugin.py` makes that a plugin of
pytest. From the root of the repository:

    python -m tests.keras_suite                        # what CI runs: the parts in `parts.py`
    python -m tests.keras_suite layers/pooling         # a folder or a file below keras/src, and arguments of pytest
    python -m tests.keras_suite layers/core/dense_test.py -k config -x --all

`known_failures.txt` holds the tests that are not expected to pass, under their reasons; `--all` runs them too. `left_out.py`
has the names that are left out on purpose, `plugin.py` words in the names of tests about other software.

Of the 11,140 tests of these parts in Keras 3.15, 4,540 run and pass, in a minute or two. Of the others, 4,200 compare
number types with those of JAX, where that is installed (4,150 of them pass then, in ten minutes); 780 are about sparse and
ragged tensors; 600 need other backends or libraries, or arguments that none of them takes; 510 are about text, tables,
sequence models and signals; 380 about quantization, low-rank adaptation and policies of 16 bits; 190 ask for what is inside of
Keras, 60 make graphs of what an op refuses, or find other shapes than it has. The rest is listed one by one.
"""
