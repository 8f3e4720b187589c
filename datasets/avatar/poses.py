"""The avatar as training examples of the landmark network: pictures with all 33 points, exact."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from posegloss.datasets.avatar.corpus import AVATAR_VERSION
from posegloss.datasets.avatar.lexicon import LEXICON
from posegloss.datasets.avatar.performance import Performance, perform
from posegloss.datasets.avatar.signer import Signer
from posegloss.pipeline.measuring.people import Person
from posegloss.pipeline.network.description import NUM_ALIGNED, NUM_POINTS
from posegloss.pipeline.network.example import Example, ExampleCropper
from posegloss.pipeline.network.preparing import Part
from posegloss.pipeline.roi import ROI_SCALE, RegionOfInterest

_SIGNERS: Final = 16


def avatar_examples(
    signers: Sequence[int],
    *,
    seed: int = 0,
    depth: bool = True,
    glosses: int = 3,
    every: int = 10,
    on_signer: Callable[[int], None] = lambda done: None,
) -> Iterator[Example]:
    """Frames of signers performing signs.

    Args:
        signers: their numbers.
        seed: decides what each performs.
        depth: tell z and world landmarks. They are geometry, and a teacher's are what Google's networks were taught (a
            nose 0.4 sides of the region in front of the hips of somebody who stands upright): never mix the two.
        glosses: signs of each signer.
        every: frames between two that are taken.
        on_signer: is told how many signers are done.
    """
    crop = ExampleCropper()
    names = list(LEXICON)
    for done, index in enumerate(signers, start=1):
        chosen = np.random.default_rng([seed, index]).choice(len(names), glosses, replace=False)
        performance = perform(Signer.random(index), [names[i] for i in chosen], take=0, seed=seed)
        for frame, image in enumerate(performance.frames()):
            if frame % every == 0 and (region := _person(performance, frame).region):
                yield _example(performance, frame, crop(image, region), region, depth)
        on_signer(done)


def _person(performance: Performance, frame: int) -> Person:
    return Person(
        performance.signer.name, performance.truth.keypoints[frame, :, :2].astype(np.float64) * performance.size
    )


def _example(
    performance: Performance, frame: int, picture: np.ndarray, region: RegionOfInterest, depth: bool
) -> Example:
    keypoints, world = performance.truth.keypoints[frame].astype(np.float64), performance.truth.world
    assert world is not None
    points = np.full((NUM_ALIGNED, 3), np.nan, np.float32)
    points[:NUM_POINTS, :2] = region.from_frame(keypoints[:, :2] * performance.size)
    points[:NUM_POINTS, 2] = keypoints[:, 2] * performance.size[0] / region.side
    points[NUM_POINTS:, :2] = (0.5, 0.5), (0.5, 0.5 - 0.5 / ROI_SCALE)
    inside = ((keypoints[:, :2] >= 0) & (keypoints[:, :2] < 1)).all(axis=1)
    turned = world[frame].astype(np.float64)
    turned[:, :2] = RegionOfInterest((0, 0), 1, -region.rotation).turn(turned[:, :2])
    if not depth:
        points[:, 2] = turned[:] = np.nan
    return Example(
        performance.signer.name,
        picture,
        points,
        np.ones(NUM_ALIGNED, np.float32),
        keypoints[:, 3].astype(np.float32),
        inside.astype(np.float32),
        turned.astype(np.float32),
        1.0,
    )


def avatar_parts(signers: int, *, seed: int = 0, depth: bool = True) -> list[Part]:
    """Signers as examples, sixteen a file; ``depth`` as ``avatar_examples`` has it."""
    return [
        _part(first, min(first + _SIGNERS, signers), seed=seed, depth=depth) for first in range(0, signers, _SIGNERS)
    ]


def _part(first: int, end: int, *, seed: int, depth: bool) -> Part:
    return Part(
        f"avatar-{first:05}",
        {"avatar": AVATAR_VERSION, "signers": [first, end], "seed": seed, "depth": depth},
        end - first,
        lambda on_step: avatar_examples(range(first, end), seed=seed, depth=depth, on_signer=on_step),
    )
