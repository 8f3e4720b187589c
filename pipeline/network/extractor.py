"""A landmark network of one's own: prepared, trained, exported, and what became of it."""

import json
import shutil
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from posegloss.pipeline.errors import SettingsError, told_as_store_error
from posegloss.pipeline.files import whole_file, write_whole
from posegloss.pipeline.network.description import NetworkDescription
from posegloss.pipeline.network.example import Examples, ExamplesError
from posegloss.pipeline.network.export import to_litert
from posegloss.pipeline.network.preparing import OnStep, Part, prepare
from posegloss.pipeline.network.report import Numbers, examples_drawn, write_report
from posegloss.pipeline.network.size import NetworkSize
from posegloss.pipeline.network.training import EpochReport, Plan, train
from posegloss.pipeline.running.run_state import held

NETWORK: Final = "landmarks.tflite"
REPORT: Final = "report.html"
HISTORY: Final = "epochs.json"
_PLAN: Final = "plan.json"
_EXAMPLES: Final = "examples"
_STAGES: Final = "stages"


@dataclass(frozen=True)
class TrainedExtractor:
    """What came out.

    Attributes:
        network: the LiteRT file, for ``extract --model`` and ``pose-eval --model``.
        size: how large the network is.
        numbers: of the examples.
        history: all epochs.
    """

    network: Path
    size: NetworkSize
    numbers: Numbers
    history: tuple[EpochReport, ...]

    @property
    def pck(self) -> float:
        """PCK@0.2 after the last epoch; NaN without examples for validation."""
        return self.history[-1].pck if self.history else np.nan


def train_extractor(
    out: Path,
    parts: Sequence[Part],
    description: NetworkDescription,
    plan: Plan,
    *,
    validation: float = 0.05,
    overwrite: bool = False,
    on_step: OnStep = lambda done: None,
    on_start: Callable[[Numbers], None] = lambda numbers: None,
    on_epoch: Callable[[EpochReport], None] = lambda report: None,
) -> TrainedExtractor:
    """Train a landmark network and write it for the tracker; killed and called again, it goes on where it was.

    Args:
        out: the folder: examples, checkpoints, TensorBoard's files, the network, a report.
        parts: what to learn from.
        description: the network.
        plan: how it is trained.
        validation: part of the pictures, videos and avatar signers that nothing is learned from.
        overwrite: forget another training in the folder. Its examples stay, where they are the same.
        on_step: is told how many steps of the parts are done.
        on_start: is told how many examples there are.
        on_epoch: is told of each epoch, also of those before a resumption.

    Raises:
        SettingsError: the folder holds another training.
        ExamplesError: there is nobody to learn from.
        StoreError: the folder cannot be written, or another training is writing it.
    """
    with told_as_store_error(out):
        out.mkdir(parents=True, exist_ok=True)
    with held(out):
        files = prepare(parts, out / _EXAMPLES, on_step)
        left_out = _held_out(validation)
        examples = Examples.read(files)
        learned, validated = examples.part(lambda origin: not left_out(origin)), examples.part(left_out)
        if not learned.values["person"].any():
            raise ExamplesError(f"{out / _EXAMPLES} shows no person to learn from; name more pictures or videos")
        _claim(out, _identity(description, plan, validation, examples), overwrite)
        people = int((learned.values["person"] > 0).sum())
        numbers = Numbers(people, len(learned) - people, len(validated))
        on_start(numbers)
        history: list[EpochReport] = []

        def keep(report: EpochReport) -> None:
            history.append(report)
            on_epoch(report)

        network = train(description, learned, validated if len(validated) else None, out / _STAGES, plan, on_epoch=keep)
        with told_as_store_error(out), whole_file(out / NETWORK) as part:
            part.write_bytes(to_litert(network, untaught=learned.untold))
        write_whole(out / HISTORY, json.dumps([asdict(report) for report in history], indent=1) + "\n")
        pictures = examples_drawn(network, validated if len(validated) else learned)
        write_report(out / REPORT, description, plan, numbers, history, pictures)
        return TrainedExtractor(out / NETWORK, NetworkSize.of(description), numbers, tuple(history))


def _held_out(part: float) -> Callable[[str], bool]:
    # By name, so that more examples do not move those there are to the other side.
    return lambda origin: zlib.crc32(origin.encode()) % 1000 < 1000 * part


def _identity(description: NetworkDescription, plan: Plan, validation: float, examples: Examples) -> dict[str, object]:
    return {
        "network": json.loads(description.to_json()),
        "plan": json.loads(json.dumps(asdict(plan))),
        "validation": validation,
        "examples": [len(examples), zlib.crc32(b"".join(examples.pictures)), _labels(examples)],
    }


def _labels(examples: Examples) -> int:
    """A checksum of all that is known of the pictures: other labels are another training."""
    drawn = (content or b"" for column in (examples.encoded_maps, examples.segmentations) for content in column)
    total = zlib.crc32(b"".join(drawn))
    for name in sorted(examples.values):
        total = zlib.crc32(examples.values[name].tobytes(), total)
    return total


def _claim(out: Path, identity: dict[str, object], overwrite: bool) -> None:
    """Mark the folder as this training, unless it is another one."""
    path = out / _PLAN
    try:
        there = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        there = None
    except ValueError:
        there = {}
    if there == identity:
        return
    if there is not None and not overwrite:
        changed = ", ".join(name for name in identity if there.get(name) != identity[name])
        raise SettingsError(
            f"{out} holds another training (not the same: {changed}); choose another folder, or --overwrite it"
        )
    with told_as_store_error(out):
        shutil.rmtree(out / _STAGES, ignore_errors=True)
        for name in (NETWORK, REPORT, HISTORY):
            (out / name).unlink(missing_ok=True)
    write_whole(path, json.dumps(identity, indent=1) + "\n")
