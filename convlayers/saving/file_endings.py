"""How the names of files end that Keras writes."""

HDF5_ENDINGS = (".h5", ".hdf5")
MODEL_ENDINGS = (".keras", *HDF5_ENDINGS)
WEIGHTS_ENDING = ".weights.h5"
