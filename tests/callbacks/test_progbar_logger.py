"""What `fit`, `evaluate` and `predict` print."""

import re
import sys

import numpy as np
import pytest

from convlayers import Input, Sequential, layers
from convlayers.callbacks import ProgbarLogger
from tests.utils.test_progbar import Terminal

X = np.ones((10, 4), "float32")


@pytest.fixture
def model():
    model = Sequential([Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


NUMBER = r"-?\d+\.\d{4}(e-\d\d)?"
LINE = rf"5/5 - \d+s - \d+[mu]s/step - loss: {NUMBER} - mae: {NUMBER}"


def printed(capsys):
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("verbose", ["auto", 1, 2])
def test_fit_prints_a_line_per_epoch(model, capsys, verbose):
    model.fit(X, X[:, :1], batch_size=2, epochs=2, verbose=verbose, validation_data=(X, X[:, :1]))
    lines = printed(capsys)
    assert lines[0::2] == ["Epoch 1/2", "Epoch 2/2"]
    for line in lines[1::2]:
        assert re.fullmatch(rf"{LINE} - val_loss: {NUMBER} - val_mae: {NUMBER}", line)


def test_the_numbers_of_verbose_2_are_in_the_order_of_their_names(model, capsys):
    model.compile("sgd", "mse", weighted_metrics=["mae"])  # "weighted..." comes after "val_..."
    model.fit(X, X[:, :1], verbose=2, validation_data=(X, X[:, :1]))
    names = re.findall(r"(\w+): ", printed(capsys)[0])
    assert len(names) == 4 and names == sorted(names)


def test_one_epoch_needs_no_number(model, capsys):
    model.fit(X, X[:, :1], batch_size=2)
    (line,) = printed(capsys)
    assert re.fullmatch(LINE, line)


def test_evaluate_and_predict_print_a_line(model, capsys):
    model.evaluate(X, X[:, :1], batch_size=2)
    model.predict(X, batch_size=2)
    first, second = printed(capsys)
    assert re.fullmatch(LINE, first)
    assert re.fullmatch(r"5/5 - \d+s - \d+[mu]s/step", second)


def test_verbose_0_prints_nothing(model, capsys):
    model.fit(X, X[:, :1], verbose=0)
    model.evaluate(X, X[:, :1], verbose=0)
    model.predict(X, verbose=0)
    assert printed(capsys) == []


def test_a_generator_is_counted(model, capsys):
    model.fit(((X, X[:, :1]) for _ in range(3)), verbose=2)
    (line,) = printed(capsys)
    assert line.startswith("3/3 - ")


def test_a_bar_on_a_terminal(model, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    model.fit(X, X[:, :1], batch_size=2, epochs=2, validation_split=0.2)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", terminal.getvalue()).split("\n")
    assert lines[0] == "Epoch 1/2"
    last = lines[1].split("\r")[-1]
    assert re.fullmatch(
        rf"4/4 ━{{20}} \ds \d+[mu]s/step - loss: {NUMBER} - mae: {NUMBER} - val_loss: {NUMBER} - val_mae: {NUMBER}", last
    )


def test_a_logger_of_ones_own_is_the_only_one(model, capsys):
    class Quiet(ProgbarLogger):
        def on_epoch_end(self, epoch, logs=None):
            print("done")

    model.fit(X, X[:, :1], callbacks=[Quiet()])
    assert printed(capsys) == ["done"]
