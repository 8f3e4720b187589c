import pytest

from posegloss.datasets.avatar import Performance, Signer, perform

SMALL = (320, 240)


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer.random(5)


@pytest.fixture(scope="session")
def clip(signer: Signer) -> Performance:
    return perform(signer, ["CHEST-CIRCLE"], take=0, seed=7, size=SMALL)
