"""A model in Keras and exported, side by side: size, time, and how far the probabilities lie apart.

    python -m benchmarks.export MODEL STORE [--clips N]

* ms a clip: a clip of 60 frames from raw keypoints to probabilities, on one thread; the median of CALLS calls. Keras is
  what ``GlossClassifier.predict_proba`` takes, preprocessing in NumPy included.
* Largest difference: of any probability from Keras' over the first N clips of the store that show a signer.
* Same answer: the part of these clips whose most probable gloss is the same.
* A streamed frame: what each of these 60 frames takes while a sign lasts, of a family that can be followed.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

CALLS: Final = 100
FRAMES: Final = 60


def milliseconds(call: Callable[[], Any]) -> float:
    """The median time of a call, after one that does not count."""
    call()
    taken = []
    for _ in range(CALLS):
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1000)
    return sorted(taken)[CALLS // 2]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="a model folder of a Keras family")
    parser.add_argument("store", help="clips to compare the answers on")
    parser.add_argument("--clips", type=int, default=300)
    options = parser.parse_args()
    # One core, and before TensorFlow makes its threads.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    import numpy as np
    from rich.console import Console
    from rich.table import Table

    from posegloss.classifiers.bundle import load_bundle
    from posegloss.classifiers.exporting.export import PRECISIONS, export
    from posegloss.classifiers.exporting.litert import LiteRTClassifier
    from posegloss.pipeline.errors import NoSignerError
    from posegloss.pipeline.sequence import KeypointSequence
    from posegloss.pipeline.store import KeypointStore

    classifier = load_bundle(options.model).classifier

    def signs(sequence: KeypointSequence) -> bool:
        try:
            classifier.preprocessing(sequence)
        except NoSignerError:
            return False
        return True

    stored = (clip.sequence for clip in KeypointStore.open(options.store).clips())
    sequences = list(islice(filter(signs, stored), options.clips))
    # The last second or so again and again, where no clip is long enough.
    frames = np.arange(FRAMES) % len(sequences[0])
    timed = replace(
        sequences[0], keypoints=sequences[0].keypoints[frames], timestamps=np.arange(FRAMES) / 25, world=None
    )
    expected = classifier.predict_proba(sequences)
    table = Table("network", "kB", f"ms for {FRAMES} frames", "largest difference", "same answer")
    weights = (options.model / classifier.weights_file).stat().st_size
    table.add_row("Keras", f"{weights / 1e3:.0f}", f"{milliseconds(lambda: classifier.predict_proba([timed])):.2f}")
    with tempfile.TemporaryDirectory() as folder:
        for precision in PRECISIONS:
            path = export(options.model, Path(folder) / f"{precision}.tflite", precision)
            litert = LiteRTClassifier(path)
            found = litert.predict_proba(sequences)
            table.add_row(
                f"LiteRT {precision}",
                f"{path.stat().st_size / 1e3:.0f}",
                f"{milliseconds(lambda litert=litert: litert.predict_proba([timed])):.2f}",  # type: ignore[misc]
                f"{np.abs(found - expected).max():.1e}",
                f"{(found.argmax(axis=1) == expected.argmax(axis=1)).mean():.1%}",
            )
    Console().print(table)
    if (stream := classifier.stream()) is not None:
        frame = iter(cycle(classifier.preprocessing(timed)))
        print(f"a streamed frame: {milliseconds(lambda: stream.push(next(frame))):.2f} ms")
    print(f"{classifier.name}, {classifier.preprocessing.layout}, {len(sequences)} clips of {options.store}, one core")


if __name__ == "__main__":
    main()
