"""MS-ASL: ``MSASL_train.json``, ``MSASL_val.json``, ``MSASL_test.json``, and whole videos under their YouTube ids.

Fields as the set's README says: start_time and end_time in seconds, box as fractions (y0, x0, y1, x1), label the place
of the gloss in ``MSASL_classes.json``, by frequency, so that the subset of N is the labels under N.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from posegloss.datasets.readers.about import About, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.errors import RowError
from posegloss.datasets.readers.reading import Box, Reading
from posegloss.datasets.readers.tables import entry, number, read_json, text, whole
from posegloss.datasets.readers.youtube import youtube_id

_FILES: Final = {"MSASL_train.json": "train", "MSASL_val.json": "val", "MSASL_test.json": "test"}


class MsAsl:
    """Reads MS-ASL."""

    about = About(
        name="ms-asl",
        title="MS-ASL",
        language="American (ASL)",
        url="https://www.microsoft.com/en-us/research/project/ms-asl/",
        terms="C-UDA (research)",
        layout=("MSASL_train.json, MSASL_val.json, MSASL_test.json", "videos/YOUTUBE_ID.mp4, whole videos"),
        gives="gloss, signer, split, span, box in fractions",
        reference="Joze and Koller 2019, MS-ASL: A Large-Scale Data Set",
        split=SplitKind.BY_SIGNER,
        signs=1000,
        clips=25_513,
        signers=222,
        subsets=("100", "200", "500", "1000"),
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        collector = Collector(self.about, root)
        for file in collector.require(*_FILES):
            with collector.file(file) as path:
                content = read_json(path)
                if not isinstance(content, list):
                    collector.problem(file, 0, "it is no list of clips")
                    continue
                for row, clip in enumerate(content, start=1):
                    with collector.row(file, row):
                        if subset is None or whole(entry(clip), "label") < int(subset):
                            self._add(collector, file, row, entry(clip))
        return collector.reading()

    def _add(self, collector: Collector, file: str, row: int, clip: Mapping[str, Any]) -> None:
        url = text(clip, "url")
        name = youtube_id(url)
        if name is None:
            raise RowError(f"{url!r} is no address of a YouTube video")
        signer = whole(clip, "signer_id")
        folders = ("videos/", "", "raw_videos/")
        collector.add(
            file,
            row,
            [(f"{folder}{name}.mp4", *_span(clip)) for folder in folders],
            gloss=text(clip, "text"),
            signer=None if signer < 0 else str(signer),
            split=_FILES[file],
            box=_box(clip.get("box")),
            url=url,
        )


def _span(clip: Mapping[str, Any]) -> tuple[float, float]:
    """start_time and end_time, or frames start and end where copies of the set lack the times."""
    if "start_time" in clip:
        return number(clip, "start_time"), number(clip, "end_time")
    if "fps" not in clip:
        raise RowError("it has neither start_time and end_time nor fps, so that nothing says when the sign is")
    rate = number(clip, "fps")
    if rate <= 0:
        raise RowError(f"fps is {rate}, not a number of frames a second")
    return number(clip, "start") / rate, number(clip, "end") / rate


def _box(sides: Any) -> Box | None:
    if not isinstance(sides, list) or len(sides) != 4:
        return None
    top, left, bottom, right = (number({"box": side}, "box") for side in sides)
    return Box(left, top, right, bottom, "fraction")
