"""Images with what was found on them, under the names of `keras.visualization`. Matplotlib is imported where it is used."""

from convlayers.lazy_imports import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    boxes="draw_bounding_boxes",
    galleries="plot_bounding_box_gallery plot_image_gallery plot_segmentation_mask_gallery",
    segmentation="draw_segmentation_masks",
)
