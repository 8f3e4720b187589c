"""The picture of where a frame's time goes: ours by stage above the totals of the peers, in milliseconds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.speed.frame_time import NETWORK, FrameTime

# Legible on white and on black, since the background is left transparent.
_TEXT: Final = "#808790"
_PEER: Final = "#9aa0a6"
_COLOURS: Final = {
    "decode": "#4e9fd1",
    "colour": "#2fb5a5",
    "detector": "#b5b04a",
    "crop": "#e0a030",
    NETWORK: "#6a6fd8",
    "network in and out": "#c77dd0",
    "refinement": "#e06c75",
    "projection": "#8fb339",
    "smoothing": "#d98452",
    "other": "#8c7a6b",
    "storing": "#5f9e6e",
}


def draw(path: Path, title: str, times: FrameTime, peers: Mapping[str, float]) -> None:
    """Write the picture; its kind is that of the path's suffix.

    Args:
        path: of the picture, *.svg or *.png.
        title: what was measured on.
        times: ours.
        peers: milliseconds of processor time of a frame, by tool.
    """
    mpl.rcParams["svg.fonttype"] = "none"
    mpl.rcParams["svg.hashsalt"] = "posegloss"  # the same measurement makes the same file
    figure = Figure(figsize=(9, 1.9 + 0.55 * len(peers)), layout="constrained")
    axes = figure.add_subplot()
    left = 0.0
    for stage, ms in times.stages.items():
        axes.barh(0, max(ms, 0), left=left, height=0.6, color=_COLOURS[stage], label=f"{stage} {max(ms, 0):.2f} ms")
        left += max(ms, 0)
    axes.text(left, 0, f" {left:.1f} ms", va="center", color=_TEXT)
    for row, ms in enumerate(peers.values(), 1):
        axes.barh(row, ms, height=0.6, color=_PEER)
        axes.text(ms, row, f" {ms:.1f} ms", va="center", color=_TEXT)
    axes.set_yticks(range(len(peers) + 1), ["posegloss Full", *peers])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.12 * max(left, *peers.values(), 0))
    axes.set_title(title, loc="left", color=_TEXT, fontsize=11)
    axes.set_xlabel("processor time of a frame, ms", color=_TEXT)
    axes.tick_params(colors=_TEXT, length=0)
    axes.spines[:].set_visible(False)
    figure.legend(loc="outside lower left", ncols=4, frameon=False, labelcolor=_TEXT, fontsize=9)
    metadata = {"Date": None} if path.suffix == ".svg" else None
    figure.savefig(path, transparent=True, dpi=160, metadata=metadata)
