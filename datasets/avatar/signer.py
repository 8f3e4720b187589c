"""Who signs: a body, a look, habits of moving, and the camera that this person set up."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from posegloss.datasets.avatar.body import Body

Colour = tuple[int, int, int]

SKINS: Final[tuple[Colour, ...]] = (
    (245, 208, 182), (232, 186, 152), (222, 170, 132), (198, 143, 104), (172, 118, 82), (141, 92, 62), (108, 70, 48),
)  # fmt: skip
HAIRS: Final[tuple[Colour, ...]] = (
    (38, 30, 28), (62, 42, 32), (96, 62, 40), (140, 96, 56), (186, 146, 92), (128, 58, 34), (150, 146, 144),
)  # fmt: skip
SHIRTS: Final[tuple[Colour, ...]] = (
    (44, 62, 92), (38, 84, 84), (122, 46, 58), (58, 60, 66), (92, 72, 118), (60, 98, 66), (178, 108, 58),
    (70, 104, 150),
)  # fmt: skip
WALLS: Final[tuple[Colour, ...]] = (
    (206, 214, 218), (222, 212, 196), (178, 196, 206), (196, 206, 188), (214, 198, 196), (160, 176, 188),
    (190, 186, 204),
)  # fmt: skip
IRISES: Final[tuple[Colour, ...]] = ((78, 52, 34), (60, 42, 30), (86, 112, 134), (84, 106, 72))
HAIR_STYLES: Final = ("short", "side", "bob", "long", "bun", "curly", "cropped")
REST_PLACES: Final = ("sides", "belly", "lap")


@dataclass(frozen=True)
class Look:
    """Colours (RGB, 0 to 255) and what the signer wears."""

    skin: Colour
    hair: Colour
    hair_style: str
    shirt: Colour
    pattern: str
    sleeve: float  # how much of the arm is covered, from 0 at the shoulder to 1 at the elbow and 2 at the wrist
    neckline: str
    iris: Colour
    jaw: float
    beard: bool
    glasses: bool
    wall: Colour
    backdrop: str
    light: float  # where the light comes from: -1 is the left of the picture, 1 the right
    warmth: float  # from -1, bluish, to 1, yellowish
    brightness: float


@dataclass(frozen=True)
class Style:
    """Habits of moving."""

    tempo: float
    amplitude: float
    sharpness: float  # 1 is minimum jerk; more is quicker in the middle with holds at both ends
    offset: tuple[float, float, float]  # metres by which this signer places every sign differently
    lazy: float  # how far a place is drawn towards the middle of neutral space: 0 not at all, 1 wholly
    elbow: float  # how far the elbows point out: 0 down, 1 to the side
    arc: float  # metres by which transitions bulge forward
    sway: float  # metres of slow movement of the trunk
    jitter: float  # metres of tremor of the hands
    extra_repeats: float  # chance of one repetition more
    rest: str


@dataclass(frozen=True)
class Rig:
    """Where the camera stands. Angles in radians, distances in metres."""

    distance: float
    height: float  # above the shoulders
    extent: float  # visible height at the signer's depth, relative to the stature
    headroom: float  # free part of the frame above the head
    pan: float  # sideways shift of the signer, relative to the extent
    yaw: float  # how far the signer is turned from the camera
    roll: float


@dataclass(frozen=True)
class Signer:
    """One invented person. Two signers of the same index are equal."""

    name: str
    body: Body
    look: Look
    style: Style
    rig: Rig
    left_handed: bool = False

    @classmethod
    def random(cls, index: int) -> "Signer":
        """The signer of a number: the same on every call, named ``avatar-003`` for 3.

        Args:
            index: 0 or more.
        """
        rng = np.random.default_rng([0xA7A7A8, index])

        def between(low: float, high: float) -> float:
            return float(rng.uniform(low, high))

        def pick(options: tuple[Colour, ...], start: int) -> Colour:
            # Neighbouring numbers take different entries, so that even three signers do not look alike.
            return options[(index * start + int(rng.integers(2))) % len(options)]

        style_name = HAIR_STYLES[(index * 3 + int(rng.integers(2))) % len(HAIR_STYLES)]
        skin = pick(SKINS, 3)
        dark = sum(skin) < 420
        look = Look(
            skin=skin,
            hair=HAIRS[int(rng.integers(2))] if dark else pick(HAIRS, 2),
            hair_style=style_name,
            shirt=pick(SHIRTS, 3),
            pattern=("plain", "plain", "stripes", "yoke")[int(rng.integers(4))],
            sleeve=(0.55, 0.62, 1.35, 1.94)[int(rng.integers(4))],
            neckline=("crew", "v")[int(rng.integers(2))],
            iris=IRISES[int(rng.integers(2))] if dark else IRISES[int(rng.integers(len(IRISES)))],
            jaw=between(0.88, 1.12),
            beard=style_name in ("short", "side", "cropped") and rng.random() < 0.4,
            glasses=bool(rng.random() < 0.2),
            wall=pick(WALLS, 2),
            backdrop=("plain", "window", "shelf", "panel")[(index + int(rng.integers(2))) % 4],
            light=float(rng.choice([-1, 1])) * between(0.4, 0.9),
            warmth=between(-0.7, 0.9),
            brightness=between(0.86, 1.08),
        )
        style = Style(
            tempo=between(0.82, 1.32),
            amplitude=between(0.7, 1.25),
            sharpness=between(1.0, 1.45),
            offset=(between(-0.035, 0.035), between(-0.035, 0.035), between(-0.03, 0.02)),
            lazy=between(0.0, 0.16),
            elbow=between(0.25, 0.75),
            arc=between(0.02, 0.09),
            sway=between(0.004, 0.014),
            jitter=between(0.001, 0.003),
            extra_repeats=float(rng.choice([0.0, 0.15, 0.6])),
            rest=REST_PLACES[int(rng.integers(len(REST_PLACES)))],
        )
        rig = Rig(
            distance=between(1.5, 2.6),
            height=between(-0.15, 0.25),
            extent=between(0.50, 0.64),
            headroom=between(0.08, 0.15),
            pan=between(-0.07, 0.07),
            yaw=between(-0.2, 0.2),
            roll=between(-0.025, 0.025),
        )
        body = Body(
            stature=between(1.56, 1.90),
            shoulders=between(0.93, 1.08),
            girth=between(0.9, 1.15),
            head=between(1.02, 1.10),
        )
        return cls(f"avatar-{index:03d}", body, look, style, rig, left_handed=index % 5 == 3)
