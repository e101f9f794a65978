"""The argument `noise_shape`: which numbers share what is drawn at random."""


def standardize_noise_shape(noise_shape):
    """Returns a noise shape as a tuple, or None.

    Raises:
        ValueError: if it holds anything but ints above 0 and None.
    """
    if noise_shape is None:
        return None
    message = "Invalid value received for argument `noise_shape`."
    if isinstance(noise_shape, str):
        raise ValueError(f"{message} Expected a tuple or list of integers. Received: noise_shape={noise_shape}")
    try:
        noise_shape = tuple(noise_shape)
    except TypeError:
        raise ValueError(
            f"{message} Expected an iterable of integers (e.g., a tuple or list). Received: noise_shape={noise_shape}"
        ) from None
    for index, size in enumerate(noise_shape):
        if size is None:
            continue
        if not isinstance(size, int):
            raise ValueError(
                f"{message} Expected all elements to be integers or None. "
                f"Received element at index {index}: {size} (type: {type(size).__name__})"
            )
        if size <= 0:
            raise ValueError(
                f"{message} Expected all dimensions to be positive integers or None. "
                f"Received negative or zero value at index {index}: {size}"
            )
    return noise_shape
