import json
from html.parser import HTMLParser

import pytest

from posegloss.classifiers.base import FamilyError
from posegloss.classifiers.evaluating.comparison import Comparison, compare_families
from posegloss.classifiers.evaluating.evaluation import EvaluationError
from posegloss.pipeline.store import KeypointStore

from ..made_up import make_clips


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = KeypointStore.create(tmp_path_factory.mktemp("compare") / "store", {})
    store.append(make_clips(takes=2))
    return store


@pytest.fixture(scope="module")
def compared(store):
    heard = []
    results = dict(compare_families(store, ["extra-trees"], folds=2, progress=lambda *said: heard.append(said)))
    return Comparison(store.place, "signer", 2, results), heard


def test_families_share_the_folds(compared, store):
    comparison, heard = compared
    assert [(family, report.done, report.total) for family, report in heard] == [
        ("extra-trees", 1, 2),
        ("extra-trees", 2, 2),
    ]
    result = comparison.results["extra-trees"]
    assert set(result.top1_by_group) == {"ada", "bo", "cy", "di", "ed"}
    assert result.evaluation.clips == len(store)


def test_what_is_written(compared, tmp_path):
    comparison, _ = compared
    hostile = Comparison("<b>store</b>", "signer", 2, comparison.results)
    hostile.write(tmp_path / "new" / "all.json", tmp_path / "page")
    written = json.loads((tmp_path / "new" / "all.json").read_text())
    top1 = comparison.results["extra-trees"].top1_mean
    assert written["families"]["extra-trees"]["top1_mean"]["value"] == top1.value
    page = (tmp_path / "page" / "comparison.html").read_text()
    assert str(top1) in page
    assert "http" not in page
    assert "<b>store" not in page
    open_tags = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag != "meta":
                open_tags.append(tag)

        def handle_endtag(self, tag):
            assert open_tags.pop() == tag

    Tags().feed(page)
    assert open_tags == []
    with pytest.raises(EvaluationError, match="cannot be written"):
        comparison.write(tmp_path / "page" / "comparison.html" / "x.json", None)


def test_an_unknown_family_is_told_before_anything_is_trained(store):
    with pytest.raises(FamilyError, match="magic"):
        next(compare_families(store, ["extra-trees", "magic"]))
