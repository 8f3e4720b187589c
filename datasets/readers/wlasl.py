"""WLASL: ``WLASL_v0.3.json`` and the videos that its start kit downloads and cuts.

Layout and meaning of the fields: the set's README, and ``start_kit/preprocess.py`` there: ``videos/`` holds clips that
are cut already, ``raw_videos/`` and ``raw_videos_mp4/`` what was downloaded (from YouTube whole videos under YouTube's
id), in which a clip is frames frame_start to frame_end, counted from 1 at the row's fps; frame_end -1 is the end.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from posegloss.datasets.readers.about import About, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.errors import RowError
from posegloss.datasets.readers.reading import Box, Reading
from posegloss.datasets.readers.tables import entry, number, read_json, text, whole
from posegloss.datasets.readers.youtube import youtube_id

_FILE: Final = re.compile(r"WLASL_v[\d.]+?(\.\w+)?\.json")
_SIGNS: Final = 2000


class Wlasl:
    """Reads WLASL; a subset of N is the first N glosses of the metadata, as the authors' own lists are."""

    about = About(
        name="wlasl",
        title="WLASL v0.3",
        language="American (ASL)",
        url="https://dxli94.github.io/WLASL/",
        terms="C-UDA 1.0 (research)",
        layout=("WLASL_v0.3.json", "videos/VIDEO_ID.mp4, or raw_videos_mp4/YOUTUBE_ID.mp4 and raw_videos/VIDEO_ID.mp4"),
        gives="gloss, signer, split, span in whole videos, box in pixels",
        reference="Li et al. 2020, Word-level Deep Sign Language Recognition from Video",
        split=SplitKind.NOT_BY_SIGNER,
        split_note="Most of its test signers are in training, too (its issue 61), so that its accuracies say little "
        "about new people; --signer-independent makes a split that does.",
        signs=_SIGNS,
        clips=21_083,
        signers=119,
        subsets=("100", "300", "1000", "2000"),
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        collector = Collector(self.about, root)
        names = [folder + one for folder in ("", "start_kit/") for one in collector.listing.names(folder.rstrip("/"))]
        found = [name for name in names if _FILE.fullmatch(name.rpartition("/")[2])]
        if not found:
            collector.refuse(["WLASL_v0.3.json", "start_kit/WLASL_v0.3.json"])
        file = found[0]
        with collector.file(file) as path:
            content = read_json(path)
            glosses = content if isinstance(content, list) else []
            if not glosses:
                collector.problem(file, 0, "it is no list of glosses")
            if subset and len(glosses) < int(subset):
                collector.remarks.append(f"{file} has {len(glosses):,} glosses only; the subset is all of them")
            row = 0
            for gloss in glosses[: int(subset or _SIGNS)]:
                instances: list[Any] = []
                with collector.row(file, row + 1):
                    listed = entry(gloss).get("instances")
                    if not isinstance(listed, list):
                        raise RowError(f"the gloss {gloss.get('gloss')!r} has no list of instances")
                    instances = listed
                for instance in instances:
                    row += 1
                    with collector.row(file, row):
                        self._add(collector, file, row, text(gloss, "gloss"), entry(instance))
        return collector.reading()

    def _add(self, collector: Collector, file: str, row: int, gloss: str, instance: Mapping[str, Any]) -> None:
        name, url = text(instance, "video_id"), str(instance.get("url", ""))
        span = self._span(instance)
        signer = whole(instance, "signer_id")
        youtube = youtube_id(url)
        whole_videos = [(f"{folder}/{youtube}.mp4", *span) for folder in ("raw_videos_mp4", "raw_videos") if youtube]
        # A downloaded file under the clip's own name came from a site that keeps signs apart.
        own = [(f"{folder}/{name}.mp4", None, None) for folder in ("raw_videos_mp4", "raw_videos")]
        collector.add(
            file,
            row,
            [f"videos/{name}.mp4", f"{name}.mp4", *(whole_videos or own)],
            gloss=gloss,
            signer=None if signer < 0 else str(signer),
            split=text(instance, "split"),
            box=_box(instance.get("bbox")),
            url=url,
        )

    def _span(self, instance: Mapping[str, Any]) -> tuple[float | None, float | None]:
        first, last, rate = whole(instance, "frame_start"), whole(instance, "frame_end"), number(instance, "fps")
        if rate <= 0:
            raise RowError(f"fps is {rate}, not a number of frames a second")
        return (first - 1) / rate if first > 1 else None, None if last < 0 else last / rate


def _box(sides: Any) -> Box | None:
    """(xmin, ymin, xmax, ymax) in pixels."""
    if not isinstance(sides, list) or len(sides) != 4:
        return None
    left, top, right, bottom = (number({"bbox": side}, "bbox") for side in sides)
    return Box(left, top, right, bottom, "pixels")
