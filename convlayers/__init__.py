"""convlayers: Keras CNNs on a CPU without TensorFlow.

The names are Keras's. A script runs with only its import changed:

    import convlayers as keras
    from convlayers import layers
"""

__version__ = "0.1.0"

from convlayers import activations as activations
from convlayers import callbacks as callbacks
from convlayers import config as config
from convlayers import constraints as constraints
from convlayers import datasets as datasets
from convlayers import dtype_policies as dtype_policies
from convlayers import initializers as initializers
from convlayers import layers as layers
from convlayers import losses as losses
from convlayers import metrics as metrics
from convlayers import models as models
from convlayers import ops as ops
from convlayers import optimizers as optimizers
from convlayers import random as random
from convlayers import regularizers as regularizers
from convlayers import saving as saving
from convlayers import utils as utils
from convlayers.dtype_policies import DTypePolicy as DTypePolicy
from convlayers.info import info as info
from convlayers.initializers import Initializer as Initializer
from convlayers.layers import Input as Input
from convlayers.layers import InputSpec as InputSpec
from convlayers.layers import Layer as Layer
from convlayers.losses import Loss as Loss
from convlayers.metrics import Metric as Metric
from convlayers.models import Model as Model
from convlayers.models import Sequential as Sequential
from convlayers.optimizers import Optimizer as Optimizer
from convlayers.regularizers import Regularizer as Regularizer
from convlayers.symbolic import KerasTensor as KerasTensor
from convlayers.variables import Variable as Variable
