"""From a scene to the keypoints that a tracker would make of it: another camera, noise, lag, and what is not seen.

What a tracker does to the truth is drawn wider than any one tracker does it, so that what is learned from synthetic
scenes holds for real ones.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from posegloss.classifiers.streaming.learning.scenes import Scene
from posegloss.classifiers.streaming.learning.stage import RATE_HZ
from posegloss.datasets.avatar.body import Array
from posegloss.datasets.avatar.camera import Camera
from posegloss.pipeline.sequence import FloatArray
from posegloss.pipeline.skeleton import (
    INDEX,
    KEYPOINT_NAMES,
    LAYOUTS,
    LEFT_SHOULDER,
    RIGHT_SHOULDER,
    SIDES,
    Layout,
    hand_points,
)
from posegloss.pipeline.smoothing import OneEuroFilter

_SIZES: Final = ((640, 480), (1280, 720), (480, 640), (320, 240))
_HANDS: Final = [
    [INDEX[f"{side}_{part}"] for part in ("wrist", "pinky", "index", "thumb")] for side in ("left", "right")
]
_PERSON: Final = 5.5
"""About so many shoulder widths is a person tall to the tracker, which measures speeds in that."""

Mask = npt.NDArray[np.bool_]


def film(
    scene: Scene, rng: np.random.Generator, *, about: bool = True
) -> Iterator[tuple[float, FloatArray | None, tuple[int, int]]]:
    """A stream's frames: time in seconds, (K, 4) keypoints or None, width and height.

    Args:
        scene: what happens.
        rng: of the camera.
        about: signers move about, and some walk out of the picture.
    """
    size = _SIZES[rng.integers(len(_SIZES))]
    times = _times(len(scene.points) / RATE_HZ, rng)
    moments = np.arange(len(scene.points)) / RATE_HZ
    camera = Camera.of(scene.signer, size, rng)
    pixels = camera.project(scene.points)[..., :2].reshape(len(moments), -1)
    seen = np.stack([np.interp(times, moments, column) for column in pixels.T], axis=-1).reshape(len(times), -1, 2)
    if rng.random() < 0.5:
        seen = seen[:, _layout(seen).mirror]
        seen[..., 0] = size[0] - seen[..., 0]
    unit = float(np.median(np.hypot(*(seen[:, LEFT_SHOULDER] - seen[:, RIGHT_SHOULDER]).T)))
    if about:
        seen = _about(seen, times, unit, size, rng)
    tracked = _track(seen, times, unit, rng)
    hidden = _hidden(seen, times, size, rng)
    keypoints = np.zeros((*seen.shape[:2], 4), np.float32)
    keypoints[..., :2] = tracked / size
    keypoints[..., 3] = ~hidden
    nobody = _spells(times, rng, rng.choice([0, 0.02]), 1.0) | (hidden[:, [LEFT_SHOULDER, RIGHT_SHOULDER]].all(axis=1))
    for time_s, frame, none in zip(times.tolist(), keypoints, nobody, strict=True):
        yield time_s, None if none else frame, size


def _layout(points: Array) -> Layout:
    """The layout of points (T, K, 2), which its number of points tells."""
    return next(layout for layout in LAYOUTS.values() if len(layout) == points.shape[1])


def _times(seconds: float, rng: np.random.Generator) -> Array:
    """Of frames at some rate, with jitter, some of them dropped."""
    rate = rng.uniform(9, 61) if rng.random() < 0.4 else rng.choice([15, 24, 25, 30])
    times = np.arange(0, seconds, 1 / rate)
    times[1:-1] += rng.uniform(-0.3, 0.3, len(times) - 2) / rate * rng.choice([0, 1])
    kept = rng.random(len(times)) >= rng.choice([0, 0.05, 0.25])
    return np.asarray(times[kept])


def _about(seen: Array, times: Array, unit: float, size: tuple[int, int], rng: np.random.Generator) -> Array:
    """Somebody who moves about in the picture, leans towards the camera, and in some scenes walks out of it."""
    shift = np.zeros((len(times), 2))
    zoom = np.ones(len(times))
    for _ in range(rng.poisson(times[-1] / rng.choice([10, 60]))):
        share = _there_and_back(times, rng)
        shift += share[:, None] * rng.normal(0, (0.35, 0.15)) * unit
        zoom += share * rng.normal(0, 0.12)
    if rng.random() < 0.25:
        shift[:, 0] += _there_and_back(times, rng, slowest=2.0) * size[0] * rng.choice([-1, 1]) * rng.uniform(0.6, 1.2)
    middle = np.array(size) / 2
    return np.asarray((seen - middle) * zoom.clip(0.6, 1.6)[:, None, None] + middle + shift[:, None])


def _there_and_back(times: Array, rng: np.random.Generator, slowest: float = 1.5) -> Array:
    """From 0 to 1 and, mostly, back to 0 after a while."""
    begin, stay = rng.uniform(0, times[-1]), rng.choice([rng.uniform(0.2, 6), 1e3])
    there, back = rng.uniform(0.3, slowest, 2)
    up, down = ((times - begin) / there).clip(0, 1), ((times - begin - there - stay) / back).clip(0, 1)
    return np.asarray((1 - np.cos(np.pi * up)) / 2 - (1 - np.cos(np.pi * down)) / 2)


def _track(seen: Array, times: Array, unit: float, rng: np.random.Generator) -> Array:
    """As the tracker sees it: noise that lasts from frame to frame and grows with the hands' speed, then smoothing."""
    noise = np.exp(rng.uniform(np.log(0.003), np.log(0.03))) * unit
    sigma = np.full(seen.shape[1], noise)
    for hand in _HANDS:
        sigma[hand] *= rng.uniform(1, 2.5)
    if len(sigma) > len(KEYPOINT_NAMES):
        # A hand's own network sees it from nearby.
        sigma[len(KEYPOINT_NAMES) :] *= rng.uniform(0.2, 0.5)
    lasting = rng.uniform(0, 0.9)
    elapsed = np.gradient(times)
    speed = np.linalg.norm(np.gradient(seen, axis=0), axis=-1) / elapsed[:, None] / unit
    blurred = sigma * (1 + rng.uniform(0, 0.6) * speed.clip(0, 5))
    steps = rng.normal(0, 1, seen.shape)
    wave = steps[0]
    noisy = seen.copy()
    for i, step in enumerate(steps):
        # A first-order process that forgets by time, not by frame.
        kept = lasting ** (25 * elapsed[i])
        wave = kept * wave + np.sqrt(1 - kept**2) * step
        noisy[i] += blurred[i, :, None] * wave
    if rng.random() < 0.2:
        return noisy
    # The filter of posegloss.pipeline.tracker, at strengths around its own.
    beta = 80.0 * np.exp(rng.normal(0, 0.5))
    smooth = OneEuroFilter(min_cutoff=0.05, beta=beta, derivate_cutoff=1.0)
    return np.stack(
        [smooth(time_s, frame, 1 / (unit * _PERSON)) for time_s, frame in zip(times.tolist(), noisy, strict=True)]
    )


