from functools import partial

import numpy as np
import pytest

from posegloss.classifiers.base import Sample, preprocess
from posegloss.classifiers.evaluating.cross_validation import SAME_SIGNERS, cross_validate
from posegloss.classifiers.evaluating.evaluation import EvaluationError
from posegloss.classifiers.families.extra_trees import ExtraTrees, ExtraTreesConfig
from posegloss.classifiers.preprocessing import Preprocessing

from ..made_up import make_clips
from .told import Scripted

GLOSSES = ("wave", "circle", "point")
SIGNERS = ("ada", "bo", "cy", "di", "ed", "fay")
SMALL = partial(ExtraTrees, ExtraTreesConfig(trees=20, mirror=False))


@pytest.fixture(scope="module")
def samples():
    return preprocess(make_clips(GLOSSES, SIGNERS, takes=2), Preprocessing())[0]


def signers_of(samples):
    return [sample.signer for sample in samples]


class Spy(Scripted):
    """Writes down whom it was trained, validated and asked on; answers each gloss by its place."""

    def __init__(self, calls):
        super().__init__(np.eye(len(GLOSSES)), sorted(GLOSSES))
        self.calls = calls

    def fit(self, samples, validation=(), *, seed=0, checkpoint=None, progress=None):
        self.calls.append((seed, samples, validation, []))
        self.glosses = tuple(sorted({sample.gloss for sample in samples}))
        return []

    def predict_inputs(self, inputs):
        self.calls[-1][3].extend(inputs)
        return np.tile(np.eye(len(self.glosses))[0] * 0.5 + 0.5 / len(self.glosses), (len(inputs), 1))


def spied(samples, groups, **options):
    calls = []
    return cross_validate(lambda: Spy(calls), samples, groups, **options), calls


def test_every_person_is_the_test_once_by_models_of_the_others(samples):
    found, calls = spied(samples, signers_of(samples), seeds=(3, 4))
    assert len(calls) == 2 * len(SIGNERS)
    whose = {id(sample.inputs): sample.signer for sample in samples}
    tested = []
    for seed, train, validation, asked in calls:
        learnt, chosen = set(signers_of(train)), set(signers_of(validation))
        test = {whose[id(one)] for one in asked} - chosen
        assert len(test) == 1
        assert chosen
        assert not learnt & chosen
        assert learnt | chosen == set(SIGNERS) - test
        tested.append((*test, seed))
    assert sorted(tested) == [(signer, seed) for signer in SIGNERS for seed in (3, 4)]
    assert len(found.evaluation.answers) == 2 * len(samples)
    assert found.evaluation.clips == len(samples)
    assert found.evaluation.signer_independent
    # It always answers the first gloss, a third of the clips.
    assert found.top1_by_group == pytest.approx(dict.fromkeys(SIGNERS, 1 / 3))
    assert found.top1_mean.value == pytest.approx(1 / 3)
    assert (found.folds, found.seeds) == (6, (3, 4))


def test_trainings_may_see_a_part_of_everybody_and_tests_are_of_all(samples):
    found, calls = spied(samples, signers_of(samples), validation=0.0, part=0.5)
    assert len(found.evaluation.answers) == len(samples)
    for _, train, _, _ in calls:
        shown = [(sample.signer, sample.gloss) for sample in train]
        assert len(shown) == len(set(shown)) == (len(SIGNERS) - 1) * len(GLOSSES)
    drawn = [[sample.clip_id for sample in train] for _, train, _, _ in calls]
    assert drawn == [
        [sample.clip_id for sample in train]
        for _, train, _, _ in spied(samples, signers_of(samples), validation=0.0, part=0.5)[1]
    ]
    _, others = spied(samples, signers_of(samples), validation=0.0, part=0.5, seeds=(1,))
    assert drawn != [[sample.clip_id for sample in train] for _, train, _, _ in others]
    # One clip of each is the least.
    assert len(spied(samples, signers_of(samples), validation=0.0, part=0.01)[1][0][1]) == 15


def test_real_trees_recognise_strangers(samples):
    heard = []
    found = cross_validate(SMALL, samples, signers_of(samples), progress=heard.append)
    assert found.evaluation.top1.value > 0.8
    assert found.top1_mean.method == "bootstrap over signers" or found.top1_mean.value == 1
    assert [report.done for report in heard] == [1, 2, 3, 4, 5, 6]
    assert [report.held_out for report in heard] == [(signer,) for signer in SIGNERS]
    assert {report.held_out[0]: report.top1 for report in heard} == found.top1_by_group
    assert found.training_s > 0
    assert found.answering_s > 0
    assert found.to_dict()["evaluation"]["answers"][0]["rank"] >= 1


def test_grouped_folds_are_the_same_for_every_family_and_order(samples):
    heard = []
    _, calls = spied(samples, signers_of(samples), folds=3, progress=heard.append)
    assert len(calls) == 3
    held_out = [report.held_out for report in heard]
    assert sorted(signer for fold in held_out for signer in fold) == sorted(SIGNERS)
    again = []
    turned = samples[::-1]
    cross_validate(SMALL, turned, signers_of(turned), folds=3, seeds=(5,), progress=again.append)
    assert [report.held_out for report in again] == held_out


def test_a_person_with_few_glosses_is_trained_on_and_never_a_test(samples):
    groups = ["shy" if sample.signer == "fay" and sample.gloss == "wave" else sample.signer for sample in samples]
    kept = [(sample, group) for sample, group in zip(samples, groups, strict=True) if group != "fay"]
    found, calls = spied(*zip(*kept, strict=True))
    assert "shy" not in found.top1_by_group
    assert len(found.by_group) == 5
    assert all("fay" in {*signers_of(train), *signers_of(validation)} for _, train, validation, _ in calls)
    assert any("never a test" in note and "shy" in note for note in found.evaluation.notes)


def test_other_groups_than_people_are_not_signer_independent(samples):
    sessions = ["morning" if sample.clip_id.endswith("-0.mp4") else "evening" for sample in samples]
    found, _ = spied(samples, sessions)
    assert set(found.top1_by_group) == {"morning", "evening"}
    assert not found.evaluation.signer_independent
    assert SAME_SIGNERS in found.evaluation.notes


def test_what_cannot_be_tested_is_listed(samples):
    own = [Sample("own", samples[0].inputs, "secret", "ada"), Sample("bare", samples[0].inputs, None, "ada")]
    own.append(Sample("whose", samples[0].inputs, "wave"))
    given = [*samples, *own]
    found, _ = spied(given, signers_of(given), left_out={"gone": "nobody there"}, min_glosses=3)
    assert found.evaluation.left_out == {
        "gone": "nobody there",
        "own": "nobody else shows the gloss 'secret'",
        "bare": "no gloss",
        "whose": "no group to be held out with",
    }


@pytest.mark.parametrize(
    ("groups", "options", "message"),
    [
        (lambda sample: "one", {}, "1 groups are known"),
        (lambda sample: None, {}, "0 groups are known"),
        (lambda sample: sample.gloss, {}, "3 groups are known, of which 0"),
        (lambda sample: sample.signer, {"folds": 7}, "7 folds cannot be made of 6"),
        (lambda sample: sample.signer, {"folds": 1}, "1 folds"),
    ],
)
def test_groups_that_cannot_be_held_out(samples, groups, options, message):
    with pytest.raises(EvaluationError, match=message):
        spied(samples, [groups(sample) for sample in samples], **options)
