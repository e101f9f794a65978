"""Layers under the names that MindSpore has for them.

    from convlayers.mindspore import nn

They are layers of convlayers: arrays in, arrays out, trained by `forward` and `backward` with any optimizer of convlayers.
"""

from convlayers.mindspore import nn
