"""Makes the table of the int8 networks anew: what values the tensors of the landmark networks take.

    python -m benchmarks.int8_table [--out FILE] [--shared] [--sides 64 8] [lite full heavy]

Measured on the avatar, so that anybody can make the same table: eight signers sign two signs each, the tracker follows
them, and of the regions that it cuts out a few of each clip go through the networks. With --shared also on the clips of
../shared/data/wlasl, if they are there; that is no better (docs/extraction.md). Takes a minute.
"""

import argparse
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from benchmarks.parity import SHARED, frames_of
from posegloss.datasets.avatar import LEXICON, Signer, perform
from posegloss.pipeline import models
from posegloss.pipeline.graph import read_model, without_outputs, write_model
from posegloss.pipeline.int8 import TABLE
from posegloss.pipeline.landmarks import SEGMENTATION_SHAPE
from posegloss.pipeline.roi import Image
from posegloss.pipeline.tracker import PoseTracker

SIGNERS: Final = 8
CROPS_OF_A_CLIP: Final = 6

# Convolutions from maps of at most the first of these sides to maps of at least the second become int8. Larger maps see
# fine detail and the smaller ones give the coordinates: both lose more than they gain (docs/extraction.md).
SIDES: Final = (64, 8)

_Operator: Final = schema.BuiltinOperator
_CONVOLUTIONS: Final = (_Operator.CONV_2D, _Operator.DEPTHWISE_CONV_2D)


def crops_of(clips: Iterable[Sequence[Image]]) -> Iterator[Image]:
    """The pictures that the landmark network is given, a few of each clip."""
    tracker = PoseTracker("full")
    cut, seen = tracker._landmark_model._crop, []

    def noted(image: Image, region: Any) -> Image:
        seen.append(cut(image, region).copy())
        return seen[-1]

    tracker._landmark_model._crop = noted  # type: ignore[assignment]
    for images in clips:
        tracker.reset()
        seen.clear()
        for i, image in enumerate(images):
            tracker.update(image, i / 25)
        yield from (seen[i] for i in np.linspace(0, len(seen) - 1, min(CROPS_OF_A_CLIP, len(seen))).round().astype(int))


def avatar_clips() -> Iterator[list[Image]]:
    """Eight signers, two signs each."""
    glosses = sorted(LEXICON)
    for seed in range(SIGNERS):
        signs = [glosses[(2 * seed + k) % len(glosses)] for k in range(2)]
        yield list(perform(Signer.random(seed), signs, take=0, seed=0).frames())


def tensors_to_measure(content: bytes, sides: Sequence[int] = SIDES) -> list[int]:
    """The tensors, by their place in the file, that the convolutions which become int8 read and give."""
    trimmed = read_model(without_outputs(content, lambda shape: shape == SEGMENTATION_SHAPE))
    graph = trimmed.subgraphs[0]
    largest, smallest = sides
    read: set[int] = set()
    given: set[int] = set()
    for operator in graph.operators:
        source, result = operator.inputs[0], operator.outputs[0]
        entry = trimmed.operatorCodes[operator.opcodeIndex]
        code = max(entry.builtinCode, entry.deprecatedBuiltinCode)
        before, after = (int([*graph.tensors[tensor].shape, 1, 1][1]) for tensor in (source, result))
        padding = code == _Operator.PAD and source in given
        # A padded map may be larger: what it was made of is not.
        fits = after >= smallest and (before <= largest or source in given)
        if padding or (fits and code in _CONVOLUTIONS):
            read.add(source)
            given.add(result)
    wanted = {graph.tensors[tensor].name for tensor in read | given}
    return [i for i, tensor in enumerate(read_model(content).subgraphs[0].tensors) if tensor.name in wanted]


def measure(content: bytes, crops: Sequence[Image], sides: Sequence[int] = SIDES) -> dict[str, np.ndarray]:
    """The arrays of a network in the table: tensors, channels, bounds and means."""
    tensors = tensors_to_measure(content, sides)
    model = read_model(content)
    model.subgraphs[0].outputs = tensors
    model.signatureDefs = None
    interpreter = Interpreter(model_content=write_model(model), num_threads=1)
    interpreter.allocate_tensors()
    picture = interpreter.get_input_details()[0]["index"]
    seen: dict[int, list[np.ndarray]] = {tensor: [] for tensor in tensors}
    for crop in crops:
        interpreter.set_tensor(picture, crop[None] / np.float32(255))
        interpreter.invoke()
        for tensor in tensors:
            values = interpreter.get_tensor(tensor)
            values = values.reshape(-1, values.shape[-1])
            seen[tensor].append(np.stack([values.min(axis=0), values.max(axis=0), values.mean(axis=0)]))
    per_channel = {tensor: np.stack(told) for tensor, told in seen.items()}
    bounds = np.array([(told[:, 0].min(), told[:, 1].max()) for told in per_channel.values()], np.float32)
    spans = zip(per_channel.values(), bounds, strict=True)
    # As 255th parts of the way from low to high, which is finer than it has to be.
    means = [(told[:, 2].mean(axis=0) - low) / max(high - low, 1e-6) * 255 for told, (low, high) in spans]
    return {
        "sha256": np.array(hashlib.sha256(content).hexdigest()),
        "tensors": np.array(tensors, np.int32),
        "channels": np.array([per_channel[tensor].shape[-1] for tensor in tensors], np.int32),
        "bounds": bounds,
        "means": np.rint(np.concatenate(means)).astype(np.uint8),
    }


def main() -> None:
    """Read the arguments and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=models.LANDMARK_MODELS, help="lite, full, heavy; all unless given")
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument("--sides", type=int, nargs=2, default=SIDES, help="of the maps that become int8: from, to")
    parser.add_argument("--shared", action="store_true", help="measure on real clips, too")
    arguments = parser.parse_args()
    crops = list(crops_of(avatar_clips()))
    made_on = f"{len(crops)} crops of {SIGNERS} avatar signers"
    real = sorted((SHARED / "wlasl").glob("*.mp4"))[:SIGNERS] if arguments.shared else []
    if real:
        crops += crops_of(map(frames_of, real))
        made_on += f" and of {len(real)} clips of WLASL"
    table = {"made_on": np.array(made_on)}
    for name in arguments.names:
        arrays = measure(models.load(name), crops, arguments.sides)
        table |= {f"{name}.{what}": values for what, values in arrays.items()}
        print(f"{name}: {len(arrays['tensors'])} tensors, {len(arrays['means'])} channels")
    np.savez_compressed(arguments.out, allow_pickle=False, **table)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1024:.0f} KB, measured on {made_on}")


if __name__ == "__main__":
    main()
