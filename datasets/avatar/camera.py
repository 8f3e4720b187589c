"""A pinhole camera in front of the signer."""

from dataclasses import dataclass

import numpy as np

from posegloss.datasets.avatar.body import Array
from posegloss.datasets.avatar.signer import Signer


@dataclass(frozen=True, eq=False)
class Camera:
    """A camera: turn and shift the body frame, then divide by depth.

    Attributes:
        rotation: (3, 3) from the body frame to the camera's (x right, y down, z into the picture).
        translation: (3,) metres, the origin of the body frame in the camera's.
        focal: pixels.
        centre: (2,) pixels, the principal point.
    """

    rotation: Array
    translation: Array
    focal: float
    centre: Array

    @classmethod
    def of(cls, signer: Signer, size: tuple[int, int], rng: np.random.Generator) -> "Camera":
        """The camera that a signer set up, moved a little for each take.

        Args:
            signer: whose rig and body decide the framing.
            size: width and height of the frames in pixels.
            rng: of the take.
        """
        rig, body = signer.rig, signer.body
        width, height = size
        extent = (rig.extent + rng.normal(0, 0.006)) * body.stature
        top = body.height(1.0) - rig.headroom * extent
        middle = top + extent / 2
        eye = body.shoulder_y - rig.height
        # The camera tilts until the middle of the picture shows the height that the framing asks for.
        pitch = np.arctan2(middle - eye, rig.distance)
        look = _turn(2, rig.roll + rng.normal(0, 0.004)) @ _turn(0, pitch)
        rotation = look @ _turn(1, rig.yaw + rng.normal(0, 0.02))
        position = np.array([(rig.pan + rng.normal(0, 0.01)) * extent, eye, -rig.distance])
        focal = height / extent * np.hypot(rig.distance, middle - eye)
        return cls(rotation, -look @ position, float(focal), np.array([width / 2, height / 2]))

    def view(self, points: Array) -> Array:
        """Points of the body frame, (..., 3), in the camera's frame."""
        return points @ self.rotation.T + self.translation

    def project(self, points: Array) -> Array:
        """Points of the body frame, (..., 3), as x and y in pixels and depth in metres."""
        seen = self.view(points)
        return np.concatenate([self.focal * seen[..., :2] / seen[..., 2:] + self.centre, seen[..., 2:]], axis=-1)


def _turn(axis: int, angle: float) -> Array:
    """Rotation matrix about a coordinate axis."""
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[i, j], matrix[j, i] = -np.sin(angle), np.sin(angle)
    return matrix
