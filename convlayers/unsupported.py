"""What Keras has and this package has not: what to do instead, by the path behind "keras."."""

_ADVICE = {
    "Recurrent layers are not part of convlayers, which is for convolutional networks. A convolution sees steps that are past, "
    'too: `Conv1D(padding="causal", dilation_rate=...)`; `TimeDistributed` applies a layer to each step.': """
        layers.Bidirectional layers.ConvLSTM1D layers.ConvLSTM2D layers.ConvLSTM3D layers.CuDNNGRU layers.CuDNNLSTM layers.GRU
        layers.GRUCell layers.LSTM layers.LSTMCell layers.RNN layers.SimpleRNN layers.SimpleRNNCell layers.StackedRNNCells
        layers.recurrent
    """,
    "Attention is not part of convlayers, which is for convolutional networks. `ops.matmul` and `ops.softmax`, of which it is "
    "made, are differentiable in a layer of your own.": """
        config.disable_flash_attention config.enable_flash_attention config.is_flash_attention_enabled layers.AdditiveAttention
        layers.Attention layers.GroupQueryAttention layers.MultiHeadAttention ops.dot_product_attention
    """,
    "Text and tables are not part of convlayers, which is for convolutional networks. `numpy.unique(words, "
    "return_inverse=True)` makes numbers of words; `Discretization`, `CategoryEncoding` and `Embedding` take numbers.": """
        layers.HashedCrossing layers.Hashing layers.IntegerLookup layers.StringLookup layers.TextVectorization
        preprocessing.text preprocessing.text_dataset_from_directory utils.FeatureSpace utils.text_dataset_from_directory
    """,
    "Sound, transforms of signals and complex numbers are not part of convlayers. `numpy.fft` prepares data for which no "
    "gradient is wanted.": """
        layers.MelSpectrogram layers.STFTSpectrogram ops.eig ops.fft ops.fft2 ops.ifft2 ops.irfft ops.istft ops.polar ops.rfft
        ops.stft ops.view_as_complex ops.view_as_real utils.audio_dataset_from_directory
    """,
    "Keras 1 had it for models with branches. Call layers on tensors: `x = keras.layers.concatenate([left.output, "
    "right.output])`, and `keras.Model([left.input, right.input], x)`.": "layers.Merge",
    "Layers without shared weights are not part of convlayers.": """
        layers.LocallyConnected1D layers.LocallyConnected2D layers.local
    """,
    "Layers of other frameworks are not part of convlayers. Models of Keras come by their files, `load_model(path)`.": """
        layers.FlaxLayer layers.JaxLayer layers.TFSMLayer layers.TorchModuleWrapper
    """,
    "Weights of 8 or 4 bits are not part of convlayers. The policies `mixed_float16` and `mixed_bfloat16` store 16; a "
    "model that was saved before it was quantized is read.": """
        Quantizer dtype_policies.AWQDTypePolicy dtype_policies.GPTQDTypePolicy dtype_policies.Int4DTypePolicy
        dtype_policies.QuantizedDTypePolicy dtype_policies.QuantizedFloat8DTypePolicy quantizers
    """,
    "Keras 3 does not have it, as its images would be of a size that is not known. `layers.RandomZoom(height, width)` scales "
    "images within their size.": "layers.RandomHeight layers.RandomWidth",
    "Orbax is for JAX. Use `ModelCheckpoint`, or `BackupAndRestore` to go on after an interruption.": """
        callbacks.OrbaxCheckpoint
    """,
    "Models are not exported to other formats. `model.save(path)` writes a file that Keras loads, and Keras exports.": "export",
    "There is one machine, all of whose cores compute.": "distribution utils.multi_gpu_model utils.training_utils",
    "A model that learns from another one is a subclass of `Model` with its own `compute_loss`.": "distillation",
    "Memory is not exchanged for time.": "RematScope remat",
    "It belongs to the way in which Keras compiles programs. Here, a part of a network is a `Layer` or a `Model(inputs, "
    "outputs)`, and what is made of `ops` is differentiable.": """
        Function Operation StatelessScope SymbolicScope ops.associative_scan ops.jvp
    """,
    "Lists, tuples and dicts of arrays are walked by the package `optree`, as in Keras: "
    "`optree.tree_map(function, structure)`.": "tree",
    "Decoding of sequences is not part of convlayers.": "ops.ctc_decode",
    "YAML of models is not read: it may hold code. Where it has numbers, texts and lists alone, "
    "`models.model_from_json(json.dumps(yaml.safe_load(text)))` reads it.": "models.model_from_yaml",
    "Files of older versions are read by `load_model(path)`, and objects by `saving.deserialize_keras_object`.": """
        legacy.saving utils.legacy
    """,
}
_BY_PATH = {path: advice for advice, paths in _ADVICE.items() for path in paths.split()}


def advice_for(path):
    """Returns what to do in place of something at a path, as "layers.LSTM", or below it; None if nothing is known of it."""
    while path and path not in _BY_PATH:
        path = path.rpartition(".")[0]
    return _BY_PATH.get(path)


def missing(module, name):
    """Returns the error to raise for a name that a module of this package has not."""
    advice = advice_for(f"{module}.{name}".partition(".")[2])
    return AttributeError(f"module {module!r} has no attribute {name!r}" + (f"\n{advice}" if advice else ""))
