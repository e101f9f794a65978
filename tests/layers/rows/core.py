"""Rows of the table: layers in `convlayers/layers/core`."""

from tests.layers.rows.row import Row


def einsum_rows():
    return [
        Row("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3}, (4, 5), (4, 3)),
        Row("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (6, 3), "bias_axes": "d"}, (4, 6, 5), (4, 6, 3)),
        Row("EinsumDense", {"equation": "...x,xy->...y", "output_shape": 3, "bias_axes": "y"}, (2, 3, 5), (2, 3, 3)),
        Row("EinsumDense", {"equation": "ab...,bc->ac...", "output_shape": 3, "bias_axes": "c"}, (2, 5, 3, 4), (2, 3, 3, 4)),
        Row(
            "EinsumDense",
            {
                "equation": "abc,cde->abde",
                "output_shape": (6, 2, 3),
                "activation": "tanh",
                "bias_axes": "de",
                "kernel_initializer": "he_uniform",
                "bias_initializer": "ones",
                "kernel_regularizer": "l2",
                "bias_regularizer": "l1",
                "activity_regularizer": "l2",
                "kernel_constraint": "non_neg",
                "bias_constraint": "max_norm",
            },
            (4, 6, 5),
            (4, 6, 2, 3),
        ),
    ]


def rows():
    return [
        *einsum_rows(),
        Row("Embedding", {"input_dim": 5, "output_dim": 3}, (4, 6), (4, 6, 3), integers=3),
        Row("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3, "logit_soft_cap": 5.0}, (4, 6), (4, 6, 3), integers=3),
        Row(
            "Embedding",
            {
                "input_dim": 6,
                "output_dim": 2,
                "mask_zero": True,
                "embeddings_initializer": "ones",
                "embeddings_regularizer": "l2",
                "embeddings_constraint": "max_norm",
            },
            (2, 3, 4),
            (2, 3, 4, 2),
            integers=3,
        ),
        Row("Identity", {}, (2, 3, 4), (2, 3, 4)),
        Row("Masking", {}, (2, 3, 4), (2, 3, 4)),
        Row("Masking", {"mask_value": 1.0}, (2, 3, 4, 2), (2, 3, 4, 2)),
        Row("TimeDistributed", {"layer": Row("Dense", {"units": 3, "name": "inner"})}, (2, 4, 5), (2, 4, 3)),
        Row(
            "TimeDistributed",
            {"layer": Row("Conv2D", {"filters": 2, "kernel_size": 3, "name": "inner"})},
            (2, 3, 6, 5, 2),
            (2, 3, 4, 3, 2),
        ),
        Row(
            "TimeDistributed",
            {"layer": Row("BatchNormalization", {"name": "inner"})},
            (3, 2, 4),
            (3, 2, 4),
        ),
        Row("Dense", {"units": 3}, (4, 5), (4, 3)),
        Row("Dense", {"units": 3, "activation": "softmax"}, (4, 5), (4, 3)),
        Row("Dense", {"units": 20, "activation": "relu", "use_bias": False}, (2, 3, 5), (2, 3, 20)),
        Row(
            "Dense",
            {
                "units": 2,
                "activation": "tanh",
                "kernel_initializer": "he_uniform",
                "bias_initializer": "ones",
                "kernel_regularizer": "l2",
                "bias_regularizer": "l1",
                "activity_regularizer": "l2",
                "kernel_constraint": "non_neg",
                "bias_constraint": "max_norm",
            },
            (4, 5),
            (4, 2),
        ),
    ]
