"""Many images side by side, drawn by Matplotlib."""

import functools
import math

import numpy as np

from convlayers.visualization.batches import import_matplotlib, with_channels_last
from convlayers.visualization.boxes import draw_bounding_boxes
from convlayers.visualization.segmentation import draw_segmentation_masks


def plot_image_gallery(
    images,
    y_true=None,
    y_pred=None,
    label_map=None,
    rows=None,
    cols=None,
    value_range=(0, 255),
    scale=2,
    path=None,
    show=None,
    transparent=True,
    dpi=60,
    legend_handles=None,
    data_format=None,
):
    """Shows images side by side, with their classes above.

    Args:
        images: array of shape (batch, height, width, channels).
        y_true: vector of the classes.
        y_pred: vector of the classes that a model found.
        label_map: dict of the names of the classes, needed for these.
        rows, cols: how many there are below each other and side by side; by default about as many, for all images.
        value_range: the least and the largest value of a pixel.
        scale: how large an image is, in inches.
        path: the file to write. Nothing is shown then.
        show: whether a window is opened, by default where there is no path.
        transparent: whether the file has no background.
        dpi: dots per inch in the file.
        legend_handles: a list of what Matplotlib makes a legend of.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.

    Raises:
        ValueError: if there are a path and `show`, classes without names, or if the images are no batch.
        ImportError: if Matplotlib is not installed.
    """
    import_matplotlib("plot_image_gallery")
    from matplotlib import pyplot

    if path is not None and show:
        raise ValueError("plot_gallery() expects either `path` to be set, or `show` to be true.")
    if (y_true is not None or y_pred is not None) and label_map is None:
        raise ValueError("If `y_true` or `y_pred` are provided, a `label_map` must also be provided.")
    if np.ndim(images) != 4:
        raise ValueError("`plot_images_gallery()` requires you to batch your `np.array` samples together.")
    low, high = value_range
    images = (with_channels_last(images, data_format) - low) * (255 / (high - low))
    rows = rows or math.ceil(math.sqrt(len(images)))
    cols = cols or math.ceil(len(images) / rows)
    figure, axes = pyplot.subplots(
        rows, cols, figsize=(cols * scale, rows * scale), frameon=False, layout="tight", squeeze=False
    )
    if legend_handles is not None:
        figure.legend(handles=legend_handles, loc="lower center")
    for axis in axes.ravel():
        axis.axis("off")
    for index, (axis, image) in enumerate(zip(axes.ravel(), images, strict=False)):
        axis.imshow(image.astype("uint8"))
        axis.margins(x=0, y=0)
        classes = (("Label", y_true), ("Pred", y_pred))
        titles = [f"{name}: {_name(label_map, y[index])}" for name, y in classes if y is not None and index < len(y)]
        axis.set_title("  ".join(titles), fontsize=8)
    if path is not None:
        figure.savefig(path, pad_inches=0, bbox_inches="tight", transparent=transparent, dpi=dpi)
    elif show or show is None:
        pyplot.show()
    else:
        return  # the figure stays open, for who asks pyplot for it
    pyplot.close(figure)


def _name(label_map, label):
    return label_map.get(np.asarray(label).item(), "Unknown")


def plot_bounding_box_gallery(
    images,
    bounding_box_format,
    y_true=None,
    y_pred=None,
    value_range=(0, 255),
    true_color=(0, 188, 212),
    pred_color=(255, 235, 59),
    line_thickness=2,
    font_scale=1.0,
    text_thickness=None,
    class_mapping=None,
    ground_truth_mapping=None,
    prediction_mapping=None,
    legend=False,
    legend_handles=None,
    rows=None,
    cols=None,
    data_format=None,
    **kwargs,
):
    """Shows images side by side, with bounding boxes on them.

    Args:
        images: array of shape (batch, height, width, 3).
        bounding_box_format: the format of the boxes: what `keras.utils.bounding_boxes.convert_format` takes.
        y_true: the boxes, a dict as for `draw_bounding_boxes`.
        y_pred: the boxes that a model found.
        value_range: the least and the largest value of a pixel.
        true_color, pred_color: three numbers for each of both, up to 255.
        line_thickness, font_scale, text_thickness: as for `draw_bounding_boxes`.
        class_mapping: dict of the names of the classes.
        ground_truth_mapping, prediction_mapping: other names for one of both.
        legend: whether to say which color is which.
        legend_handles: a list of what Matplotlib makes another legend of.
        rows, cols: as for `plot_image_gallery`.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: other arguments of `plot_image_gallery`.

    Raises:
        ValueError: if the images are no batch, or if there are two legends.
        ImportError: if Matplotlib is not installed.
    """
    import_matplotlib("plot_bounding_box_gallery")
    from matplotlib.patches import Patch

    if legend and legend_handles:
        raise ValueError("Only pass `legend` OR `legend_handles` to `keras.visualization.plot_bounding_box_gallery()`.")
    images = with_channels_last(images, data_format)
    for boxes, color, mapping in (
        (y_true, true_color, ground_truth_mapping or class_mapping),
        (y_pred, pred_color, prediction_mapping or class_mapping),
    ):
        if boxes is not None:
            images = draw_bounding_boxes(
                images,
                boxes,
                bounding_box_format,
                class_mapping=mapping,
                color=color,
                line_thickness=line_thickness,
                text_thickness=text_thickness,
                font_scale=font_scale,
                data_format="channels_last",
            )
    if legend:
        names = (("Ground Truth", true_color), ("Prediction", pred_color))
        legend_handles = [Patch(color=np.array(color) / 255, label=name) for name, color in names]
    return plot_image_gallery(
        images,
        # What has been drawn on is of bytes.
        value_range=value_range if y_true is None and y_pred is None else (0, 255),
        legend_handles=legend_handles,
        rows=rows,
        cols=cols,
        data_format="channels_last",
        **kwargs,
    )


def plot_segmentation_mask_gallery(
    images,
    num_classes,
    value_range=(0, 255),
    y_true=None,
    y_pred=None,
    color_mapping=None,
    blend=True,
    alpha=0.8,
    ignore_index=-1,
    data_format=None,
    **kwargs,
):
    """Shows images below each other, and beside them the classes of their pixels as colors.

    Args:
        images: array of shape (batch, height, width, 3).
        num_classes: how many classes there are.
        value_range: the least and the largest value of a pixel.
        y_true: the class of each pixel: ints of shape (batch, height, width), or with an axis of size 1 for channels.
        y_pred: the classes that a model found.
        color_mapping, blend, alpha, ignore_index: as for `draw_segmentation_masks`.
        data_format: "channels_last" or "channels_first"; by default that of `keras.config.image_data_format()`.
        kwargs: other arguments of `plot_image_gallery`.

    Raises:
        ValueError: if the images are no batch.
        ImportError: if Matplotlib is not installed.
    """
    images = with_channels_last(images, data_format)
    draw = functools.partial(
        draw_segmentation_masks,
        images,
        num_classes=num_classes,
        color_mapping=color_mapping,
        blend=blend,
        alpha=alpha,
        ignore_index=ignore_index,
        data_format="channels_last",
    )
    columns = [images]
    for masks in (y_true, y_pred):
        if masks is not None:
            masks = np.asarray(masks).astype("int32")
            columns.append(draw(masks if masks.ndim == 3 else with_channels_last(masks, data_format)))
    side_by_side = np.stack(columns, axis=1).reshape(-1, *images.shape[1:])
    return plot_image_gallery(
        side_by_side, value_range=value_range, rows=len(images), cols=len(columns), data_format="channels_last", **kwargs
    )
