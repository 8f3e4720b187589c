"""Signs in a stream: are they found, are they right, how soon is it known, and what does a frame cost.

    python -m benchmarks.streaming [MODEL] [--signers N] [--rates FPS ...] [--videos FOLDER] [--json OUT]

The avatar's sentences are rendered and followed by the real tracker; none of the signers is in the demo's corpus.

* Place F1: spans of signs that overlap a true span by half of what both cover (classifiers/evaluating/spotting.py).
  Sign F1: with the right gloss, and only answers that are sure. By frame rate, and with every third frame dropped at
  random; beside it the place F1 of the rule that raised hands sign.
* At rest: signs a minute while an avatar stands still, all of them and those that are sure.
* Unknown: how many of the lexicon's signs that the model does not know are taken for one of its own.
* Delay: from the true end of a placed sign to its answer in seconds of the stream, with what the answer took.
* A frame: milliseconds of tracker and recogniser on one thread; the answer's are those of frames on which a sign ended.
* With --videos: spans in other people's clips of one sign each, whatever they sign.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.sentences import Recording, Tracked, rests, sentences, strangers_signs, track
from posegloss.classifiers.evaluating.spotting import ENOUGH_OVERLAP, Spotting, overlap, score_spans
from posegloss.classifiers.predict import GlossRecogniser
from posegloss.classifiers.streaming.boundaries import RaisedHands
from posegloss.classifiers.streaming.events import SignEnded
from posegloss.classifiers.streaming.recogniser import StreamingRecogniser
from posegloss.datasets.manifest import find_clips
from posegloss.pipeline.formats.eaf import GlossSpan
from posegloss.pipeline.pose import PoseBackend

REST_S: Final = 60.0
_DROPPED: Final = 1 / 3

console = Console(stderr=True)


@dataclass
class Tally:
    """What a stream gave for some recordings.

    Attributes:
        places: spans against the truth, whatever their gloss.
        signs: those that are sure, with their gloss.
        delays_s: of the answers of placed signs.
        frames_s: what the recogniser took for each frame without an answer.
        answers_s: what it took for each frame with one.
        sure: how many ended signs were sure.
        seconds: of stream.
    """

    places: Spotting = field(default_factory=Spotting)
    signs: Spotting = field(default_factory=Spotting)
    delays_s: list[float] = field(default_factory=list)
    frames_s: list[float] = field(default_factory=list)
    answers_s: list[float] = field(default_factory=list)
    sure: int = 0
    seconds: float = 0.0

    def add(self, stream: StreamingRecogniser, tracked: Tracked, true: Sequence[GlossSpan]) -> list[GlossSpan]:
        """Play a recording; gives the spans that were found."""
        found: list[GlossSpan] = []
        sure: list[GlossSpan] = []
        known_s: list[float] = []
        stream.reset()
        for keypoints, time_s in zip(tracked.keypoints, tracked.timestamps, strict=True):
            started = time.perf_counter()
            events = stream.push(keypoints, time_s, tracked.size)
            took = time.perf_counter() - started
            ended = [event for event in events if isinstance(event, SignEnded)]
            (self.answers_s if ended else self.frames_s).append(took)
            known_s += [time_s + took] * len(ended)
            self._sort(ended, found, sure)
        self._sort([event for event in stream.finish() if isinstance(event, SignEnded)], found, sure)
        for span, known in zip(found, known_s, strict=False):
            self.delays_s += [known - sign.end_s for sign in true if overlap(span, sign) >= ENOUGH_OVERLAP]
        self.places += score_spans(found, true)
        self.signs += score_spans(sure, true)
        self.sure += len(sure)
        self.seconds += tracked.timestamps[-1] - tracked.timestamps[0]
        return found

    @staticmethod
    def _sort(ended: Iterable[SignEnded], found: list[GlossSpan], sure: list[GlossSpan]) -> None:
        for event in ended:
            span = GlossSpan(str(event.prediction.gloss), event.start_s, event.end_s)
            found.append(span)
            if event.prediction.sure:
                sure.append(span)


def dropped(tracked: Tracked) -> Tracked:
    """The recording without every third frame, at random."""
    keep = np.flatnonzero(np.random.default_rng(0).random(len(tracked.timestamps)) >= _DROPPED)
    return Tracked(
        [tracked.keypoints[i] for i in keep],
        [tracked.timestamps[i] for i in keep],
        tracked.size,
        [tracked.tracker_s[i] for i in keep],
    )


def measure(stream: StreamingRecogniser, recordings: Iterable[Recording], what: str) -> tuple[Tally, list[Recording]]:
    """Play recordings while they are made."""
    tally, played = Tally(), []
    with console.status(what):
        for recording in recordings:
            tally.add(stream, recording.tracked, recording.signs)
            played.append(recording)
    return tally, played


def replay(stream: StreamingRecogniser, played: Sequence[Recording], change: Callable[[Tracked], Tracked]) -> Tally:
    """Play recordings once more, changed."""
    tally = Tally()
    for recording in played:
        tally.add(stream, change(recording.tracked), recording.signs)
    return tally


def times(seconds: Sequence[float], scale: float = 1.0) -> dict[str, float]:
    """Median and 95th percentile; nothing of nothing."""
    if not seconds:
        return {}
    return {name: scale * float(np.percentile(seconds, part)) for name, part in (("median", 50), ("95 %", 95))}


def figures_of(tally: Tally) -> dict[str, Any]:
    """What a tally says, as plain values."""
    return {
        "signs": tally.places.signs,
        "found": tally.places.found,
        "place_f1": tally.places.placed_f1,
        "sign_f1": tally.signs.f1,
        "delay_s": times(tally.delays_s),
    }


def measure_all(options: argparse.Namespace) -> dict[str, Any]:
    """All figures, as plain values."""
    recogniser = GlossRecogniser.load(options.model)
    glosses, signers = recogniser.glosses, options.signers
    tracker = recogniser.extraction.open_backend(threads=1)
    stream = StreamingRecogniser(recogniser)
    rule = StreamingRecogniser(recogniser, boundaries=RaisedHands)
    usual, played = measure(stream, sentences(glosses, signers, 25.0, tracker), "sentences")
    rates = {"25": usual, "25, a third dropped": replay(stream, played, dropped)}
    for rate in options.rates:
        few = sentences(glosses, max(1, signers // 2), rate, tracker)
        rates[f"{rate:g}"], _ = measure(stream, few, f"sentences at {rate:g} frames a second")
    still, rested = measure(stream, rests(glosses, max(1, signers // 6), REST_S, tracker), "rest")
    unknown, _ = measure(stream, strangers_signs(glosses, max(1, signers // 4), tracker), "unknown signs")
    minutes = still.seconds / 60
    figures: dict[str, Any] = {
        "model": options.model.name,
        "rates": {name: figures_of(tally) for name, tally in rates.items()},
        "raised_hands": figures_of(replay(rule, played, lambda tracked: tracked)),
        "rest": {
            "minutes": minutes,
            "signers": len(rested),
            "spans_a_minute": (still.places.found - still.places.placed) / minutes,
            "sure_a_minute": (still.sure - still.signs.placed) / minutes,
        },
        "unknown": {"signs": unknown.places.signs, "sure": unknown.sure},
        "tracker_ms": times([taken for one in played for taken in one.tracked.tracker_s], 1000),
        "recogniser_ms": times(usual.frames_s, 1000),
        "answer_ms": times(usual.answers_s, 1000),
    }
    if options.videos:
        figures["videos"] = measure_videos(stream, options.videos, tracker)
    return figures


def measure_videos(stream: StreamingRecogniser, folder: Path, tracker: PoseBackend) -> dict[str, int]:
    """How many spans clips of one sign have."""
    spans, sure = [], 0
    clips = find_clips(folder).clips
    with console.status(f"{len(clips)} clips of {folder.name}"):
        for clip in clips:
            tally = Tally()
            spans.append(len(tally.add(stream, track(clip.path, tracker), ())))
            sure += tally.sure
    none, one = (sum(found == n for found in spans) for n in (0, 1))
    return {"clips": len(clips), "none": none, "one": one, "more": len(clips) - none - one, "sure": sure}


def show(figures: dict[str, Any]) -> None:
    """Print the figures."""
    out = Console(highlight=False)
    table = Table("frames a second", "signs", "place F1", "sign F1", "delay s", box=None)
    for name, row in {**figures["rates"], "25, raised hands": figures["raised_hands"]}.items():
        table.add_row(
            name, str(row["signs"]), f"{row['place_f1']:.3f}", f"{row['sign_f1']:.3f}", _text(row["delay_s"], ".2f")
        )
    out.print(table)
    rest, unknown = figures["rest"], figures["unknown"]
    out.print(
        f"at rest: {rest['spans_a_minute']:.2f} signs a minute, {rest['sure_a_minute']:.2f} of them sure "
        f"({rest['minutes']:.1f} minutes of {rest['signers']} signers)"
    )
    out.print(f"unknown signs: {unknown['sure']} of {unknown['signs']} taken for a sign of the model")
    named = (("tracker", "tracker_ms"), ("recogniser", "recogniser_ms"), ("frame with an answer", "answer_ms"))
    out.print("ms: " + ", ".join(f"{name} {_text(figures[key], '.1f')}" for name, key in named))
    if "videos" in figures:
        v = figures["videos"]
        out.print(
            f"{v['clips']} real clips: no span in {v['none']}, one in {v['one']}, more in {v['more']}; "
            f"{v['sure']} spans taken for a sign of the model"
        )


def _text(values: dict[str, float], form: str) -> str:
    return f"{values['median']:{form}} (95 %: {values['95 %']:{form}})" if values else "none"


def main() -> None:
    """Print the figures, and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", default=Path("demo/avatar.model"))
    parser.add_argument("--signers", type=int, default=24, help="who sign a sentence of five signs each")
    parser.add_argument("--rates", type=float, nargs="*", default=[10, 15, 50], help="beside 25 frames a second")
    parser.add_argument("--videos", type=Path, help="a folder of clips of one sign each")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    figures = measure_all(options)
    show(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1), "utf-8")


if __name__ == "__main__":
    main()
