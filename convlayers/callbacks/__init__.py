"""Callbacks: what is called at each stage of `fit`, `evaluate` and `predict`."""

from convlayers.callbacks.backup_and_restore import BackupAndRestore as BackupAndRestore
from convlayers.callbacks.callback import Callback as Callback
from convlayers.callbacks.callback_list import CallbackList as CallbackList
from convlayers.callbacks.csv_logger import CSVLogger as CSVLogger
from convlayers.callbacks.early_stopping import EarlyStopping as EarlyStopping
from convlayers.callbacks.history import History as History
from convlayers.callbacks.lambda_callback import LambdaCallback as LambdaCallback
from convlayers.callbacks.learning_rate_scheduler import LearningRateScheduler as LearningRateScheduler
from convlayers.callbacks.model_checkpoint import ModelCheckpoint as ModelCheckpoint
from convlayers.callbacks.monitor_callback import MonitorCallback as MonitorCallback
from convlayers.callbacks.progbar_logger import ProgbarLogger as ProgbarLogger
from convlayers.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau as ReduceLROnPlateau
from convlayers.callbacks.remote_monitor import RemoteMonitor as RemoteMonitor
from convlayers.callbacks.swap_ema_weights import SwapEMAWeights as SwapEMAWeights
from convlayers.callbacks.tensorboard import TensorBoard as TensorBoard
from convlayers.callbacks.terminate_on_nan import TerminateOnNaN as TerminateOnNaN
