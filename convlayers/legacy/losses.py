"""How losses said what becomes of those of single samples: `keras.losses.Reduction`."""


class Reduction:
    """The values of the argument `reduction` of losses."""

    AUTO = SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    NONE = "none"
    SUM = "sum"


# What old scripts find in `keras.losses`.
ADDED = {"Reduction": Reduction}
