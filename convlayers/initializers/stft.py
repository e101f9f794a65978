"""Kernels of convolutions that compute a short-time Fourier transform."""

import numpy as np

from convlayers.initializers.initializer import Initializer
from convlayers.serialization import deserialize_keras_object
from convlayers.validation import did_you_mean, standardize_dtype

# By the names that they have in SciPy.
_WINDOWS = {
    "bartlett": np.bartlett,
    "blackman": np.blackman,
    "boxcar": np.ones,
    "hamming": np.hamming,
    "hann": np.hanning,
}


class STFT(Initializer):
    """The real or the imaginary part of a Fourier transform, as a kernel of shape (frame_length, 1, fft_length // 2 + 1).

    Args:
        side: "real" or "imag".
        window: what frames are multiplied by: the name of a window, "hann", "hamming", "blackman", "bartlett", "boxcar", or
            another one of `scipy.signal.windows` where SciPy is installed; an array of the length of a frame; or None.
        scaling: "density" or "spectrum", the norm of the window by which the kernel is divided, L2 or L1; or None.
        periodic: whether a window by name is one period of an endless one.
    """

    def __init__(self, side="real", window="hann", scaling="density", periodic=False):
        if side not in ("real", "imag"):
            raise ValueError(f"side should be 'real' or 'imag', not {side}")
        if isinstance(window, str):
            _make_window(window, 1, periodic)
        if scaling is not None and scaling not in ("density", "spectrum"):
            raise ValueError(
                f"Scaling is invalid, it must be `None`, 'density' or 'spectrum'. Received scaling={scaling}"
                + did_you_mean(scaling, ("density", "spectrum"))
            )
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = periodic

    def __call__(self, shape, dtype=None):
        frame_length, _, bands = shape
        window = self._window_of(frame_length)
        angles = -np.pi * np.outer(np.arange(frame_length), np.arange(bands)) / (bands - 1)
        kernel = (np.cos(angles) if self.side == "real" else np.sin(angles)) * window[:, np.newaxis]
        if self.window is not None and self.scaling is not None:
            kernel /= np.linalg.norm(window) if self.scaling == "density" else np.abs(window).sum()
        return kernel[:, np.newaxis].astype(standardize_dtype(dtype))

    def _window_of(self, frame_length):
        if self.window is None:
            return np.ones(frame_length)
        if isinstance(self.window, str):
            return _make_window(self.window, frame_length, self.periodic)
        window = np.asarray(self.window, float)
        if window.shape != (frame_length,):
            raise ValueError(f"The shape of `window` must be equal to [frame_length].Received: window shape={window.shape}")
        return window

    def get_config(self):
        return {"side": self.side, "window": self.window, "periodic": self.periodic, "scaling": self.scaling}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "window": deserialize_keras_object(config["window"])})


def _make_window(name, length, periodic):
    if name in _WINDOWS:
        # A period lacks the last number, which is the first of the next one.
        return _WINDOWS[name](length + bool(periodic))[:length]
    try:
        from scipy.signal import get_window

        return get_window(name, length, periodic)
    except (ImportError, ValueError) as error:
        message = f"Unknown window type. Received: window={name}" + did_you_mean(name, _WINDOWS)
        raise ValueError(message) from error
