"""A corpus of avatar clips on disk: videos, a manifest, and the truth."""

import csv
import json
import multiprocessing
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from posegloss.datasets.avatar.errors import (
    AvatarSettingsError,
    CorpusSettingsError,
    CorpusWriteError,
    UnknownGlossError,
)
from posegloss.datasets.avatar.lexicon import LEXICON
from posegloss.datasets.avatar.motion import SignSpan
from posegloss.datasets.avatar.performance import FRAME_RATE, SIZE, perform, write_video
from posegloss.datasets.avatar.signer import Signer
from posegloss.pipeline.errors import WorkerDiedError
from posegloss.pipeline.files import whole_file

# Raise this when the same arguments draw other clips than before, so that old and new ones are never mixed.
AVATAR_VERSION: Final = 1
SETTINGS_FILE: Final = "avatar.json"
MANIFEST_COLUMNS: Final = ("path", "gloss", "signer", "take", "frames", "fps", "start", "end", "split", "synthetic")
SENTENCE_COLUMNS: Final = ("path", "gloss", "signer", "start", "end", "synthetic")
_NOTICE: Final = """\
Synthetic data. A procedural avatar performs invented signs: the glosses describe motions, and none of them is a sign
of a real sign language. Results on these clips say nothing about the recognition of a real sign language.

manifest.csv   one row a clip of one sign
sentences.csv  one row a sign of a sentence, with its start and end in seconds (where sentences were rendered)
"""


@dataclass(frozen=True)
class _Clip:
    """One video to be: all that a worker process needs to know."""

    out: str
    signer: int
    glosses: tuple[str, ...]
    take: int
    seed: int
    frame_rate: float
    size: tuple[int, int]
    truth: bool

    @property
    def sentence(self) -> bool:
        return len(self.glosses) > 1

    @property
    def path(self) -> str:
        # The glosses of a sentence depend on the glosses that were asked for, so they are part of its name.
        words = zlib.crc32("|".join(self.glosses).encode())
        name = f"sentence-{words:08x}" if self.sentence else self.glosses[0]
        return f"videos/{Signer.random(self.signer).name}/{name}-take-{self.take}.mp4"


