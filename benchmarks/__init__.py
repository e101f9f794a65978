"""Benchmarks: convlayers beside the peers that are installed, in turn in one process. `python -m benchmarks --help`.

    cases.py, models.py             the tables: which layers and models are measured. Data only
    scaling.py                      two layers that change along one axis at a time. Data only
    layer_case.py, model_case.py    what a row of these tables means: shapes, weights, operations
    keeping_case.py                 the same for layers whose outputs have the shape of their inputs
    image_case.py, merging_case.py  the same for layers on images, and for layers with several inputs
    targets.py                      the speeds that the project aims at. Data only
    libraries.py, adapters/         the libraries that are compared: the same work in the words of each
    agreement.py, timing.py         comparing answers, taking times in turn
    session.py                      one case: prepare, compare, time
    worker.py                       one process: all cases with one number of threads
    peak.py, machine.py             what the machine can do at best, and what it is
    summary.py, report.py, plot.py  from times to ratios, to the screen, to a picture
    plot_scaling.py                 the picture of what scaling.py lists
    asv_*.py, asv.conf.json         the same cases for asv, which follows convlayers from commit to commit

asv imports every module here to look for benchmarks, and takes functions whose names begin with `time_`, `track_` or
`peakmem_` for one: only the suites in `asv_*.py` have such names.
"""
