"""The picture in README, from what `make demo` leaves: python -m benchmarks.pictures [DEMO]."""

import sys
from pathlib import Path

import cv2
import numpy as np

from posegloss.pipeline.video import VideoSource

OUT = Path(__file__).parent.parent / "docs" / "images" / "overlay.png"
FRAMES = 3


def main() -> None:
    """Lay a few frames of the recognised clip side by side."""
    demo = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("demo")
    with VideoSource(demo / "stranger-overlay.mp4") as video:
        frames = [frame.image for frame in video]
    # From where the hands have left their rest to the height of the sign.
    chosen = np.linspace(0.45, 0.68, FRAMES) * (len(frames) - 1)
    strip = np.hstack([frames[round(i)] for i in chosen])
    OUT.parent.mkdir(parents=True, exist_ok=True)
    half = cv2.resize(strip, None, fx=0.625, fy=0.625, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(OUT), cv2.cvtColor(half, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(OUT)


if __name__ == "__main__":
    main()
