"""How2Sign: ``how2sign_realigned_train.csv`` (tabs) and ``raw_videos/``, clips of sentences or whole videos.

Layout: the downloads of the project's page. ``SENTENCE_NAME.mp4`` is a clip of one sentence; ``VIDEO_NAME.mp4`` is a
whole video, in which the sentence is from START_REALIGNED to END_REALIGNED seconds. A video's name is YouTube's id, the
signer's number, and the view.
"""

import re
from pathlib import Path
from typing import Final

from posegloss.datasets.readers.about import About, SplitKind
from posegloss.datasets.readers.collector import Collector
from posegloss.datasets.readers.reading import Reading
from posegloss.datasets.readers.tables import number, text

_SPLITS: Final = ("train", "val", "test")
_COLUMNS: Final = ("VIDEO_NAME", "SENTENCE_NAME", "START_REALIGNED", "END_REALIGNED", "SENTENCE")
_SIGNER: Final = re.compile(r".{11}-(\d+)-rgb_\w+")


class How2Sign:
    """Reads How2Sign: sentences in English, without glosses."""

    about = About(
        name="how2sign",
        title="How2Sign",
        language="American (ASL)",
        url="https://how2sign.github.io/",
        terms="CC BY-NC 4.0",
        layout=(
            "how2sign_realigned_train.csv, how2sign_realigned_val.csv, how2sign_realigned_test.csv",
            "train_rgb_front_clips/raw_videos/SENTENCE_NAME.mp4, or train_raw_videos/raw_videos/VIDEO_NAME.mp4",
        ),
        gives="English sentence, signer, split, span in whole videos",
        reference="Duarte et al. 2021, How2Sign: A Large-scale Multimodal Dataset for Continuous ASL",
        split=SplitKind.NOT_SAID,
        split_note="`posegloss datasets index` counts the test signers that are in training, too.",
        clips=35_191,
        signers=11,
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        collector = Collector(self.about, root)
        files = {
            f"{folder}how2sign_realigned_{split}.csv": split
            for split in _SPLITS
            for folder in ("", f"{split}_rgb_front_clips/")
        }
        for file in collector.require(*files):
            split = files[file]
            clips = (f"{split}_rgb_front_clips/raw_videos", f"{split}/raw_videos", f"{split}", "raw_videos")
            videos = (f"{split}_raw_videos/raw_videos", f"{split}/raw_videos", f"{split}", "raw_videos")
            for line, row in collector.rows(file, "\t", needs=_COLUMNS, quoted=False):
                with collector.row(file, line):
                    video, name = text(row, "VIDEO_NAME"), text(row, "SENTENCE_NAME")
                    span = number(row, "START_REALIGNED"), number(row, "END_REALIGNED")
                    signer = _SIGNER.fullmatch(video)
                    collector.add(
                        file,
                        line,
                        [
                            *(f"{folder}/{name}.mp4" for folder in clips),
                            *((f"{folder}/{video}.mp4", *span) for folder in videos),
                        ],
                        signer=signer[1] if signer else None,
                        split=split,
                        sentence=text(row, "SENTENCE"),
                    )
        return collector.reading()
