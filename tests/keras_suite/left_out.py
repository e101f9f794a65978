"""Names that tests of Keras ask for, and that convlayers leaves out on purpose. A test that calls one is skipped."""

_NAMES = {
    "complex numbers, and transforms of signals, are not a part": """
        eig polar view_as_complex view_as_real fft fft2 ifft2 irfft istft rfft stft MelSpectrogram STFTSpectrogram
    """,
    "transformations of programs are not a part": "associative_scan jvp",
    "sequence models are not a part": "LSTM MultiHeadAttention dot_product_attention ctc_decode",
    "words and tables are not a part": """
        FeatureSpace HashedCrossing Hashing IndexLookup IntegerLookup StringLookup TextVectorization text_dataset_from_directory
        audio_dataset_from_directory
    """,
    "weights of 8 or 4 bits are not a part": "QuantizedDTypePolicy",
    "it is a function inside of Keras": """
        _analyze_einsum_string broadcast_shapes build_pos_neg_masks code_stats compute_conv_output_shape
        compute_expand_dims_output_shape compute_fans compute_pooling_output_shape compute_reshape_output_shape
        dtype_utils get_source_inputs python_utils reduce_shape shape_equal
        Tracker validate_reshape_shape DynamicBackend
    """,
}
_REASONS = {name: reason for reason, names in _NAMES.items() for name in names.split()}


def reason_for(path):
    """Returns why there is nothing for a dotted name, None if there should be."""
    return next((_REASONS[part] for part in path.split(".") if part in _REASONS), None)
