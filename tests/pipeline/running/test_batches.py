from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from posegloss.pipeline.errors import DiskFullError, StoreError
from posegloss.pipeline.running import batches
from posegloss.pipeline.running.batches import Batch, Station

from .. import cluster_jobs as crew
from ..cluster_jobs import FileKeeper


@dataclass(frozen=True)
class FailingKeeper(FileKeeper):
    """Raises these errors first."""

    errors: list[StoreError] = field(default_factory=list)

    def keep(self, name: str, done: Sequence[tuple[tuple[int, float], int]]) -> list[str]:
        if self.errors:
            raise self.errors.pop()
        return super().keep(name, done)


@pytest.mark.parametrize(
    ("errors", "left"),
    [
        ([StoreError("away")] * 3, None),
        ([StoreError("away")] * 5, 1),
        ([StoreError("away"), DiskFullError("full"), StoreError("away")], 1),
    ],
)
def test_results_in_hand_are_kept_when_the_store_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, errors: list[StoreError], left: int | None
) -> None:
    monkeypatch.setattr(batches, "_PAUSES_S", (0.0, 0.0, 0.0))
    keeper = FailingKeeper(tmp_path, errors=list(errors))
    with Station(crew.work, crew.ready, keeper) as station:
        if left is None:
            assert len(station.do(Batch(((1, 0.0), (2, 0.0))))) == 2
        else:
            with pytest.raises(StoreError):
                station.do(Batch(((1, 0.0), (2, 0.0))))
    assert len(keeper.errors) == (left or 0)
    assert (tmp_path / "1-2").exists() == (left is None)
