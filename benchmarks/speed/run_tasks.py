"""MediaPipe Tasks' PoseLandmarker (Full, video mode) as its users run it; in a process of its own."""

import time

from mediapipe import Image, ImageFormat
from mediapipe.tasks.python import BaseOptions, vision

from benchmarks.speed.memory import PEAK, memory_mb
from benchmarks.speed.peer_video import PeerVideo
from benchmarks.speed.serve import Answer, serve


def run(paths: list[str], task: str) -> Answer:
    """All clips, each with a landmarker of its own: Tasks has no other way to forget a video."""
    begin, cpu = time.perf_counter(), time.process_time()
    frames = people = 0
    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=task), running_mode=vision.RunningMode.VIDEO
    )
    for path in paths:
        video = PeerVideo(path)
        with vision.PoseLandmarker.create_from_options(options) as landmarker:
            for in_clip, image in enumerate(video):
                picture = Image(image_format=ImageFormat.SRGB, data=image)
                # Whole milliseconds, none twice.
                found = landmarker.detect_for_video(picture, round(in_clip * max(video.frame_ms, 1)))
                frames += 1
                people += bool(found.pose_landmarks)
    return {
        "frames": frames,
        "people": people,
        "seconds": time.perf_counter() - begin,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": memory_mb(PEAK),
    }


if __name__ == "__main__":
    serve({"run": run})
