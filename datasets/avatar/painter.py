"""The frames of a performance: background, trunk, head, arms and hands, drawn from back to front."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from posegloss.datasets.avatar.background import paint_background
from posegloss.datasets.avatar.body import Array
from posegloss.datasets.avatar.camera import Camera
from posegloss.datasets.avatar.face import paint_features, paint_head
from posegloss.datasets.avatar.limbs import Limbs
from posegloss.datasets.avatar.palette import Palette
from posegloss.datasets.avatar.rig import Joints, on_head
from posegloss.datasets.avatar.signer import Signer
from posegloss.datasets.avatar.strips import Image
from posegloss.datasets.avatar.torso import paint_torso, torso_anchors
from posegloss.pipeline.skeleton import INDEX

# Points of the two pictures of the head that are pinned to the head in space (x, y, z as in rig.FACE).
_SKULL: Final = np.array([(0.325, 0.0, -0.1), (-0.325, 0.0, -0.1), (0.0, -0.588, -0.1)])
_FEATURES: Final = np.array([(0.143, -0.10, -0.285), (-0.143, -0.10, -0.285), (0.0, 0.21, -0.285)])
_TRUNK: Final = [INDEX["left_shoulder"], INDEX["right_shoulder"], INDEX["left_hip"], INDEX["right_hip"]]


class Painter:
    """Draws one performance.

    Args:
        signer: who signs.
        joints: of the body, over the frames.
        effort: (T,) 0 at rest, 1 in a sign: the mouth moves with it.
        camera: that looks on.
        size: width and height of the frames in pixels.
        frame_rate: frames a second.
        rng: of the take.
    """

    def __init__(
        self,
        signer: Signer,
        joints: Joints,
        effort: Array,
        camera: Camera,
        size: tuple[int, int],
        frame_rate: float,
        rng: np.random.Generator,
    ) -> None:
        look = signer.look
        palette = Palette.of(look, rng)
        # Clothes, hair and room stay the same in every take of a signer.
        own = np.random.default_rng(list(signer.name.encode()))
        trunk = camera.project(joints.points[:, _TRUNK])
        scale = camera.focal / float(np.median(trunk[..., 2]))
        self._background = paint_background(look, palette, size, own)
        self._torso = paint_torso(signer, palette, scale, own)
        self._torso_pins = torso_anchors(signer)
        self._torso_at = np.stack([trunk[:, 0, :2], trunk[:, 1, :2], trunk[:, 2:, :2].mean(1)], axis=1)
        height = signer.body.head_height * scale
        self._head = paint_head(signer, palette, height, own)
        self._head_at = camera.project(on_head(signer.body, joints, _SKULL))[..., :2]
        self._features_at = camera.project(on_head(signer.body, joints, _FEATURES))[..., :2]
        self._expressions = _expressions(effort, frame_rate, rng)
        self._faces = {
            key: paint_features(signer, palette, height, closed=key[0], mouth=key[1] / 2)
            for key in set(self._expressions)
        }
        self._limbs = Limbs(signer, palette, joints, camera)

    def frames(self) -> Iterator[Image]:
        """(H, W, 3) uint8 RGB pictures, one after the other."""
        for i, expression in enumerate(self._expressions):
            image = self._background.copy()
            self._torso.draw(image, self._torso_pins, self._torso_at[i])
            self._limbs.shadow(image, i)
            self._head.draw(image, _SKULL[:, :2], self._head_at[i])
            self._faces[expression].draw(image, _FEATURES[:, :2], self._features_at[i])
            self._limbs.draw(image, i)
            yield image


def _expressions(effort: Array, frame_rate: float, rng: np.random.Generator) -> list[tuple[bool, int]]:
    """Whether the eyes are closed, and the opening of the mouth in steps of a half, for each frame."""
    n = len(effort)
    time = np.arange(n) / frame_rate
    blink = np.zeros(n, bool)
    moment = rng.uniform(0.2, 3.0)
    while moment < time[-1]:
        blink |= (time >= moment) & (time < moment + 0.13)
        moment += rng.uniform(1.5, 4.0)
    speech = np.sin(2 * np.pi * (rng.uniform(1.2, 2.2) * time + rng.uniform())) * effort
    return [(bool(b), int(s > 0.3) + int(s > 0.75)) for b, s in zip(blink, speech, strict=True)]