def render_corpus(
    out: str | os.PathLike[str],
    *,
    signers: int = 8,
    takes: int = 4,
    glosses: Sequence[str] | None = None,
    sentences: int = 0,
    seed: int = 0,
    frame_rate: float = FRAME_RATE,
    size: tuple[int, int] = SIZE,
    workers: int | None = None,
    truth: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Render every gloss by every signer, and sentences; a clip that is already there is not rendered again.

    With more than one worker, processes are spawned: a script that calls this needs an
    ``if __name__ == "__main__":`` around the call.

    Args:
        out: the folder, made where it is missing.
        signers: how many; they are ``Signer.random(0)`` and so on.
        takes: clips of each gloss by each signer.
        glosses: names from `LEXICON`; all of them where None.
        sentences: sentences of three to five signs by each signer.
        seed: of the takes and the sentences.
        frame_rate: frames a second.
        size: width and height in pixels.
        workers: processes; as many as there are processors where None.
        truth: also write the exact keypoints of each video, beside it, as ``.npz`` with the arrays keypoints
            (T, 33, 4) and timestamps (T,), as in `KeypointSequence`.
        progress: called with the number of finished clips and of all clips.

    Returns:
        The path of ``manifest.csv``, which has a row for each clip of one sign. Its paths are relative to its folder,
        its start and end are empty since a clip is one sign. ``sentences.csv`` beside it has a row for each sign of a
        sentence.

    Raises:
        CorpusSettingsError: the folder holds clips that were rendered with other settings.
        CorpusWriteError: the folder cannot be written.
        UnknownGlossError: a gloss is not in the lexicon.
        AvatarSettingsError: there is nothing to render, or frame rate or size make no video.
        WorkerDiedError: a worker process died; what it finished is kept, so the same call goes on from there.
    """
    root = Path(out)
    glosses = list(LEXICON) if glosses is None else list(dict.fromkeys(glosses))
    for gloss in glosses:
        if gloss not in LEXICON:
            raise UnknownGlossError(gloss, LEXICON)
    if signers < 1 or takes < 0 or sentences < 0 or not takes * len(glosses) + sentences:
        raise AvatarSettingsError("nothing to render: ask for at least one signer, and one take or one sentence")
    clips = [
        _Clip(str(root), signer, words, take, seed, frame_rate, (size[0], size[1]), truth)
        for signer in range(signers)
        for words, take in _program(signer, glosses, takes, sentences, seed)
    ]
    perform(Signer.random(0), clips[0].glosses, take=0, seed=seed, frame_rate=frame_rate, size=size)
    with _told_as_write_error(root):
        _claim(root, {"avatar_version": AVATAR_VERSION, "seed": seed, "frame_rate": frame_rate, "size": list(size)})
        for folder in {(root / clip.path).parent for clip in clips}:
            folder.mkdir(parents=True, exist_ok=True)

    results: dict[_Clip, tuple[int, tuple[SignSpan, ...]]] = {}
    for clip, result in _render_all(clips, min(workers or os.cpu_count() or 1, len(clips))):
        results[clip] = result
        if progress is not None:
            progress(len(results), len(clips))

    names = {index: Signer.random(index).name for index in range(signers)}
    whole = [
        (clip.path, clip.glosses[0], names[clip.signer], clip.take, results[clip][0], frame_rate, "", "", "", True)
        for clip in clips
        if not clip.sentence
    ]
    signs = [
        (clip.path, span.gloss, names[clip.signer], f"{span.start_s:.3f}", f"{span.end_s:.3f}", True)
        for clip in clips
        if clip.sentence
        for span in results[clip][1]
    ]
    with _told_as_write_error(root):
        if signs:
            _write_table(root / "sentences.csv", SENTENCE_COLUMNS, signs)
        _write_table(root / "manifest.csv", MANIFEST_COLUMNS, whole)
    return root / "manifest.csv"


def _program(
    signer: int, glosses: list[str], takes: int, sentences: int, seed: int
) -> Iterator[tuple[tuple[str, ...], int]]:
    """What one signer performs, with the number of the take."""
    for take in range(takes):
        for gloss in glosses:
            yield (gloss,), take
    for take in range(sentences):
        rng = np.random.default_rng([seed, signer, take])
        length = int(rng.integers(3, 6))
        if len(glosses) >= length:
            yield tuple(glosses[i] for i in rng.choice(len(glosses), length, replace=False)), take
        else:
            yield tuple(glosses[i] for i in rng.integers(0, len(glosses), length)), take


def _render_all(clips: list[_Clip], workers: int) -> Iterator[tuple[_Clip, tuple[int, tuple[SignSpan, ...]]]]:
    """The clips as they get done, with the number of frames and the spans of each."""
    if workers == 1:
        for clip in clips:
            yield clip, _render(clip)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        waiting = {pool.submit(_render, clip): clip for clip in clips}
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        except BrokenProcessPool as error:
            raise WorkerDiedError(
                "a process that rendered avatar clips died, perhaps for lack of memory; "
                "run the same again with fewer workers, finished clips are kept"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _render(clip: _Clip) -> tuple[int, tuple[SignSpan, ...]]:
    performance = perform(
        Signer.random(clip.signer),
        clip.glosses,
        take=clip.take,
        seed=clip.seed,
        frame_rate=clip.frame_rate,
        size=clip.size,
    )
    path = Path(clip.out) / clip.path
    if clip.truth and not path.with_suffix(".npz").exists():
        sequence = performance.truth
        with whole_file(path.with_suffix(".npz")) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, keypoints=sequence.keypoints, timestamps=sequence.timestamps)
    if not path.exists():
        write_video(performance, path)
    return len(performance), performance.spans


def _claim(root: Path, settings: dict[str, object]) -> None:
    """Mark the folder as a corpus of these settings, unless it is one of others."""
    root.mkdir(parents=True, exist_ok=True)
    path = root / SETTINGS_FILE
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        if found != settings:
            differing = ", ".join(
                f"{key} {found.get(key)!r} there, {value!r} here"
                for key, value in settings.items()
                if found.get(key) != value
            )
            raise CorpusSettingsError(
                f"{root} holds avatar clips that were rendered with other settings ({differing}); "
                "choose another folder, delete that one, or ask for its settings"
            )
        return
    (root / "SYNTHETIC.txt").write_text(_NOTICE, encoding="utf-8")
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


@contextmanager
def _told_as_write_error(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CorpusWriteError(f"{root} cannot be written: {error.strerror or error}; choose another folder") from error


def _write_table(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with whole_file(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