def _hidden(seen: Array, times: Array, size: tuple[int, int], rng: np.random.Generator) -> Mask:
    """(T, K) points outside the picture, and hands that the tracker loses."""
    margin = rng.uniform(-0.02, 0.1)
    places = seen / size
    hidden: Mask = np.asarray(((places < -margin) | (places > 1 + margin)).any(axis=-1))
    if rng.random() < 0.15:
        # A tracker that guesses what lies outside rather than say that it is not seen.
        hidden[:] = False
    often = rng.choice([0, 0.05, 0.3])
    for hand in _HANDS:
        hidden[:, hand] |= _spells(times, rng, often, 0.6)[:, None]
    if seen.shape[1] > len(KEYPOINT_NAMES):
        # It finds a whole hand or nothing of it, and loses it more often than the body's points.
        often = rng.choice([0.05, 0.3, 1.0])
        for side in SIDES:
            hidden[:, hand_points(side)] |= _spells(times, rng, often, 0.6)[:, None]
    return hidden


def _spells(times: Array, rng: np.random.Generator, often_hz: float, longest_s: float) -> Mask:
    """(T,) spells of up to ``longest_s`` that begin ``often_hz`` times a second."""
    spells = np.zeros(len(times), bool)
    for begin in rng.uniform(0, times[-1], rng.poisson(often_hz * times[-1])):
        spells |= (times >= begin) & (times < begin + rng.uniform(0, longest_s))
    return spells
