"""``mp.solutions.pose`` (Full) as its users run it; in an environment and a process of its own."""

import time

import cv2
import mediapipe as mp

from benchmarks.speed.memory import PEAK, memory_mb
from benchmarks.speed.serve import Answer, serve


def run(paths: list[str]) -> Answer:
    """All clips through one Pose, which forgets the last clip by ``reset``: cheaper than a new one for each."""
    begin, cpu = time.perf_counter(), time.process_time()
    frames = people = 0
    with mp.solutions.pose.Pose(model_complexity=1) as pose:
        for path in paths:
            video = cv2.VideoCapture(path)
            while True:
                there, image = video.read()
                if not there:
                    break
                found = pose.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
                frames += 1
                people += found.pose_landmarks is not None
            video.release()
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
