"""How strong a random change is: the arguments called `factor`."""


def factor_range(factor, bounds, name="factor"):
    """Returns the least and the largest number that a factor stands for.

    Args:
        factor: two numbers, or one, for the range from its negative to itself.
        bounds: two numbers that the range must lie between. A range that reaches beyond the least begins there.
        name: the argument's name, for the message.

    Raises:
        ValueError: if it is none of these.
    """
    lowest, highest = bounds
    error = ValueError(
        f"The `{name}` argument should be a number (or a list of two numbers) in the range "
        f"[{lowest}, {highest}]. Received: factor={factor}"
    )
    if isinstance(factor, (tuple, list)):
        if len(factor) != 2 or factor[0] > highest or factor[1] < lowest:
            raise error
        lower, upper = sorted(factor)
        return lower, upper
    if not isinstance(factor, (int, float)) or not lowest <= factor <= highest:
        raise error
    return max(-abs(factor), lowest), abs(factor)


def named_factor_range(factor, name, is_inside, message):
    """Returns the same for factors with names, such as `height_factor`.

    Args:
        is_inside: whether a number is allowed, a function.
        message: what to say where it is not.

    Raises:
        ValueError: if it is neither a number nor two.
    """

    def check(number):
        if not is_inside(number):
            raise ValueError(f"{message}Received: input_number={number}")

    if isinstance(factor, (tuple, list)):
        if len(factor) != 2:
            raise ValueError(f"{message}Received: {name}={factor}")
        check(factor[0])
        check(factor[1])
        lower, upper = sorted(factor)
        return lower, upper
    if not isinstance(factor, (int, float)):
        raise ValueError(f"{message}Received: {name}={factor}")
    check(factor)
    return -abs(factor), abs(factor)


def value_range_of(value_range):
    """Returns the least and the largest value of a pixel, in a list.

    Raises:
        ValueError: if it is not two numbers.
    """
    if not isinstance(value_range, (tuple, list)) or len(value_range) != 2:
        raise ValueError(f"The `value_range` argument should be a list of two numbers. Received: value_range={value_range}")
    return sorted(value_range)
