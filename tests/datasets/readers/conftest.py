import pytest

from .makers import CSL_SIGNS


@pytest.fixture(autouse=True)
def few_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The set of 125,000 clips, which has no list of them, with fewer."""
    monkeypatch.setattr("posegloss.datasets.readers.csl._SIGNS", CSL_SIGNS)
