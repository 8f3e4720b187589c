"""MediaPipe Tasks' PoseLandmarker (Full, video mode) as its users run it; in a process of its own."""

import time

import cv2
from mediapipe import Image, ImageFormat
from mediapipe.tasks.python import BaseOptions, vision

from benchmarks.speed.memory import PEAK, memory_mb
from benchmarks.speed.serve import Answer, serve


def run(paths: list[str], task: str) -> Answer:
    """All clips, each with a landmarker of its own: Tasks has no other way to forget a video."""
    begin, cpu = time.perf_counter(), time.process_time()
    frames = people = 0
    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=task), running_mode=vision.RunningMode.VIDEO
    )
    for path in paths:
        video = cv2.VideoCapture(path)
        frame_ms = 1000 / (video.get(cv2.CAP_PROP_FPS) or 30)
        with vision.PoseLandmarker.create_from_options(options) as landmarker:
            in_clip = 0
            while True:
                there, image = video.read()
                if not there:
                    break
                picture = Image(image_format=ImageFormat.SRGB, data=cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
                # Whole milliseconds, none twice.
                found = landmarker.detect_for_video(picture, round(in_clip * max(frame_ms, 1)))
                in_clip += 1
                people += bool(found.pose_landmarks)
        video.release()
        frames += in_clip
    return {
        "frames": frames,
        "people": people,
        "seconds": time.perf_counter() - begin,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": memory_mb(PEAK),
    }


if __name__ == "__main__":
    serve({"run": run})
