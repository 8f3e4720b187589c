"""Runs in an environment of its own (mediapipe 0.10.21, numpy<2): frames on stdin, landmarks on stdout.

First a JSON line: the solution, "pose" or "holistic", and its constructor's arguments. Then, for each frame, width and
height as two little-endian uint32 and the RGB bytes; the answer is 33 x (x, y, z, visibility), then of a pose 33 x
(x, y, z) of the world, of holistic 21 x (x, y, z) of the left hand and of the right one, as little-endian float32, NaN
where something was not found. A width of 0 starts anew (a new video).
"""

import json
import struct
import sys

import mediapipe as mp
import numpy as np

BODY, HAND = 33, 21
SOLUTIONS = {"pose": mp.solutions.pose.Pose, "holistic": mp.solutions.holistic.Holistic}


def landmarks(found, points, names):
    """Landmarks as numbers, NaN where none were found."""
    if not found:
        return np.full(points * len(names), np.nan, "<f4")
    return np.ravel([[getattr(p, name) for name in names] for p in found.landmark]).astype("<f4")


def main() -> None:
    """Answer frames until stdin ends."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    solution, arguments = json.loads(source.readline())
    tracker = SOLUTIONS[solution](**arguments)
    while header := source.read(8):
        width, height = struct.unpack("<II", header)
        if not width:
            tracker.close()
            tracker = SOLUTIONS[solution](**arguments)
            continue
        image = np.frombuffer(source.read(width * height * 3), np.uint8).reshape(height, width, 3)
        found = tracker.process(image)
        answer = [landmarks(found.pose_landmarks, BODY, ("x", "y", "z", "visibility"))]
        if solution == "pose":
            answer.append(landmarks(found.pose_world_landmarks, BODY, "xyz"))
        else:
            answer += [landmarks(hand, HAND, "xyz") for hand in (found.left_hand_landmarks, found.right_hand_landmarks)]
        sink.write(np.concatenate(answer).tobytes())
        sink.flush()


if __name__ == "__main__":
    main()
