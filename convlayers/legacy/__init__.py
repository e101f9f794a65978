"""What only old scripts need: how things were written in Keras 1 and 2. The rest of the package does without."""


def accept_old_spellings():
    """Lets layers, models, optimizers and callbacks of this process take the arguments, and have the methods, of Keras 1 and 2.

    Each gets a warning that says how it is written today. Without this call they are as strict as Keras 3 is.
    """
    from convlayers import callbacks, layers, metrics
    from convlayers.legacy.arguments import (
        accept_names_of_types,
        accept_names_of_weights,
        accept_old_arguments,
        classes_in,
    )
    from convlayers.legacy.attributes import accept_old_attributes
    from convlayers.legacy.callbacks import accept_old_callbacks
    from convlayers.legacy.files import accept_old_file_names
    from convlayers.legacy.freezing import train_as_compiled
    from convlayers.legacy.graph_calls import accept_graph_calls
    from convlayers.legacy.optimizers import accept_old_optimizers
    from convlayers.legacy.symbolic_losses import accept_symbolic_losses
    from convlayers.legacy.training import accept_old_training

    accept_old_arguments(classes_in(layers, layers.Layer) | classes_in(callbacks, callbacks.Callback))
    accept_names_of_types()
    for kind in (layers.Layer, metrics.Metric):
        accept_names_of_weights(kind)
    accept_old_attributes()
    accept_old_callbacks()
    accept_old_file_names()
    accept_graph_calls()
    accept_symbolic_losses()
    accept_old_training()
    train_as_compiled()
    accept_old_optimizers()
