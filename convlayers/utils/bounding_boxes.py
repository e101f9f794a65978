"""Bounding boxes, under the names of `keras.utils.bounding_boxes`."""

from convlayers.layers.preprocessing.bounding_boxes.deltas import decode_deltas_to_boxes as decode_deltas_to_boxes
from convlayers.layers.preprocessing.bounding_boxes.deltas import encode_box_to_deltas as encode_box_to_deltas
from convlayers.layers.preprocessing.bounding_boxes.formats import convert_format as convert_format
from convlayers.layers.preprocessing.bounding_boxes.moves import affine_transform as affine_transform
from convlayers.layers.preprocessing.bounding_boxes.moves import clip_to_image_size as clip_to_image_size
from convlayers.layers.preprocessing.bounding_boxes.moves import crop as crop
from convlayers.layers.preprocessing.bounding_boxes.moves import pad as pad
from convlayers.layers.preprocessing.bounding_boxes.overlap import compute_ciou as compute_ciou
from convlayers.layers.preprocessing.bounding_boxes.overlap import compute_iou as compute_iou
