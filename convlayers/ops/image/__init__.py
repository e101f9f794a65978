"""Functions on images. Names and arguments are those of `keras.ops.image`."""

from convlayers.ops.image.borders import crop_images, pad_images
from convlayers.ops.image.color import hsv_to_rgb, rgb_to_grayscale, rgb_to_hsv
from convlayers.ops.image.coordinates import map_coordinates
from convlayers.ops.image.filters import gaussian_blur, sobel_edges, ssim
from convlayers.ops.image.patches import extract_patches, extract_patches_3d
from convlayers.ops.image.resizing import resize, scale_and_translate
from convlayers.ops.image.warping import affine_transform, elastic_transform, perspective_transform
