"""ShardKeeper: keeps a batch of extracted clips as a shard of a store, from whatever machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from posegloss.pipeline.running.worker import Extracted, Job
from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.storing import shards
from posegloss.pipeline.storing.clip import Clip
from posegloss.pipeline.storing.storage import Storage

_BYTES_A_SECOND: Final = 125_000
"""Of a video, to guess its length before anybody has opened it; a run learns how far that is wrong on the whole."""


@dataclass(frozen=True)
class Stored:
    """What is told of a clip that was stored.

    Attributes:
        frames: frames that were read.
        frames_with_person: frames in which a person was found.
        warnings: of the sequence.
        seconds: how long it took; None if another worker, that was lost, had stored it.
    """

    frames: int
    frames_with_person: int
    warnings: tuple[str, ...] = ()
    seconds: float | None = None

    @classmethod
    def of(cls, sequence: KeypointSequence, seconds: float) -> Self:
        """What is told of a sequence."""
        return cls(len(sequence), int(sequence.present.sum()), tuple(sequence.warnings), seconds)


@dataclass(frozen=True)
class ShardKeeper:
    """Stores batches of clips; a Keeper. What takes the place of a clip that the store has is left to the driver.

    Attributes:
        storage: the store's place.
        settings: that the clips are extracted with.
    """

    storage: Storage
    settings: Mapping[str, Any]

    def name(self, jobs: Sequence[Job]) -> str:
        """The shard of these clips."""
        return shards.batch_name(map(self.key, jobs))

    def key(self, job: Job) -> str:
        """The clip's id."""
        return job.source.clip_id

    def length(self, job: Job) -> float:
        """About how many seconds of video a clip is, without opening it."""
        source = job.source
        if source.end_s is not None:
            return source.end_s - (source.start_s or 0.0)
        try:
            return source.path.stat().st_size / _BYTES_A_SECOND
        except OSError:
            return 0.0  # it will fail at once

    def frames(self, result: Extracted) -> int:
        """How many frames a result has; none if the clip was not read."""
        return len(result.sequence) if result.sequence else 0

    def kept(self, name: str, jobs: Sequence[Job]) -> Mapping[str, Stored]:
        """Of these clips those that the shard has.

        Raises:
            StoreError: the shard cannot be read.
        """
        table = shards.read(self.storage, name)
        if table is None:
            return {}
        rows = table.select(["clip_id", "frames", "frames_with_person", "warnings"]).to_pylist()
        # A clip that is to be replaced may lie there as it was.
        wanted = {self.key(job) for job in jobs if not job.stored}
        return {
            row["clip_id"]: Stored(row["frames"], row["frames_with_person"], tuple(row["warnings"] or ()))
            for row in rows
            if row["clip_id"] in wanted
        }

    def keep(self, name: str, done: Sequence[tuple[Job, Extracted]]) -> Sequence[Stored | Extracted]:
        """Store clips in the shard. What the driver has to see passes as it is.

        Raises:
            DiskFullError: there is no room for them.
            StoreError: the place cannot be written.
        """
        clips, told = [], list[Stored | Extracted]()
        for job, result in done:
            if result.sequence is None or job.stored:
                told.append(result)
            else:
                clips.append(Clip.extracted(job.source, result.sequence, result.origin, self.settings))
                told.append(Stored.of(result.sequence, result.seconds))
        shards.add_to(self.storage, name, clips)
        return told
