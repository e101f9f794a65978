"""Callbacks: what is called at each stage of `fit`, `evaluate` and `predict`."""

from convlayers.callbacks.callback import Callback as Callback
from convlayers.callbacks.callback_list import CallbackList as CallbackList
from convlayers.callbacks.history import History as History
from convlayers.callbacks.progbar_logger import ProgbarLogger as ProgbarLogger
