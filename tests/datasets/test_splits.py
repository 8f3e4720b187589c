import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posegloss.datasets.splits import (
    SIGNERS_UNKNOWN,
    SignerUnknownWarning,
    SplitError,
    SplitWarning,
    TooFewClipsError,
    split_clips,
)


@dataclass
class Label:
    gloss: str | None
    signer: str | None = None
    split: str | None = None


def grid(glosses=3, signers=6, takes=2):
    return [Label(f"g{g}", f"s{s}") for g in range(glosses) for s in range(signers) for _ in range(takes)]


def signers_of(clips, part):
    return {clips[i].signer for i in part}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_signer_is_on_two_sides(data):
    signers = [f"s{i}" for i in range(data.draw(st.integers(4, 9)))]
    clips = [
        Label(gloss, signer)
        for signer in signers
        for gloss in ("a", "b", "c")
        for _ in range(data.draw(st.integers(1, 3)))
    ]
    data.draw(st.randoms()).shuffle(clips)
    split = split_clips(clips, seed=data.draw(st.integers(0, 99)))
    parts = [split.train, split.validation, split.test]
    assert sorted(np.concatenate(parts)) == list(range(len(clips)))
    a, b, c = (signers_of(clips, part) for part in parts)
    assert a
    assert b
    assert c
    assert not a & b
    assert not a & c
    assert not b & c
    assert split.signer_independent
    assert split.notes == ()


def test_seed_decides():
    clips = grid()
    one, same, other = (split_clips(clips, seed=seed) for seed in (1, 1, 2))
    assert one.test.tolist() == same.test.tolist()
    assert one.train.tolist() == same.train.tolist()
    assert any(split_clips(clips, seed=seed).test.tolist() != one.test.tolist() for seed in range(2, 8)), other


def test_size_of_the_test():
    split = split_clips(grid(signers=8), test=0.25)
    assert len(signers_of(grid(signers=8), split.test)) == 2


def test_named_test_signers():
    clips = grid()
    split = split_clips(clips, test_signers=["s2", "s4"])
    assert signers_of(clips, split.test) == {"s2", "s4"}
    assert split.signer_independent
    with pytest.raises(SplitError, match="zoe"):
        split_clips(clips, test_signers=["zoe"])


def test_published_split_is_kept():
    clips = [Label("ab"[i % 2], f"s{i % 4}", ["Train", "train", "dev", "TEST"][i % 4]) for i in range(40)]
    split = split_clips(clips)
    assert [len(part) for part in (split.train, split.validation, split.test)] == [20, 10, 10]
    assert {clips[i].split for i in split.test} == {"TEST"}
    assert split.how == "published split"


def test_published_split_that_mixes_signers_is_not_independent():
    clips = [Label("ab"[i % 2], f"s{i % 3}", "test" if i % 5 == 0 else "train") for i in range(60)]
    split = split_clips(clips)
    assert not split.signer_independent
    assert "both sides" in " ".join(split.notes)
    assert split_clips(clips, use_published=False).signer_independent


@pytest.mark.filterwarnings("ignore::posegloss.datasets.splits.SplitWarning")
def test_other_notes_do_not_hide_that_signers_are_mixed():
    clips = [Label("ab"[i % 2], f"s{i % 3}", "test" if i % 5 == 0 else "train") for i in range(60)]
    notes = split_clips([*clips, Label("a", None, "train")]).notes
    assert any("1 clips of unknown signers were left out" in note for note in notes)
    assert any("both sides" in note for note in notes)


def test_a_published_split_of_unknown_signers_says_so():
    clips = [Label("ab"[i % 2], None, ["train", "dev", "test"][i % 3]) for i in range(30)]
    split = split_clips(clips)
    assert not split.signer_independent
    assert split.notes == (SIGNERS_UNKNOWN,)


def test_clips_without_a_published_split_are_told_of():
    clips = [Label("ab"[i % 2], f"s{i % 4}", ["train", "train", "test", " "][i % 4]) for i in range(40)]
    with pytest.warns(SplitWarning, match="10 clips without a part of the published split"):
        split = split_clips(clips)
    assert sum(map(len, (split.train, split.validation, split.test))) == 30
    assert any("10 clips" in note for note in split.notes)


def test_published_split_of_unknown_name():
    with pytest.raises(SplitError, match="fold1"):
        split_clips([Label("a", "s", "fold1"), Label("b", "t", "train")])


def test_unknown_signers_warn():
    clips = [Label(gloss) for gloss in "ab" for _ in range(10)]
    with pytest.warns(SignerUnknownWarning, match="optimistic"):
        split = split_clips(clips)
    assert not split.signer_independent
    assert any(SIGNERS_UNKNOWN in note for note in split.notes)
    assert {clips[i].gloss for i in split.test} == {"a", "b"}
    assert len(split.validation)


def test_a_few_unknown_signers_are_left_out():
    clips = [*grid(), Label("g0"), Label("g1")]
    with pytest.warns(SplitWarning, match="2 clips of unknown signers"):
        split = split_clips(clips)
    used = np.concatenate([split.train, split.validation, split.test])
    assert {len(clips) - 1, len(clips) - 2}.isdisjoint(used)
    assert split.signer_independent


def test_one_signer_only():
    clips = [Label(gloss, "ada") for gloss in "ab" for _ in range(8)]
    with pytest.warns(SplitWarning, match="one signer"):
        split = split_clips(clips)
    assert not split.signer_independent
    assert len(split.notes) == 1
    assert len(split.test)


def test_two_signers_still_give_an_independent_test():
    clips = grid(signers=2, takes=5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        split = split_clips(clips)
    assert split.signer_independent
    assert signers_of(clips, split.validation) == signers_of(clips, split.train)


@pytest.mark.filterwarnings("ignore::posegloss.datasets.splits.SignerUnknownWarning")
def test_gloss_seen_once_trains_only():
    clips = [*(Label(gloss) for gloss in "ab" for _ in range(8)), Label("once")]
    with pytest.warns(SplitWarning, match="once"):
        split = split_clips(clips)
    assert len(clips) - 1 in split.train


def test_gloss_of_one_signer_is_not_tested_untrained():
    clips = [*grid(), *(Label("rare", "s0") for _ in range(3))]
    for seed in range(6):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            split = split_clips(clips, seed=seed)
        trained = {clips[i].gloss for i in split.train}
        assert {clips[i].gloss for i in (*split.test, *split.validation)} <= trained
        assert ("rare" in trained) or any("rare" in str(warning.message) for warning in caught)


@pytest.mark.parametrize("clips", [[], [Label("a", "s")], [Label("a", "s"), Label("a", "t")]])
def test_fewer_than_two_glosses(clips):
    with pytest.raises(TooFewClipsError, match="two glosses"):
        split_clips(clips)


@pytest.mark.filterwarnings("ignore::posegloss.datasets.splits.SplitWarning")
def test_nothing_left_to_test():
    with pytest.raises(TooFewClipsError, match="to test"):
        split_clips([Label("a"), Label("b")])


def test_clips_without_gloss():
    with pytest.raises(SplitError, match="1 of 2 clips have no gloss"):
        split_clips([Label("a"), Label(None)])


def test_glosses_that_are_all_rarer_than_the_folds_are_split_by_signer_all_the_same() -> None:
    clips = [Label(f"g{i % 20}", f"s{(i + i // 20) % 10}") for i in range(60)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SplitWarning)
        split = split_clips(clips, seed=0)
    assert split.signer_independent
    assert len(split.train)
    assert not signers_of(clips, split.train) & signers_of(clips, split.test)
