"""The page of one sequence: what the tracker saw, when, and how surely."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

import posegloss
from posegloss.pipeline.files import write_whole
from posegloss.pipeline.html import render_html
from posegloss.pipeline.inspection.skeleton_svg import SHOWN, motion, still_size, stills
from posegloss.pipeline.inspection.timeplots import HEIGHT, WIDTH, TimeAxis, heat_map, limits
from posegloss.pipeline.sequence import FloatArray, KeypointSequence
from posegloss.pipeline.skeleton import INDEX, LAYOUTS
from posegloss.pipeline.storing.clip import Clip

_LONGEST_NAME: Final = 60
"""Letters of a file's name; a file system takes 255 bytes, of which a letter may need four."""
_MOST_SPANS: Final = 12
_IRREGULAR: Final = 0.1
"""A frame that comes earlier or later by this part of the median distance is counted as irregular."""


@dataclass(frozen=True)
class Line:
    """One value over time: its name, its class of colour, and SVG paths of all of it and of what is surely seen."""

    name: str
    side: str
    all: str
    seen: str


@dataclass(frozen=True)
class Plot:
    """Lines over time between two limits, which are written at the foot and the top; an SVG path of two edges."""

    title: str
    explained: str
    foot: str
    top: str
    lines: tuple[Line, ...]
    edges: str = ""


