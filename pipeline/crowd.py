"""How many people the detector saw in a video, for a word to who reads its keypoints."""

from posegloss.pipeline.pose import Pose


class Crowd:
    """The most people that were seen at a time, and when. The tracker follows one of them."""

    def __init__(self) -> None:
        self._most, self._when_s = 1, 0.0

    def add(self, pose: Pose | None, time_s: float) -> None:
        """Take in what a tracker gave for a frame."""
        if pose is not None and (pose.people or 0) > self._most:
            self._most, self._when_s = pose.people or 0, time_s

    @property
    def warnings(self) -> list[str]:
        """That there are several people, if there are."""
        if self._most == 1:
            return []
        return [f"several people: {self._most} at {self._when_s:.2f} s; the most prominent one is followed"]
