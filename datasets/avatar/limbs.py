"""Arms and hands of a performance, ready to draw."""

from typing import Final

import cv2
import numpy as np

from posegloss.datasets.avatar.camera import Camera
from posegloss.datasets.avatar.palette import Palette
from posegloss.datasets.avatar.rig import Joints
from posegloss.datasets.avatar.signer import Signer
from posegloss.datasets.avatar.strips import SHIFT, Image, capsules, tones
from posegloss.pipeline.skeleton import INDEX

# Radii in metres of a person of 1.70 m at shoulder, elbow and wrist, and of the fingers from knuckle to tip.
_SHOULDER, _ELBOW, _WRIST = 0.045, 0.039, 0.026
_FINGER: Final = np.array([0.0098, 0.0090, 0.0082, 0.0070])
_THUMB: Final = np.array([0.0165, 0.0122, 0.0105, 0.0085])
_SHADES: Final = 8
_CLOTH: Final = 0.006  # how far a sleeve stands off the arm


class Limbs:
    """Strips of both arms and hands, and the order in which to draw them.

    Args:
        signer: whose arms.
        palette: colours under the light of the clip.
        joints: of the body, over the frames.
        camera: that looks on.
    """

    def __init__(self, signer: Signer, palette: Palette, joints: Joints, camera: Camera) -> None:
        self._arms = [_Arm(signer, palette, joints, camera, name) for name in ("left", "right")]
        self._hands = [_Hand(signer, palette, joints, camera, side) for side in (0, 1)]
        depth = camera.view(joints.points)[..., 2]
        # The arm whose wrist is further from the camera is drawn first.
        wrists = depth[:, [INDEX["left_wrist"], INDEX["right_wrist"]]]
        self._order = np.argsort(-wrists, axis=1)

    def draw(self, image: Image, frame: int) -> None:
        """Draw both arms with their hands on an RGB picture."""
        for side in self._order[frame]:
            hand, arm = self._hands[side], self._arms[side]
            if hand.behind[frame]:
                hand.draw(image, frame)
            for part in arm.parts:
                arm.strips.draw(image, frame, part)
            if not hand.behind[frame]:
                hand.draw(image, frame)

    def shadow(self, image: Image, frame: int) -> None:
        """Darken the picture softly below forearms and hands, where they throw a shadow on the trunk."""
        small = 8
        height, width = image.shape[:2]
        mask = np.zeros((height // small, width // small), np.uint8)
        for side in (0, 1):
            for outline in (self._arms[side].strips.outlines[frame, -1, 0], self._hands[side].hull(frame, 0)):
                cv2.fillConvexPoly(mask, outline // small + np.array([[0, 22]], np.int32), (70,), cv2.LINE_8, SHIFT)
        x, y, w, h = cv2.boundingRect(mask)
        if not w:
            return
        x0, y0 = max(x - 4, 0), max(y - 4, 0)
        x1, y1 = min(x + w + 4, mask.shape[1]), min(y + h + 4, mask.shape[0])
        soft = 255 - cv2.GaussianBlur(mask[y0:y1, x0:x1], (0, 0), 1.4)
        part = image[y0 * small : y1 * small, x0 * small : x1 * small]
        soft = cv2.resize(soft, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR)
        cv2.multiply(part, cv2.merge([soft, soft, soft]), dst=part, scale=1 / 255)


class _Arm:
    """Skin and sleeve from the shoulder to the wrist."""

    def __init__(self, signer: Signer, palette: Palette, joints: Joints, camera: Camera, name: str) -> None:
        body, look = signer.body, signer.look
        size = body.scale * body.girth
        places = [joints.points[:, INDEX[f"{name}_{part}"]] for part in ("shoulder", "elbow", "wrist")]
        widths = (_SHOULDER, _ELBOW, _WRIST)
        skin, cloth = tones(palette.skin, _SHADES), tones(palette.shirt, _SHADES, 0.75)
        starts, ends, radii, colours, caps = [], [], [], [], []
        for bone in (0, 1):
            starts.append(places[bone])
            ends.append(places[bone + 1])
            radii.append((widths[bone], widths[bone + 1]))
            colours.append(skin)
            caps.append((1.0, 1.0))
        for bone in (0, 1):
            covered = float(np.clip(look.sleeve - bone, 0, 1))
            if covered > 0:
                cuff = covered < 1
                starts.append(places[bone])
                ends.append(places[bone] + (places[bone + 1] - places[bone]) * covered)
                end = widths[bone] + (widths[bone + 1] - widths[bone]) * covered
                radii.append((widths[bone] + _CLOTH, end + _CLOTH * (1.5 if cuff else 1.0)))
                colours.append(cloth)
                caps.append((1.0, 0.15 if cuff else 1.0))
        near, far = (camera.project(np.stack(points, axis=1)) for points in (starts, ends))
        depth = np.stack([near[..., 2], far[..., 2]], axis=-1)
        self.strips = capsules(
            near[..., :2],
            far[..., :2],
            np.array(radii) * size * camera.focal / depth,
            np.array(colours),
            palette.direction,
            _SHADES,
            np.array(caps),
            np.arange(len(starts)) % 2 == 0,
            corners=15,
        )
        self.parts = (slice(0, 2), slice(2, len(starts)))


class _Hand:
    """One hand: a palm and five fingers, sorted by depth in every frame."""

    def __init__(self, signer: Signer, palette: Palette, joints: Joints, camera: Camera, side: int) -> None:
        size = signer.body.scale
        chain = joints.fingers[:, side]
        wrist = joints.points[:, INDEX["left_wrist" if side == 0 else "right_wrist"]]
        seen = camera.project(chain)
        pixels = camera.focal / seen[..., 2]
        radii = np.stack([*(_FINGER,) * 4, _THUMB]) * size * pixels
        n = len(chain)
        start, end = seen[:, :, :-1, :2].reshape(n, 15, 2), seen[:, :, 1:, :2].reshape(n, 15, 2)
        both = np.stack([radii[:, :, :-1].reshape(n, 15), radii[:, :, 1:].reshape(n, 15)], axis=-1)
        # The palm's side is a little paler than the back of the hand.
        palms = camera.view(joints.palms[:, side]) - camera.translation
        self._facing = np.clip(-palms[:, 2], -1, 1)
        skin = np.tile(tones(palette.skin, 4), (15, 1, 1))
        self._fingers = capsules(start, end, both, skin, palette.direction, 4, joined=np.arange(15) % 3 == 0)

        # The palm is the hull of the four metacarpals, which start on both sides of the wrist.
        across = chain[:, 0, 0] - chain[:, 3, 0]
        roots = wrist[:, None] + across[:, None] * np.array([0.20, 0.07, -0.07, -0.20])[:, None]
        near = camera.project(roots)
        reach = np.stack([0.0125 * size * camera.focal / near[..., 2], 0.0115 * size * pixels[:, :4, 0]], axis=-1)
        self._palm = capsules(
            near[..., :2], seen[:, :4, 0, :2], reach, skin[:4], palette.direction, 4, joined=np.ones(4, bool)
        )
        # Fingers by their middle joints, against the palm's own depth.
        depth = np.concatenate([seen[:, :, 1:, 2].mean(-1), seen[:, :4, 0, 2].mean(-1)[:, None]], axis=1)
        self._order = np.argsort(-depth, axis=1)
        self.behind = camera.view(chain[:, 1, 1])[:, 2] > camera.view(wrist)[:, 2] + 0.05

    def hull(self, frame: int, shade: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
        """(k, 2) outline of the palm, in fixed point."""
        return np.asarray(cv2.convexHull(self._palm.outlines[frame, :, shade].reshape(-1, 2)), np.int32)

    def draw(self, image: Image, frame: int) -> None:
        """Draw the hand on an RGB picture."""
        bright = 1 + 0.05 * float(self._facing[frame])
        for part in self._order[frame]:
            if part == 5:
                for k, tone in enumerate(np.minimum(self._palm.colours[0] * bright, 255)):
                    cv2.fillConvexPoly(image, self.hull(frame, k), tone.tolist(), cv2.LINE_AA, SHIFT)
            else:
                self._fingers.draw(image, frame, slice(part * 3, part * 3 + 3), bright)
