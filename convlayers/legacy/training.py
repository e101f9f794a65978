"""What models took and had in Keras 1 and 2: `fit_generator`, `nb_epoch`, `predict_classes`, `history["acc"]`..."""

import functools
import inspect
import itertools
import math
import weakref

import numpy as np

from convlayers import nested
from convlayers.data.py_dataset import PyDataset
from convlayers.legacy.callbacks import give_validation_data
from convlayers.legacy.image.iterator import Iterator
from convlayers.legacy.old_spelling import warn_of, warn_once
from convlayers.models import Model, Sequential
from convlayers.models.compile_loss import hold_metrics
from convlayers.models.compiled import Compiled
from convlayers.optimizers import Optimizer

# By method: the names of today for those of then.
_RENAMED = {
    "__init__": {"input": "inputs", "output": "outputs"},
    "fit": {"nb_epoch": "epochs", "nb_worker": "workers", "pickle_safe": "use_multiprocessing"},
    "evaluate": {},
    "predict": {},
    "train_on_batch": {},
}
# What `compile` took, and finds out by itself today.
_WITHOUT_EFFECT = ("class_mode", "experimental_run_tf_function", "sample_weight_mode")
# What counted samples and counts batches today, and whose.
_COUNTS = {
    "samples_per_epoch": ("steps_per_epoch", "x"),
    "nb_val_samples": ("validation_steps", "validation_data"),
    "val_samples": ("steps", "x"),
}
# How a generator is read, which a `PyDataset` knows by itself today.
_OF_WORKERS = ("workers", "use_multiprocessing", "max_queue_size", "max_q_size")
_OF_WORKERS_TODAY = {"max_q_size": "max_queue_size"}
# Which model an optimizer was given to first.
_trained_by = weakref.WeakKeyDictionary()
# What metrics were called in logs.
_LOGS = {"acc": "accuracy", "lr": "learning_rate", "val_acc": "val_accuracy"}


def accept_old_training():
    """Lets models take the arguments of Keras 1 and 2, and have their methods."""
    for name in _RENAMED:
        setattr(Model, name, _translating(name, getattr(Model, name)))
    for name in ("fit", "evaluate", "predict"):
        setattr(Model, f"{name}_generator", _of_generators(name))
    Compiled.compile = _translating_compile(Compiled.compile)
    Compiled.metrics_names = property(_names_of_results)
    Sequential.predict_classes = predict_classes
    Sequential.predict_proba = predict_proba


def _translating(name, method):
    names = list(inspect.signature(method).parameters)

    @functools.wraps(method)
    def translated(self, *args, **kwargs):
        for old, new in _RENAMED[name].items():
            if old in kwargs:
                call = "Model" if name == "__init__" else name
                warn_of(f"{call}({old}=...)", f"`{new}=...`")
                kwargs[new] = kwargs.pop(old)
        if name == "__init__":
            if kwargs.pop("dynamic", False):
                warn_of("Model(dynamic=True)", "nothing in its place: it has no effect")
            return method(self, *args, **kwargs)
        if len(args) < len(names):  # else there are too many, which the method says itself
            args, kwargs = (), {**dict(zip(names[1:], args, strict=False)), **kwargs}
        _give_to_data(kwargs.get("x"), kwargs, name)
        _count_whole_batches(kwargs)
        _leave_out_class_weights(self, kwargs)
        if name != "fit":
            return method(self, *args, **kwargs)
        _go_round(kwargs)
        if kwargs.pop("show_accuracy", False):
            warn_of("fit(show_accuracy=True)", "`compile(metrics=['accuracy'])`")
        for callback in nested.flatten(kwargs.get("callbacks")):
            _rename_monitor(self, callback)
            give_validation_data(callback, kwargs.get("validation_data"))
        history = method(self, *args, **kwargs)
        history.history = _History(history.history)
        return history

    return translated


def _translating_compile(compile):
    @functools.wraps(compile)
    def translated(self, optimizer="rmsprop", loss=None, *args, **kwargs):
        if args and hold_metrics(args[0]):
            warn_of("compile(optimizer, loss, metrics)", "`metrics=...`")
            args, kwargs = (), {**dict(zip(("metrics", "loss_weights"), args, strict=False)), **kwargs}
        for name in _WITHOUT_EFFECT:
            if name in kwargs:
                warn_of(f"compile({name}=...)", "nothing in its place: it has no effect")
                del kwargs[name]
        if isinstance(kwargs.get("metrics"), str):
            warn_of("compile(metrics='name')", "`metrics=['name']`")
            kwargs["metrics"] = [kwargs["metrics"]]
        _give_to_each_output(self, kwargs)
        compile(self, _of_its_own(self, optimizer), loss, *args, **kwargs)

    return translated


def _give_to_each_output(model, kwargs):
    """Lets a list of metrics count for each of several outputs, where it is not one that has a metric for each."""
    metrics, outputs = kwargs.get("metrics"), getattr(model, "output_names", ())
    if len(outputs) > 1 and isinstance(metrics, list) and len(metrics) != len(outputs) and hold_metrics(metrics):
        warn_of("compile(metrics=[...]) for each output", "`metrics=[[...], [...]]`, a list for each output")
        kwargs["metrics"] = [metrics] * len(outputs)


