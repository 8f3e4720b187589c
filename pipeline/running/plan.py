"""Plan: what a run has to do, given what the store has. It looks at the files, but reads none."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.running.passes import in_passes
from posegloss.pipeline.running.worker import Job
from posegloss.pipeline.storing.clip import LABELS, Known
from posegloss.pipeline.storing.provenance import Origin, Verdict, judge, settle


@dataclass(frozen=True)
class Plan:
    """What a run has to do.

    Attributes:
        jobs: the clips to extract: those in doubt with what they are doubted for, then the others, in the order in
            which their videos came.
        there: clips that the store has.
        strangers: clips whose ids the store has from another file, with that file.
    """

    jobs: list[Job] = field(default_factory=list)
    there: list[ClipSource] = field(default_factory=list)
    strangers: list[tuple[ClipSource, Origin]] = field(default_factory=list)

    @classmethod
    def of(cls, sources: Sequence[ClipSource], known: Mapping[str, Known], *, verify: bool = False) -> "Plan":
        """Compare clips with what a store knows.

        Args:
            sources: the clips, of unique ids.
            known: ``KeypointStore.known``.
            verify: compare the contents of files that look unchanged, too.
        """
        plan = cls()
        for source in sources:
            before = known[source.clip_id].origin if source.clip_id in known else None
            plan._add(source, before, judge(source.path, before, verify=verify))
        plan._share_passes()
        return plan

    def settled(self) -> "Plan":
        """The plan without its doubts, which reads the files in doubt."""
        plan = Plan([], [*self.there], [*self.strangers])
        for job in self.jobs:
            verdict = Verdict.CHANGED if job.stored else Verdict.NEW
            if job.doubt:
                verdict = Verdict.CHANGED  # for one that cannot be read: the run will say why
                with suppress(OSError):
                    verdict = settle(job.doubt, Origin.of(job.source.path))
            plan._add(job.source, job.doubt, verdict)
        return plan

    def count_bytes(self) -> int:
        """How many bytes the files of the jobs have, each file once."""
        total = 0
        for path in {job.source.path for job in self.jobs}:
            with suppress(OSError):
                total += path.stat().st_size
        return total

    def _share_passes(self) -> None:
        """Put the spans of a video that can be extracted in one pass over it behind one another."""
        sure = {job.source.clip_id: job for job in self.jobs if not job.doubt}
        in_doubt = [job for job in self.jobs if job.doubt]
        passes = in_passes(job.source for job in sure.values())
        self.jobs[:] = in_doubt + [
            replace(sure[source.clip_id], later=one[i + 1 :], of_pass=one[0].clip_id)
            for one in passes
            for i, source in enumerate(one)
        ]

    def _add(self, source: ClipSource, before: Origin | None, verdict: Verdict) -> None:
        if verdict is Verdict.THERE:
            self.there.append(source)
        elif verdict is Verdict.STRANGER and before:
            self.strangers.append((source, before))
        else:
            doubt = before if verdict is Verdict.DOUBTFUL else None
            self.jobs.append(Job(source, doubt, stored=verdict is not Verdict.NEW))


def changed_labels(source: ClipSource, before: Known) -> dict[str, str | bool]:
    """What a clip's source says of it differently than the store; what it does not know stays."""
    labels = {name: getattr(source, name) for name in LABELS}
    return {name: value for name, value in labels.items() if value and value != getattr(before, name)}
