"""Functions on images. Names and arguments are those of `keras.ops.image`."""

from convlayers.ops.image.borders import crop_images as crop_images
from convlayers.ops.image.borders import pad_images as pad_images
from convlayers.ops.image.color import hsv_to_rgb as hsv_to_rgb
from convlayers.ops.image.color import rgb_to_grayscale as rgb_to_grayscale
from convlayers.ops.image.color import rgb_to_hsv as rgb_to_hsv
from convlayers.ops.image.coordinates import map_coordinates as map_coordinates
from convlayers.ops.image.filters import gaussian_blur as gaussian_blur
from convlayers.ops.image.filters import sobel_edges as sobel_edges
from convlayers.ops.image.filters import ssim as ssim
from convlayers.ops.image.patches import extract_patches as extract_patches
from convlayers.ops.image.patches import extract_patches_3d as extract_patches_3d
from convlayers.ops.image.resizing import resize as resize
from convlayers.ops.image.resizing import scale_and_translate as scale_and_translate
from convlayers.ops.image.warping import affine_transform as affine_transform
from convlayers.ops.image.warping import elastic_transform as elastic_transform
from convlayers.ops.image.warping import perspective_transform as perspective_transform