def _of_its_own(model, optimizer):
    """Returns an optimizer that trains no other model: a copy of one that does, which Keras 1 and 2 would use for both."""
    if not isinstance(optimizer, Optimizer):
        return optimizer
    if _trained_by.setdefault(optimizer, weakref.ref(model))() is model:
        return optimizer
    warn_of("compile(optimizer) with that of another model", "an optimizer for each model")
    return type(optimizer).from_config(optimizer.get_config())


def _names_of_results(model):
    """Returns a name for each result of `evaluate`; Keras 3 has one for all metrics of `compile`."""
    try:
        return model._order_results(model.get_metrics_result())
    except ValueError:  # before the first batch, which says what outputs there are
        return [metric.name for metric in model.metrics]


def _give_to_data(data, kwargs, method):
    """Takes what says how a generator is read out of the arguments, and gives it to the data if that can use it."""
    for name in _OF_WORKERS:
        if name in kwargs:
            value, today = kwargs.pop(name), _OF_WORKERS_TODAY.get(name, name)
            warn_of(f"{method}({name}=...)", f"`{today}=...` where the `PyDataset` is made")
            if isinstance(data, PyDataset):
                setattr(data, today, value)


def _count_whole_batches(kwargs):
    """Lets numbers of batches be floats, as of `np.ceil(samples / batch_size)`: a batch that is begun counts."""
    for name in ("steps_per_epoch", "validation_steps", "steps"):
        if isinstance(kwargs.get(name), float):
            warn_of(f"{name}=np.ceil(...)", f"`{name}=math.ceil(...)`, a whole number")
            kwargs[name] = math.ceil(kwargs[name])


def _leave_out_class_weights(model, kwargs):
    """Drops class weights that are no dict: Keras 2 took them for those of several outputs, and one output had none."""
    weights = kwargs.get("class_weight")
    if isinstance(weights, (list, tuple, np.ndarray)) and len(getattr(model, "output_names", ("output",))) == 1:
        warn_of("class_weight=[...]", "`class_weight={0: ..., 1: ...}`. As a list, it has no effect")
        kwargs["class_weight"] = None


def _go_round(kwargs):
    """Lets images that are changed at random begin again where an epoch is to have more batches than there are."""
    for data, steps in (("x", "steps_per_epoch"), ("validation_data", "validation_steps")):
        iterator = kwargs.get(data)
        if isinstance(iterator, Iterator) and (kwargs.get(steps) or 0) > len(iterator):
            warn_once(
                steps,
                f"`{steps}={kwargs[steps]}`, but there are {len(iterator)} batches. They are gone through again, as in "
                "Keras 2. Today, an epoch ends where the data does.",
            )
            kwargs[data] = (batch for batch in iterator)


def _of_generators(name):
    def method(self, generator, *args, **kwargs):
        warn_of(f"{name}_generator", f"`{name}`")
        kwargs = {"x": generator, **dict(zip(_GENERATOR_ARGUMENTS[name], args, strict=False)), **kwargs}
        for samples, (steps, data) in _COUNTS.items():
            if samples in kwargs:
                warn_of(f"{name}_generator({samples}=...)", f"`{steps}=...`, a number of batches")
                kwargs[data], size = _batch_size(kwargs[data])
                kwargs[steps] = -(-kwargs.pop(samples) // size)
        return getattr(self, name)(**kwargs)

    method.__name__ = f"{name}_generator"
    method.__doc__ = f"`{name}`, as it was called for generators in Keras 1 and 2."
    return method


# The arguments after the generator, by their places.
_GENERATOR_ARGUMENTS = {
    "fit": ("steps_per_epoch", "epochs", "verbose", "callbacks", "validation_data", "validation_steps", "class_weight"),
    "evaluate": ("steps",),
    "predict": ("steps",),
}


def _batch_size(data):
    """Returns data, and how many samples a batch of it has. Of a generator, the first batch is looked at."""
    size = getattr(data, "batch_size", None)
    if size is not None or isinstance(data, (tuple, list)):
        return data, size or 32
    first = next(data)
    inputs = first[0] if isinstance(first, tuple) else first
    return itertools.chain([first], data), len(nested.flatten(inputs)[0])


def predict_proba(self, x, batch_size=32, verbose=0):
    """`predict`, as it was called for classifiers in Keras 1 and 2."""
    warn_of("predict_proba", "`predict`")
    return self.predict(x, batch_size=batch_size, verbose=verbose)


def predict_classes(self, x, batch_size=32, verbose=0):
    """Returns the class of each sample: where the probability is largest, or is above 0.5."""
    warn_of("predict_classes", "`model.predict(x).argmax(axis=-1)`, or `(model.predict(x) > 0.5)` for two classes")
    probabilities = self.predict(x, batch_size=batch_size, verbose=verbose)
    return probabilities.argmax(axis=-1) if probabilities.shape[-1] > 1 else (probabilities > 0.5).astype(np.int32)


class _History(dict):
    """What was logged, by names of today, and by those of Keras 1."""

    def __missing__(self, name):
        today = _LOGS.get(name)
        if today not in self:
            raise KeyError(name)
        warn_of(f"history[{name!r}]", f"`history[{today!r}]`")
        return self[today]


def _rename_monitor(model, callback):
    monitor = getattr(callback, "monitor", None)
    if monitor in _LOGS and model.compiled and "acc" not in str(model.get_compile_config()["metrics"]).split("'"):
        warn_of(f"monitor={monitor!r}", f"`monitor={_LOGS[monitor]!r}`, or `metrics=['acc']`")
        callback.monitor = _LOGS[monitor]
