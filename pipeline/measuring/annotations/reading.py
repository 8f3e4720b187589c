"""Annotations from a file, whose format is told by what it holds; and lists of pictures."""

import io
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from posegloss.pipeline.formats.errors import FormatError, told_as_format_error
from posegloss.pipeline.measuring.annotations.coco import is_coco, read_coco
from posegloss.pipeline.measuring.annotations.lsp import read_lsp
from posegloss.pipeline.measuring.annotations.mpii import is_mpii, read_mpii_json, read_mpii_mat
from posegloss.pipeline.measuring.annotations.table import read_table
from posegloss.pipeline.measuring.people import Annotations


def read_annotations(path: Path) -> Annotations:
    """The annotated people of a file: COCO (.json), MPII (.mat, .json), Leeds Sports Pose (.mat, .npz) or .csv.

    Raises:
        FormatError: the file cannot be read, is none of these, or nobody is marked in it.
    """
    with told_as_format_error(path, "a file of annotations that is known (COCO, MPII, Leeds Sports Pose, CSV)"):
        found = _read(path.read_bytes(), path)
    if not found.people:
        raise FormatError(f"{path} marks nobody")
    return found


def _read(content: bytes, path: Path) -> Annotations:
    source = str(path)
    match path.suffix.lower():
        case ".csv":
            return read_table(content.decode("utf-8-sig"), source)
        case ".mat":
            return _read_mat(content, source)
        case ".npz":
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                return read_lsp(arrays["joints"], source, arrays["name"].tolist())
        case ".json":
            data = json.loads(content)
            if is_coco(data):
                return read_coco(data, source)
            if is_mpii(data):
                return read_mpii_json(data, source)
            raise FormatError(f"{path} is neither COCO's keypoints (images, annotations) nor MPII's (image, joints)")
    raise FormatError(f"{path} is not named as annotations are: .json, .mat, .npz or .csv")


def _read_mat(content: bytes, source: str) -> Annotations:
    # Slow to import, and only this format needs it.
    from scipy.io import loadmat

    variables: dict[str, Any] = loadmat(io.BytesIO(content), squeeze_me=True, struct_as_record=False)
    if "RELEASE" in variables:
        return read_mpii_mat(variables["RELEASE"], source)
    if "joints" in variables:
        # Squeezed, a set of one picture has lost its last dimension.
        return read_lsp(np.atleast_3d(variables["joints"]), source)
    raise FormatError(f"{source} holds neither RELEASE (MPII) nor joints (Leeds Sports Pose)")


def read_list(path: Path, key: str | None = None, option: str = "--list-key") -> Collection[str]:
    """The pictures of a list: lines of text, a JSON list, or a JSON object with lists.

    Args:
        path: the list.
        key: of the list in a JSON object; the only one unless given.
        option: what the user says that with.

    Raises:
        FormatError: the file cannot be read, or holds no such list.
    """
    with told_as_format_error(path, "a list of pictures"):
        text = path.read_text("utf-8-sig")  # some editors begin a text with a mark
        data = json.loads(text) if path.suffix.lower() == ".json" else text.splitlines()
        lists = data if isinstance(data, dict) else {key or "": data}
        lists = {name: entries for name, entries in lists.items() if isinstance(entries, list)}
    chosen = key if key is not None or len(lists) != 1 else next(iter(lists))
    if chosen not in lists:
        raise FormatError(f"{path} holds the lists {sorted(lists)}; say which of them ({option})")
    names = frozenset(str(name).strip() for name in lists[chosen]) - {""}
    if not names:
        raise FormatError(f"{path} lists no pictures")
    return names
