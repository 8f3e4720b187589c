from pathlib import Path

import pytest

from posegloss.datasets.avatar.poses import avatar_examples
from posegloss.pipeline.network.example import Examples, write_examples
from posegloss.pipeline.network.teacher import Teacher


@pytest.fixture(scope="session")
def avatars(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    """Two signers, twelve frames of each."""
    path: Path = tmp_path_factory.mktemp("avatars") / "avatars.parquet"
    for_each = (list(avatar_examples([signer], glosses=2, every=5))[:12] for signer in (0, 1))
    write_examples(path, (one for several in for_each for one in several), {})
    return Examples.read([path])


@pytest.fixture(scope="session")
def teacher() -> Teacher:
    return Teacher("lite")