def page_name(clip_id: str) -> str:
    """A file name for a clip's page that every system takes."""
    name = re.sub(r"[^\w.]+", "-", clip_id).strip("-.") or "clip"
    if len(name) > _LONGEST_NAME:
        # Spans of one long video differ at the end of their ids.
        digest = hashlib.sha256(clip_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        name = f"{name[:_LONGEST_NAME]}-{digest}"
    return f"{name}.html"


def write_page(clip: Clip, out: Path) -> Path:
    """Write the page of a clip, which appears whole or not at all.

    Args:
        clip: the clip.
        out: the page; its folder is made if there is none.

    Raises:
        StoreError: the page cannot be written.
    """
    write_whole(out, render_page(clip))
    return out


def render_page(clip: Clip) -> str:
    """The page as HTML that needs nothing else. All text is escaped: ids and labels are other people's."""
    sequence = clip.sequence
    axis = TimeAxis(sequence.timestamps)
    absent = ~sequence.present
    visibility = np.where(np.isnan(sequence.keypoints[..., 0]), np.nan, sequence.visibility)
    return render_html(
        Path(__file__).with_name("page.html"),
        clip=clip,
        sequence=sequence,
        version=posegloss.__version__,
        facts=_facts(clip),
        axis=axis,
        plot_size=(WIDTH, HEIGHT),
        absent=int(absent.sum()),
        absent_bands=axis.bands(absent) if len(sequence) else "",
        spans=_spans(absent, axis),
        most_spans=_MOST_SPANS,
        shown=SHOWN,
        stills=stills(sequence),
        still_size=still_size(sequence),
        motion=motion(sequence),
        heat_map=heat_map(axis, visibility),
        seen=_seen(sequence),
        plots=[*_wrists(sequence, axis), *_intervals(sequence.timestamps, axis)],
        regularity=_regularity(sequence.timestamps),
    )


def _facts(clip: Clip) -> list[tuple[str, str]]:
    sequence = clip.sequence
    rate = sequence.frame_rate
    present, frames = int(sequence.present.sum()), len(sequence)
    facts = {
        "clip": clip.clip_id,
        "gloss": clip.gloss,
        "signer": clip.signer,
        "split": clip.split,
        "size": f"{sequence.size[0]} x {sequence.size[1]} pixels",
        "frames": f"{frames:,}; a person in {present:,} of them",
        "frame rate": None if rate is None else f"{rate:.4g} a second, in the median",
        "duration": f"{sequence.duration:.2f} s",
        "source": sequence.source,
        "points": sequence.layout,
    }
    if made := clip.provenance:
        facts |= {
            "file": None if made.origin.size is None else f"{made.origin.size:,} bytes",
            "sha256": made.origin.sha256,
            "model": made.model,
            "settings": made.settings,
            "extracted": f"{made.extracted_at:%Y-%m-%d %H:%M:%S %Z}, by posegloss {made.version}",
        }
    return [(name, value) for name, value in facts.items() if value]


def _spans(frames: npt.NDArray[np.bool_], axis: TimeAxis) -> list[tuple[int, int, float, float]]:
    """First and last frame, start and end in seconds of each run of frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], frames, [False]]).astype(int))).reshape(-1, 2)
    ends = np.append(axis.timestamps[1:], axis.end_s)
    return [(a, b - 1, float(axis.timestamps[a]), float(ends[b - 1])) for a, b in edges.tolist()]


def _seen(sequence: KeypointSequence) -> list[tuple[str, float]]:
    """For each point the part of the frames in which it is likely to be seen."""
    names = LAYOUTS[sequence.layout].points
    parts = (sequence.visibility >= SHOWN).mean(axis=0) if len(sequence) else np.zeros(len(names))
    return list(zip(names, map(float, parts), strict=True))


def _wrists(sequence: KeypointSequence, axis: TimeAxis) -> list[Plot]:
    sides = ("left", "right")
    points = [INDEX[f"{side}_wrist"] for side in sides]
    sure = [sequence.visibility[:, point] >= SHOWN for point in points]
    x, y = ([sequence.keypoints[:, point, i] for point in points] for i in (0, 1))
    speeds = [_speed(sequence, point) for point in points]

    def plot(title: str, explained: str, values: list[FloatArray], low: float, high: float, edges: str = "") -> Plot:
        lines = tuple(
            Line(f"{side} wrist", side, axis.line(one, low, high), axis.line(np.where(known, one, np.nan), low, high))
            for side, one, known in zip(sides, values, sure, strict=True)
        )
        return Plot(title, explained, f"{low:.2f}", f"{high:.2f}", lines, edges)

    left, right = limits(x, 0.2)
    top, foot = limits(y, 0.2)
    return [
        plot(
            "Wrists, left to right",
            "0 is the left edge of the picture, 1 the right",
            x,
            left,
            right,
            _edges(left, right),
        ),
        plot("Wrists, up and down", "0 is the top of the picture, 1 the foot", y, foot, top, _edges(foot, top)),
        plot("Speed of the wrists", "in heights of the picture a second", speeds, 0.0, limits(speeds)[1]),
    ]


def _edges(low: float, high: float) -> str:
    """SVG path of the edges of the picture that lie between two limits."""
    inside = [(edge - low) / (high - low) for edge in (0, 1) if min(low, high) < edge < max(low, high)]
    return "".join(f"M0 {HEIGHT * (1 - place):.1f}H{WIDTH}" for place in inside)


def _speed(sequence: KeypointSequence, point: int) -> FloatArray:
    """(T,) heights of the frame that a point moves in a second, since the frame before."""
    moved = np.diff(sequence.pixels()[:, point, :2], axis=0, prepend=np.nan)
    past_s = np.diff(sequence.timestamps, prepend=np.nan)
    return np.asarray(np.linalg.norm(moved, axis=1) / sequence.size[1] / past_s, np.float32)


def _intervals(timestamps: npt.NDArray[np.float64], axis: TimeAxis) -> list[Plot]:
    if len(timestamps) < 2:
        return []
    values = np.append(np.diff(timestamps), np.nan) * 1000
    high = 1.15 * float(np.nanmax(values))
    path = axis.line(values, 0.0, high, steps=True)
    explained = "milliseconds from each frame to the next; a straight line is a steady camera"
    return [Plot("Frame intervals", explained, "0", f"{high:.4g}", (Line("interval", "middle", path, path),))]


def _regularity(timestamps: npt.NDArray[np.float64]) -> str:
    """In words how even the frames are in time."""
    if len(timestamps) < 2:
        return ""
    intervals = np.diff(timestamps) * 1000
    middle = float(np.median(intervals))
    odd = int((np.abs(intervals - middle) > _IRREGULAR * middle).sum())
    told = f"{middle:.4g} ms in the median, from {intervals.min():.4g} to {intervals.max():.4g} ms"
    if not odd:
        return f"{told}; regular"
    return f"{told}; {odd:,} of {len(intervals):,} are off by more than {_IRREGULAR:.0%} of the median"
