"""Training, validation and test clips, with no signer on two sides wherever signers are known."""

import warnings
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from posegloss.pipeline.errors import PoseglossError

IntArray = npt.NDArray[np.int64]

SIGNERS_UNKNOWN: Final = "signers unknown: accuracy may be optimistic"
_ONE_SIGNER: Final = "all clips are of one signer"
_PUBLISHED: Final = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}


class SplitError(PoseglossError):
    """The clips cannot be split as asked."""


class TooFewClipsError(SplitError):
    """There are too few clips, glosses or signers to train on some and test on others."""


class SplitWarning(UserWarning):
    """The split says less about new people than one would wish."""


class SignerUnknownWarning(SplitWarning):
    """Signers are not known, so that a signer may be on both sides of the split."""


class Labelled(Protocol):
    """What a split needs to know of a clip."""

    @property
    def gloss(self) -> str | None: ...  # noqa: D102
    @property
    def signer(self) -> str | None: ...  # noqa: D102
    @property
    def split(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class Split:
    """Which clips train, which choose (early stopping), and which test.

    Attributes:
        train: indices of the clips to train on.
        validation: indices of the clips that training may look at to choose; may be empty.
        test: indices of the clips that nothing but the final evaluation sees.
        signer_independent: whether no signer of the test clips is among the others.
        how: how the clips were split, for people to read.
        notes: what a reader of a result on this split should know.
    """

    train: IntArray
    validation: IntArray
    test: IntArray
    signer_independent: bool
    how: str
    notes: tuple[str, ...] = ()


def split_clips(
    clips: Sequence[Labelled],
    *,
    test: float = 0.25,
    validation: float = 0.2,
    test_signers: Collection[str] = (),
    use_published: bool = True,
    seed: int = 0,
) -> Split:
    """Split clips by signer: test signers are never in training, nor validation signers where three or more are left.

    Where too few signers are known, clips are split at random within each gloss, with a warning. A published split
    (``clip.split``) is kept as it is when it has training and test clips.

    Args:
        clips: clips that have a gloss.
        test: about which part of the signers (or clips) is held out for the test.
        validation: about which part of the remaining ones is held out for choosing; 0 for none.
        test_signers: exactly these signers are the test; chosen by the seed where empty.
        use_published: keep a published split.
        seed: the same seed gives the same split of the same clips.

    Raises:
        SplitError: a clip has no gloss, a published split has an unknown name, or a test signer has no clips.
        TooFewClipsError: nothing would be left to train on or to test, or there are fewer than two glosses.
    """
    glosses = np.array([clip.gloss or "" for clip in clips], dtype=object)
    signers = np.array([clip.signer or "" for clip in clips], dtype=object)
    if (glosses == "").any():
        raise SplitError(f"{(glosses == '').sum()} of {len(clips)} clips have no gloss; leave them out or label them")
    if len(set(glosses)) < 2:
        raise TooFewClipsError(
            f"a classifier needs at least two glosses, and the clips have {len(set(glosses))}; "
            "give a manifest with a column 'gloss', or one folder per gloss"
        )
    notes: list[str] = []
    blank = 0
    part = _published(clips) if use_published and not test_signers else None
    if part is not None:
        how = "published split"
        blank = int((part == "").sum())
        if validation and not (part == "validation").any():
            _hold_out(part, "validation", glosses, signers, validation, seed, notes)
    else:
        part = np.full(len(clips), "train", dtype=object)
        if test_signers:
            _hold_out_named(part, signers, test_signers)
            how = "by signer, test signers given"
        else:
            how = _hold_out(part, "test", glosses, signers, test, seed, notes)
        if validation:
            _hold_out(part, "validation", glosses, signers, validation, seed + 1, notes)
    if blank:
        _note(
            notes,
            f"{blank} clips without a part of the published split were left out; fill in their split",
            SplitWarning,
        )
    _leave_out_unlearnable(part, glosses, notes)
    train, chosen, tested = (np.flatnonzero(part == name) for name in ("train", "validation", "test"))
    if not len(tested) or len(set(glosses[train])) < 2:
        raise TooFewClipsError(
            f"{len(train)} clips of {len(set(glosses[train]))} glosses would be left to train on and {len(tested)} to "
            "test; record more clips of each gloss, best by other signers"
        )
    shared = set(signers[np.concatenate([train, chosen])]) & (set(signers[tested]) - {""})
    independent = "" not in set(signers[part != ""]) and not shared
    # Other notes, of clips that were left out, do not say why the test is not independent.
    if not independent and not any(note.startswith((SIGNERS_UNKNOWN, _ONE_SIGNER)) for note in notes):
        notes.append(
            "a signer is on both sides of the split: accuracy may be optimistic" if shared else SIGNERS_UNKNOWN
        )
    return Split(train, chosen, tested, independent, how, tuple(notes))


def _published(clips: Sequence[Labelled]) -> npt.NDArray[np.object_] | None:
    written = [(clip.split or "").strip().lower() for clip in clips]
    unknown = sorted({name for name in written if name and name not in _PUBLISHED})
    if unknown:
        raise SplitError(
            f"the split {unknown[0]!r} is none of {', '.join(sorted(_PUBLISHED))}; rename it, or ignore the published "
            "split"
        )
    part = np.array([_PUBLISHED.get(name, "") for name in written], dtype=object)
    return part if {"train", "test"} <= set(part) else None


def _hold_out_named(part: npt.NDArray[np.object_], signers: npt.NDArray[np.object_], named: Collection[str]) -> None:
    absent = sorted(set(named) - set(signers))
    if absent:
        known = ", ".join(sorted(set(signers) - {""})) or "none"
        raise SplitError(f"no clips of the test signer {', '.join(absent)}; the signers are: {known}")
    part[np.isin(signers, list(named))] = "test"


def _hold_out(
    part: npt.NDArray[np.object_],
    name: str,
    glosses: npt.NDArray[np.object_],
    signers: npt.NDArray[np.object_],
    fraction: float,
    seed: int,
    notes: list[str],
) -> str:
    """Move some of the training clips to another part: whole signers where that is possible."""
    known = np.flatnonzero((part == "train") & (signers != ""))
    unknown = np.flatnonzero((part == "train") & (signers == ""))
    count = len(set(signers[known]))
    # The last two signers are worth more in training than apart; then validation clips are of training signers.
    if count >= (2 if name == "test" else 3) and len(unknown) < len(known):
        if len(unknown):
            part[unknown] = ""
            _note(notes, f"{len(unknown)} clips of unknown signers were left out; fill in their signer", SplitWarning)
        chosen = _some_signers(known, glosses, signers, fraction, seed)
        part[chosen] = name
        return "by signer"
    if len(unknown):
        _note(
            notes,
            f"{SIGNERS_UNKNOWN}. Clips were split at random within each gloss; give a column 'signer' for an honest "
            "test",
            SignerUnknownWarning,
        )
    elif name == "test":
        _note(
            notes,
            f"{_ONE_SIGNER}: the test says nothing about other people. Record at least two more signers",
            SplitWarning,
        )
    part[_some_of_each_gloss(np.flatnonzero(part == "train"), glosses, fraction, seed)] = name
    return "by clip, at random within each gloss"


def _some_signers(
    clips: IntArray, glosses: npt.NDArray[np.object_], signers: npt.NDArray[np.object_], fraction: float, seed: int
) -> IntArray:
    folds = max(2, min(len(set(signers[clips])), round(1 / fraction)))
    commonest = Counter(glosses[clips]).most_common(1)[0][1]
    # Where every gloss is rarer than there are folds, there is nothing to stratify.
    kind = StratifiedGroupKFold if commonest >= folds else GroupKFold
    splitter = kind(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # Rare glosses are expected, and dealt with by the caller.
        warnings.simplefilter("ignore", UserWarning)
        candidates = list(splitter.split(clips, glosses[clips].astype(str), signers[clips].astype(str)))

    def lost(fold: tuple[IntArray, IntArray]) -> int:
        """How many held-out clips have a gloss that nobody else signs."""
        rest, held = fold
        return len(held) if not len(rest) else int((~np.isin(glosses[clips[held]], glosses[clips[rest]])).sum())

    return np.asarray(clips[min((fold for fold in candidates if len(fold[1])), key=lost)[1]])


def _some_of_each_gloss(clips: IntArray, glosses: npt.NDArray[np.object_], fraction: float, seed: int) -> IntArray:
    generator = np.random.default_rng(seed)
    chosen: list[int] = []
    for gloss in sorted(set(glosses[clips])):
        own = generator.permutation(clips[glosses[clips] == gloss])
        chosen += own[: min(len(own) - 1, max(1, round(fraction * len(own))))].tolist()
    return np.array(sorted(chosen), dtype=np.int64)


def _leave_out_unlearnable(part: npt.NDArray[np.object_], glosses: npt.NDArray[np.object_], notes: list[str]) -> None:
    counts = Counter(glosses[part == "train"])
    unlearnable = (part != "train") & (part != "") & ~np.isin(glosses, list(counts))
    if unlearnable.any():
        names = ", ".join(sorted(set(glosses[unlearnable])))
        _note(notes, f"left out, because only held-out clips show it: {names}. Record more signers", SplitWarning)
        part[unlearnable] = ""
    total = Counter(glosses[part != ""])
    once = sorted(gloss for gloss, n in total.items() if n == 1)
    if once:
        _note(
            notes, f"seen once only, so trained on and never tested: {', '.join(once)}. Record more takes", SplitWarning
        )


def _note(notes: list[str], text: str, category: type[Warning]) -> None:
    if text not in notes:
        notes.append(text)
        warnings.warn(text, category, stacklevel=4)
