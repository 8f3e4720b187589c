"""TimeLimit: when a job is taken for stuck."""

from dataclasses import dataclass

from posegloss.pipeline.running.worker_process import WorkerProcess


@dataclass(frozen=True)
class TimeLimit:
    """How long a job may take before it is taken for stuck.

    Until the header of its file is read, ``base_s``. Then ``base_s`` and ``factor`` times its length, and the seconds
    of video before it, once. Where the file does not say how long it is, ``base_s`` from the last sign of progress.

    Attributes:
        factor: seconds of work for a second of video.
        base_s: seconds for any file.
    """

    factor: float = 30.0
    base_s: float = 60.0

    def excess(self, worker: WorkerProcess, now: float) -> str | None:
        """Why a worker is to be stopped; None if it is not."""
        seconds = now - worker.since
        if worker.opened is None:
            if seconds <= self.base_s:
                return None
            return f"could not be opened in {seconds:.0f} s (a pipe, or a network drive that stalls?)"
        length_s = worker.opened.length_s
        if length_s is None:
            silent = now - worker.heard
            return f"made no progress for {silent:.0f} s" if silent > self.base_s else None
        limit = self.base_s + self.factor * length_s + worker.opened.before_s
        if seconds <= limit:
            return None
        return (
            f"was not done after {seconds:.0f} s, which is too long for {length_s:.1f} s of video: a damaged file, or "
            "a slow machine (then give more with --time-limit)"
        )
