"""Drawing what the tracker saw: a skeleton and a caption over a frame, and a whole video of it."""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from posegloss.pipeline.roi import Image
from posegloss.pipeline.sequence import FloatArray, KeypointSequence
from posegloss.pipeline.skeleton import BLAZEPOSE33, KEYPOINT_NAMES, LAYOUTS, Layout
from posegloss.pipeline.video import VideoSource
from posegloss.pipeline.video_writer import write_video

# Okabe and Ito's colors, which most color-blind people can tell apart (RGB).
LEFT: Final = (230, 159, 0)
RIGHT: Final = (86, 180, 233)
MIDDLE: Final = (240, 240, 240)
_SHADOW: Final = (20, 20, 20)
_SHOWN: Final = 0.5
"""Points less visible than this are not drawn: where they lie is a guess."""
_SUBPIXEL_BITS: Final = 3


def draw_skeleton(
    image: Image, keypoints: FloatArray, min_visibility: float = _SHOWN, layout: Layout = LAYOUTS[BLAZEPOSE33]
) -> None:
    """Draw a person's skeleton into a picture, the left side orange, the right side blue.

    Args:
        image: (H, W, 3) uint8 RGB; is drawn into.
        keypoints: (K, 4) x and y as fractions of the picture, z, visibility.
        min_visibility: points less visible are left out, with their bones.
        layout: of the K points. Hands are drawn with thinner lines.
    """
    height, width = image.shape[:2]
    shown = np.isfinite(keypoints[:, 0]) & (keypoints[:, 3] >= min_visibility)
    scaled = np.where(shown[:, None], keypoints[:, :2], 0) * (width, height) * (1 << _SUBPIXEL_BITS)
    points = [(int(x), int(y)) for x, y in np.clip(np.rint(scaled), -(1 << 20), 1 << 20)]
    thickness = max(2, round(min(width, height) / 180))
    widths = [thickness if i < len(KEYPOINT_NAMES) else max(1, thickness // 2) for i in range(len(layout))]
    bones = [(a, b, _color(layout.points[a], layout.points[b])) for a, b in layout.bones if shown[a] and shown[b]]
    for wider, shadow in ((2, _SHADOW), (0, None)):
        for a, b, color in bones:
            width = widths[a] + wider
            cv2.line(image, points[a], points[b], shadow or color, width, cv2.LINE_AA, _SUBPIXEL_BITS)
    for i in np.flatnonzero(shown).tolist():
        color = _color(layout.points[i])
        cv2.circle(image, points[i], widths[i] << _SUBPIXEL_BITS, color, -1, cv2.LINE_AA, _SUBPIXEL_BITS)


def draw_caption(image: Image, text: str) -> None:
    """Write a line of text on a dark band at the foot of a picture, small enough to fit."""
    height, width = image.shape[:2]
    scale = min(width, height) / 480
    font, thickness = cv2.FONT_HERSHEY_DUPLEX, max(1, round(scale))
    (text_width, text_height), _ = cv2.getTextSize(text, font, scale, thickness)
    if text_width > 0.94 * width:
        scale *= 0.94 * width / text_width
        (text_width, text_height), _ = cv2.getTextSize(text, font, scale, thickness)
    band = height - 2 * text_height
    image[band:] //= 3
    place = ((width - text_width) // 2, band + round(1.5 * text_height))
    cv2.putText(image, text, place, font, scale, (255, 255, 255), thickness, cv2.LINE_AA)


@dataclass(frozen=True)
class Caption:
    """A line of text, and from when on until before when it is shown, in seconds of the video."""

    text: str
    start_s: float = -math.inf
    end_s: float = math.inf


def render_video(
    video: Path,
    sequence: KeypointSequence,
    out: Path,
    *,
    caption: str | None = None,
    on_frame: Callable[[int], None] | None = None,
) -> None:
    """Write a copy of a video with its skeleton and a caption drawn on it, without its sound.

    Args:
        video: the video that the sequence was extracted from, whole.
        sequence: its keypoints.
        out: the file to write (.mp4).
        caption: a line of text for every frame.
        on_frame: is told how many frames are done.

    Raises:
        VideoError: the video cannot be read, or the copy not written.
    """
    times = render_frames(
        video,
        sequence.keypoints,
        out,
        layout=LAYOUTS[sequence.layout],
        captions=[Caption(caption)] if caption else [],
        frame_rate=sequence.frame_rate or 25.0,
    )
    for done, _ in enumerate(times, 1):
        if on_frame:
            on_frame(done)


def render_frames(
    video: Path,
    keypoints: Iterable[FloatArray],
    out: Path,
    *,
    layout: Layout,
    captions: Sequence[Caption] = (),
    frame_rate: float | None = None,
) -> Iterator[float]:
    """Write such a copy frame by frame; it appears when the last was asked for.

    Args:
        video: the video.
        keypoints: for each of its frames (K, 4) as in ``draw_skeleton``.
        out: the file to write (.mp4).
        layout: of the K points.
        captions: in the order of time, no two at once.
        frame_rate: frames a second that the copy claims; what the video claims unless given.

    Yields:
        The time of each frame that is done, in seconds.

    Raises:
        VideoError: the video cannot be read, or the copy not written.
    """
    starts = [caption.start_s for caption in captions]
    with (
        VideoSource(video, threads=2) as source,
        write_video(out, source.size, frame_rate or source.frame_rate) as writer,
    ):
        for frame, points in zip(source, keypoints, strict=False):
            image = frame.image.copy()
            draw_skeleton(image, points, layout=layout)
            latest = bisect_right(starts, frame.timestamp_s) - 1
            if latest >= 0 and frame.timestamp_s < captions[latest].end_s:
                draw_caption(image, captions[latest].text)
            writer.add(image, frame.timestamp_s)
            yield frame.timestamp_s


def _color(*names: str) -> tuple[int, int, int]:
    """Of a point or a bone, by the names of its points."""
    sides = {"left" in name.split("_") for name in names} | {"right" not in name.split("_") for name in names}
    if sides == {True}:
        return LEFT
    return RIGHT if sides == {False} else MIDDLE
