"""``mp.solutions.pose`` (Full) as its users run it; in an environment and a process of its own."""

import time

import mediapipe as mp

from benchmarks.speed.memory import PEAK, memory_mb
from benchmarks.speed.peer_video import PeerVideo
from benchmarks.speed.serve import Answer, serve


def run(paths: list[str]) -> Answer:
    """All clips through one Pose, which forgets the last clip by ``reset``: cheaper than a new one for each."""
    begin, cpu = time.perf_counter(), time.process_time()
    frames = people = 0
    with mp.solutions.pose.Pose(model_complexity=1) as pose:
        for path in paths:
            for image in PeerVideo(path):
                frames += 1
                people += pose.process(image).pose_landmarks is not None
            pose.reset()
    return {
        "frames": frames,
        "people": people,
        "seconds": time.perf_counter() - begin,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": memory_mb(PEAK),
    }


if __name__ == "__main__":
    serve({"run": run})
