"""posegloss as its users run it: one video by ``extract``, a corpus by ``extract_corpus``; in a process of its own."""

import tempfile
import time
from pathlib import Path

# Worker processes import what the main module imports: here what it is in `posegloss extract`, and nothing more.
import posegloss.cli.app  # noqa: F401
from benchmarks.speed.memory import PEAK, memory_mb, memory_of_largest_child
from benchmarks.speed.serve import Answer, serve


def run(paths: list[str], model: str, layout: str) -> Answer:
    """The videos one after the other, each with all processors."""
    from posegloss.pipeline.extract import extract

    begin, cpu = time.perf_counter(), time.process_time()
    sequences = [extract(path, model=model, layout=layout) for path in paths]
    return {
        "frames": sum(len(sequence) for sequence in sequences),
        "people": sum(int(sequence.present.sum()) for sequence in sequences),
        "seconds": time.perf_counter() - begin,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": memory_mb(PEAK),
    }


def corpus(paths: list[str], model: str, precision: str, layout: str, workers: int, warm_up: str) -> Answer:
    """The videos into a new store, by worker processes.

    They start with every call. ``whole_s`` counts that, ``seconds`` does not: every worker is given a clip to warm up,
    and the clock of ``seconds`` starts with the first that is done, so at best too early.
    """
    from posegloss.pipeline.clip_source import ClipSource
    from posegloss.pipeline.corpus import ClipOutcome, extract_corpus
    from posegloss.pipeline.extract import ExtractionSettings
    from posegloss.pipeline.store import KeypointStore

    settings = ExtractionSettings(model, precision=precision, layout=layout)
    warm = [ClipSource(f"warm-up {i}", Path(warm_up)) for i in range(workers)]
    clips = [ClipSource(f"{i}", Path(path)) for i, path in enumerate(paths)]
    frames = people = warm_frames = 0
    warm_at, peak_mb = 0.0, 0.0

    def count(outcome: ClipOutcome) -> None:
        nonlocal frames, people, warm_frames, warm_at, peak_mb
        if outcome.source.clip_id.startswith("warm-up"):
            warm_at = warm_at or time.perf_counter()
            warm_frames += outcome.frames
        else:
            frames += outcome.frames
            people += outcome.frames_with_person
        # Here, since the workers are gone when the run ends.
        peak_mb = max(peak_mb, memory_of_largest_child(PEAK) or 0)

    with tempfile.TemporaryDirectory() as folder:
        store = KeypointStore.create(Path(folder) / "store", settings.to_dict())
        begin = time.perf_counter()
        extract_corpus([*warm, *clips], store, settings, workers=workers, on_clip=count)
        end = time.perf_counter()
    return {
        "frames": frames,
        "people": people,
        "seconds": end - warm_at,
        "whole_frames": frames + warm_frames,
        "whole_s": end - begin,
        "peak_mb": peak_mb or None,
    }


def frame_time(path: str, model: str, passes: int) -> Answer:
    """Where a frame's time goes."""
    from benchmarks.speed.frame_time import measure

    return measure(Path(path), model, passes).to_dict()


def worker(paths: list[str], last: str, starts: int, repeats: int, workers: int) -> Answer:
    """A worker's start and memory."""
    from benchmarks.speed.worker_life import measure

    return measure(paths, last, starts=starts, repeats=repeats, workers=workers).to_dict()


if __name__ == "__main__":
    serve({"run": run, "corpus": corpus, "frame_time": frame_time, "worker": worker})
