"""COCO's keypoint annotations (``person_keypoints_val2017.json``).

Format: https://cocodataset.org/#format-data. A keypoint is x, y, v; v is 0 where it was not marked (x and y are 0
then), 1 where it is hidden, 2 where it is seen. People of whom no keypoint was marked, and crowds, are ignored.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.measuring.people import Annotations, FloatArray, Person, from_named

NAMES: Final = (
    "nose",
    *(f"{side}_{part}" for part in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
      for side in ("left", "right")),
)  # fmt: skip


def is_coco(data: object) -> bool:
    """Whether what a JSON file holds looks like COCO's annotations."""
    return isinstance(data, dict) and {"images", "annotations"} <= data.keys()


def read_coco(data: Mapping[str, Any], source: str) -> Annotations:
    """The people of COCO's annotations.

    Args:
        data: the JSON.
        source: the file, for messages.

    Raises:
        FormatError: an annotation has not x, y, v for each keypoint, or no keypoints are there at all.
    """
    files = {image["id"]: str(image["file_name"]) for image in data["images"]}
    orders = {category["id"]: tuple(category.get("keypoints", ())) for category in data.get("categories", ())}
    people, ignored, strays = [], defaultdict(list), 0
    for annotation in data["annotations"]:
        image = files.get(annotation["image_id"])
        if image is None:
            strays += 1
            continue
        left, top, width, height = (float(value) for value in annotation["bbox"])
        box = np.array([left, top, left + width, top + height])
        points = _points(annotation, orders.get(annotation.get("category_id")) or NAMES, source)
        if annotation.get("iscrowd") or np.isnan(points).all():
            ignored[image].append(box)
        else:
            area = float(annotation.get("area") or 0) or None
            people.append(Person(image, points, marked_box=box, area=area))
    if not people:
        raise FormatError(f"{source} has no person with keypoints; COCO's file of keypoints is person_keypoints_*.json")
    notes = (f"{strays} annotations of pictures that {source} does not list were left out",) if strays else ()
    return Annotations(source, tuple(people), {name: np.array(boxes) for name, boxes in ignored.items()}, notes)


def _points(annotation: Mapping[str, Any], names: tuple[str, ...], source: str) -> FloatArray:
    values = annotation.get("keypoints", [])
    if not values:
        return from_named({})
    if len(values) != 3 * len(names):
        raise FormatError(
            f"{source}: annotation {annotation.get('id')} has {len(values)} numbers for {len(names)} keypoints; "
            "x, y and v of each are read"
        )
    triples = np.array(values, np.float64).reshape(-1, 3)
    return from_named({name: (x, y) for name, (x, y, v) in zip(names, triples.tolist(), strict=True) if v > 0})
