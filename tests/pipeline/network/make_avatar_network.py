"""Makes tests/data/avatar_network.tflite: a network small enough to be kept, trained on nothing but the avatar.

    python -m tests.pipeline.network.make_avatar_network

Takes about ten minutes on two cores. It proves that what is trained and exported here tracks a signer; it is of no
other use, since the avatar is all that it has ever seen.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Final

from posegloss.datasets.avatar.poses import avatar_parts
from posegloss.pipeline.network.description import INPUT_SIDE, NetworkDescription
from posegloss.pipeline.network.extractor import train_extractor
from posegloss.pipeline.network.training import HEATMAPS, REGRESSION, Plan, Stage

NETWORK: Final = Path(__file__).parents[2] / "data" / "avatar_network.tflite"
SIGNERS: Final = 48
"""``Signer.random`` of 0 to 47; the test has another one."""
SMALL: Final = NetworkDescription(
    "small",
    stem=8,
    encoder=(16, 24, 48, 64),
    encoder_blocks=(1, 2, 2, 2),
    decoder=(48, 32, 32),
    regression=(32, 48, 64, 64, 64),
    regression_blocks=(1, 1, 1, 1, 1),
)
PLAN: Final = Plan(
    (Stage(HEATMAPS, 128, 10, 3e-3), Stage(HEATMAPS, INPUT_SIDE, 12, 3e-3), Stage(REGRESSION, INPUT_SIDE, 30, 2e-3)),
    batch=16,
)


def main() -> None:
    """Train, and put the network in its place."""
    with tempfile.TemporaryDirectory() as folder:
        result = train_extractor(Path(folder), avatar_parts(SIGNERS), SMALL, PLAN, on_epoch=print)
        shutil.copyfile(result.network, NETWORK)


if __name__ == "__main__":
    main()
