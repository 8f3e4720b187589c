from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from posegloss.pipeline.clip_source import ClipSource
from posegloss.pipeline.running.passes import GAP_S, PASS_S, in_passes


def span(start_s: float | None, end_s: float | None, video: str = "a.mp4") -> ClipSource:
    return ClipSource(f"{video}#{start_s}-{end_s}", Path(video), start_s=start_s, end_s=end_s)


def test_spans_that_follow_one_another_share_a_pass_whatever_their_order() -> None:
    spans = [span(4, 6), span(None, 2), span(2, 4)]
    assert list(in_passes(spans)) == [(spans[1], spans[2], spans[0])]


def test_whole_videos_overlaps_and_long_gaps_do_not() -> None:
    apart = [span(None, None), span(7, None), span(1, 3), span(2.5, 4), span(4 + GAP_S + 0.1, 20), span(1, 3, "b.mp4")]
    assert sorted(map(len, in_passes(apart))) == [1] * len(apart)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60), st.sampled_from(["a.mp4", "b.mp4"]))))
def test_every_clip_is_in_one_pass_which_is_short_and_in_order(spans: list[tuple[int, int, str]]) -> None:
    sources = [span(start, start + length, video) for start, length, video in spans]
    passes = list(in_passes(sources))
    assert sorted(s.clip_id for one in passes for s in one) == sorted(s.clip_id for s in sources)
    for one in passes:
        assert len({source.path for source in one}) == 1
        ends = [source.end_s for source in one]
        assert all(source.start_s >= end for source, end in zip(one[1:], ends, strict=False))
        assert ends[-1] - one[0].start_s <= PASS_S
