"""Keras 2's optimizers. They are not here; whoever asks for one is told what to use."""


class _Legacy:
    def __init__(self, *args, **kwargs):
        raise ImportError(
            "`keras.optimizers.legacy` is not supported in Keras 3. When using `tf.keras`, to continue using a "
            "`tf.keras.optimizers.legacy` optimizer, you can install the `tf_keras` package (Keras 2) and set the environment "
            "variable `TF_USE_LEGACY_KERAS=True` to configure TensorFlow to use `tf_keras` when accessing `tf.keras`.\n"
            f"Here, use `optimizers.{type(self).__name__}`: `lr` is called `learning_rate`, and in place of `decay` a schedule "
            "such as `optimizers.schedules.InverseTimeDecay` is passed as `learning_rate`."
        )


Adagrad, Adam, Ftrl, RMSprop, SGD, Optimizer = (
    type(name, (_Legacy,), {}) for name in ("Adagrad", "Adam", "Ftrl", "RMSprop", "SGD", "Optimizer")
)
