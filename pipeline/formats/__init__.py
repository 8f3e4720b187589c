"""Landmarks made by others: read as they are, written as others read them. docs/formats.md tells what becomes of each.

from posegloss.pipeline.formats import ReadOptions, read_sequence
sequence = read_sequence(Path("clip.pose"))
sequence = read_sequence(Path("openpose_frames/"), ReadOptions(frame_rate=25, size=(1920, 1080)))
"""

from posegloss.pipeline.formats.errors import FormatError
from posegloss.pipeline.formats.options import ReadOptions
from posegloss.pipeline.formats.registry import FORMATS, is_landmarks, list_clips, read_sequence

__all__ = ["FORMATS", "FormatError", "ReadOptions", "is_landmarks", "list_clips", "read_sequence"]
