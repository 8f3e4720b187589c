"""A tiny world of signs: arms that move along a path of their own for each gloss, by signers who differ."""

import zlib

import numpy as np

from posegloss.pipeline.sequence import KeypointSequence
from posegloss.pipeline.skeleton import INDEX
from posegloss.pipeline.store import Clip

SIZE = (640, 480)
REST = {
    "nose": (0.0, -0.75),
    "left_eye_outer": (0.18, -0.85),
    "right_eye_outer": (-0.18, -0.85),
    "mouth_left": (0.08, -0.6),
    "mouth_right": (-0.08, -0.6),
    "left_shoulder": (0.5, 0.0),
    "right_shoulder": (-0.5, 0.0),
}


def _number(text):
    return zlib.crc32(text.encode()) % 1000 / 1000


def make_sequence(gloss="wave", signer="ada", take=0, rate=25.0, seconds=1.2, noise=0.004, missing=0.02, mirror=False):
    """Wrists circle at a gloss's own place, frequency and phase; size and place in the picture are the signer's."""
    generator = np.random.default_rng(zlib.crc32(f"{signer}{take}".encode()))
    times = np.arange(round(seconds * rate)) / rate
    g, s = _number(gloss), _number(signer)
    angle = 2 * np.pi * (1 + round(2 * g)) * times / seconds + s + 0.3 * take
    side = -1 if mirror else 1
    keypoints = np.full((len(times), 33, 4), np.nan, np.float32)
    unit, middle = 90 + 60 * s, np.array([320 + 60 * (s - 0.5), 200 + 40 * s])

    def put(name, x, y):
        pixel = middle + unit * np.stack([side * np.broadcast_to(x, times.shape), np.broadcast_to(y, times.shape)], -1)
        if mirror:
            name = name.replace("left", "*").replace("right", "left").replace("*", "right")
        keypoints[:, INDEX[name], :2] = pixel / SIZE
        keypoints[:, INDEX[name], 2] = 0
        keypoints[:, INDEX[name], 3] = 0.95

    for name, (x, y) in REST.items():
        put(name, x, y)
    for hand, own, active in (("right", -1, 1.0), ("left", 1, float(g > 0.5))):
        x = own * (0.35 + 0.5 * g) + active * 0.25 * np.cos(angle)
        y = 0.9 - active * (0.3 + 1.1 * _number(gloss + "y")) + active * 0.25 * np.sin(angle)
        put(f"{hand}_wrist", x, y)
        put(f"{hand}_elbow", own * 0.65, 0.6)
        for i, tip in enumerate(("pinky", "index", "thumb")):
            put(f"{hand}_{tip}", x + 0.1 * i - 0.1, y - 0.15)
    keypoints[..., :2] += noise * generator.standard_normal(keypoints[..., :2].shape).astype(np.float32)
    lost = generator.random(keypoints.shape[:2]) < missing
    lost[:, [INDEX["left_shoulder"], INDEX["right_shoulder"]]] = False
    keypoints[lost] = np.nan
    return KeypointSequence(keypoints, times, SIZE, source=f"{gloss}-{signer}-{take}")


def make_clips(glosses=("wave", "circle", "point"), signers=("ada", "bo", "cy", "di", "ed"), takes=3, **options):
    return [
        Clip(f"{gloss}/{signer}-{take}.mp4", make_sequence(gloss, signer, take, **options), gloss, signer)
        for gloss in glosses
        for signer in signers
        for take in range(takes)
    ]


def nobody(frames=10):
    """A sequence in which nobody was found."""
    return KeypointSequence(np.full((frames, 33, 4), np.nan), np.arange(frames) / 25, SIZE, source="nobody.mp4")


# Small enough to train in seconds.
TINY = {
    "architecture": {"width": 16, "stages": 1, "convolutions": 1, "heads": 2},
    "training": {"epochs": 40, "learning_rate": 5e-3, "batch_size": 9},
}
