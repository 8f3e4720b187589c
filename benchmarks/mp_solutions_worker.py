"""Runs in an environment of its own (mediapipe 0.10.21, numpy<2): frames on stdin, landmarks on stdout.

First a JSON line with the arguments of ``mp.solutions.pose.Pose``. Then, for each frame, width and height as two
little-endian uint32 and the RGB bytes; the answer is 33 x (x, y, z, visibility) and 33 x world (x, y, z) as
little-endian float32, all NaN where no pose was found. A width of 0 starts a new Pose (a new video).
"""

import json
import struct
import sys

import mediapipe as mp
import numpy as np

POINTS = 33
NOBODY = np.full(POINTS * 7, np.nan, "<f4")


def main() -> None:
    """Answer frames until stdin ends."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    arguments = json.loads(source.readline())
    pose = mp.solutions.pose.Pose(**arguments)
    while header := source.read(8):
        width, height = struct.unpack("<II", header)
        if not width:
            pose.close()
            pose = mp.solutions.pose.Pose(**arguments)
            continue
        image = np.frombuffer(source.read(width * height * 3), np.uint8).reshape(height, width, 3)
        found = pose.process(image)
        answer = NOBODY
        if found.pose_landmarks:
            landmarks = [(p.x, p.y, p.z, p.visibility) for p in found.pose_landmarks.landmark]
            world = [(p.x, p.y, p.z) for p in found.pose_world_landmarks.landmark]
            answer = np.concatenate([np.ravel(landmarks), np.ravel(world)]).astype("<f4")
        sink.write(answer.tobytes())
        sink.flush()


if __name__ == "__main__":
    main()
