import base64
import re

import cv2
import numpy as np
import pytest

from posegloss.pipeline.inspection.timeplots import COLUMNS, HEIGHT, WIDTH, TimeAxis, heat_map, limits, round_step


def points_of(path: str) -> list[list[tuple[float, float]]]:
    """The pieces of a line that its gaps leave."""
    pieces = [re.findall(r"(-?[\d.]+) (-?[\d.]+)", piece) for piece in path.split("M")[1:]]
    return [[(float(x), float(y)) for x, y in piece] for piece in pieces]


def test_a_line_goes_from_foot_to_top_and_has_gaps_where_values_are_missing() -> None:
    axis = TimeAxis(np.arange(10) / 10)
    values = np.array([0, 1, 2, np.nan, np.nan, 2, np.nan, 1, 1, 0])
    pieces = points_of(axis.line(values, 0, 2))
    assert pieces == [
        [(0, 100), (100, 50), (200, 0)],
        [(500, 0)],
        [(700, 50), (800, 50), (900, 100)],
    ]


def test_a_line_does_not_cross_a_time_without_frames_but_steps_do() -> None:
    axis = TimeAxis(np.array([0, 0.1, 0.2, 0.3, 1.3, 1.4, 1.5]))
    values = np.zeros(7)
    assert [len(piece) for piece in points_of(axis.line(values, -1, 1))] == [4, 3]
    assert axis.line(values, -1, 1, steps=True).count("M") == 1


def test_a_long_line_keeps_every_peak_and_every_gap() -> None:
    frames = 20_000
    axis = TimeAxis(np.arange(frames) / 25)
    values = np.zeros(frames)
    values[[777, 12_345]] = 1
    values[15_003] = np.nan
    path = axis.line(values, 0, 1)
    pieces = points_of(path)
    assert len(path) < 50_000
    assert len(pieces) == 2
    peaks = [x for piece in pieces for x, y in piece if y == 0]
    assert peaks == pytest.approx([WIDTH * 777 / frames, WIDTH * 12_345 / frames], abs=0.1)


def test_bands_mark_runs_and_a_single_frame_of_a_long_clip() -> None:
    frames = 20_000
    marked = np.zeros(frames, bool)
    marked[5_000:10_000] = marked[17_001] = True
    bands = re.findall(r"M([\d.]+) 0H([\d.]+)V", TimeAxis(np.arange(frames) / 25).bands(marked))
    assert [tuple(map(float, band)) for band in bands] == [(250, 500), (850, 850 + WIDTH / COLUMNS)]
    assert TimeAxis(np.arange(3.0)).bands(np.ones(3, bool)) == f"M0 0H{WIDTH}V{HEIGHT}H0z"


def test_a_heat_map_has_a_row_a_point_and_holes_where_nothing_is_known() -> None:
    values = np.zeros((40, 3))
    values[:, 1] = 1
    values[:20, 2] = np.nan
    address = heat_map(TimeAxis(np.arange(40) / 25), values)
    assert address.startswith("data:image/png;base64,")
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(address.split(",")[1]), np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture.shape == (3, COLUMNS, 4)
    assert picture[:2, :, :3].astype(int).sum(axis=2)[1].min() > picture[0, :, :3].astype(int).sum(axis=1).max()
    assert (picture[:2, :, 3] == 255).all()
    assert (picture[2, : COLUMNS // 2, 3] == 0).all()
    assert (picture[2, COLUMNS // 2 :, 3] == 255).all()


def test_a_column_is_the_mean_of_its_frames_and_holds_the_last_where_none_came() -> None:
    long = TimeAxis(np.arange(COLUMNS * 4) / 100)
    assert long.mean(np.arange(COLUMNS * 4.0))[:2] == pytest.approx([1.5, 5.5])
    late = TimeAxis(np.array([0, 1, 8, 9.0]))
    held = late.mean(np.array([0.0, 1, 2, 3]))
    assert set(held[COLUMNS // 5 : COLUMNS * 7 // 10]) == {1.0}


@pytest.mark.parametrize("timestamps", [[], [0.0], [5.0]])
def test_clips_of_no_or_one_frame(timestamps: list[float]) -> None:
    axis = TimeAxis(np.array(timestamps))
    values = np.ones(len(timestamps))
    assert axis.end_s == axis.start_s + 1
    assert axis.line(values, 0, 1).count("M") == len(timestamps)
    assert axis.mean(values).shape == (COLUMNS,)
    assert axis.ticks()


def test_ticks_are_round_and_within() -> None:
    for seconds in (0.3, 1.94, 61, 841, 7200):
        ticks = TimeAxis(np.linspace(0, seconds, 50)).ticks()
        assert 3 <= len(ticks) <= 8
        assert all(0 <= place < 1 for place, _ in ticks)
        assert max(len(text) for _, text in ticks) <= 4


def test_steps_and_limits() -> None:
    assert [round_step(x) for x in (0.03, 0.05, 1.1, 21, 60)] == pytest.approx([0.05, 0.05, 2, 50, 100])
    low, high = limits([np.array([np.nan, 1.0]), np.array([3.0])])
    assert low < 1 < 3 < high
    assert limits([np.array([np.nan])]) == (0, 1)
    assert limits([np.array([0.5, 0.5])], 0.2) == pytest.approx((0.4, 0.6))
