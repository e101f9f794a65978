"""What words such as "crossentropy" and "accuracy" mean depends on the shapes of the labels and predictions."""


def choose_by_labels(y_true, y_pred, binary, sparse, categorical):
    """Returns one of three things, by Keras's rule.

    Args:
        y_true: labels, an array or a symbolic tensor.
        y_pred: predictions, an array or a symbolic tensor.
        binary: for predictions of one number.
        sparse: for labels that are numbers of classes.
        categorical: for labels with a number for each class.
    """
    if y_pred.shape[-1] == 1:
        return binary
    if len(y_true.shape) < len(y_pred.shape) or (y_true.shape[-1] == 1 and y_pred.shape[-1] > 1):
        return sparse
    return categorical
