"""How long a call of our landmark networks takes, beside Google's without their segmentation.

    python -m benchmarks.own_network

All in turn on one picture, one thread. Ours are untrained: what a network has learned does not change its time.
"""

import numpy as np

from benchmarks.parity import RECORD_VIDEO, frames_of
from benchmarks.precision import milliseconds
from posegloss.pipeline import models
from posegloss.pipeline.landmarks import LandmarkModel
from posegloss.pipeline.network.architecture import build
from posegloss.pipeline.network.description import DESCRIPTIONS
from posegloss.pipeline.network.export import to_litert


def main() -> None:
    """Measure and print."""
    networks = {}
    for name, description in DESCRIPTIONS.items():
        network = build(description)
        networks[name] = LandmarkModel(to_litert(network))
        networks[f"{name} without reading heatmaps"] = LandmarkModel(to_litert(network, heatmaps=False))
        networks[f"Google's {name}"] = LandmarkModel(models.load(name))
    image = frames_of(RECORD_VIDEO)[0]
    for name, taken in milliseconds(networks, image).items():
        print(f"{name}: ms a call, median {np.median(taken):.2f}, least {min(taken):.2f}")


if __name__ == "__main__":
    main()
