import json

import pytest

from posegloss.classifiers.base import FAMILIES, FamilyError, TrainingError
from posegloss.classifiers.settings import read_settings, untrained, usual_settings
from posegloss.pipeline.errors import SettingsError

from .families.conftest import make_samples


def test_settings_come_from_the_command_line_or_a_file(tmp_path):
    settings = {"training": {"balance": 0.5}}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(settings))
    assert read_settings(json.dumps(settings)) == read_settings(f" {json.dumps(settings)}") == settings
    assert read_settings(str(path)) == settings


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nowhere.json", "'nowhere.json' cannot be read .No such file"),
        ("", "cannot be read"),
        ("a\0b", "cannot be read"),
        ("{'training': {}}", "the settings cannot be read as JSON"),
        ('{"training": {"balance": NaN}}', "NaN is no number"),
        ('{"a":' * 100_000, "cannot be read as JSON"),
    ],
)
def test_what_is_no_settings(text, told):
    with pytest.raises(SettingsError, match=told):
        read_settings(text)


def test_a_file_of_something_else(tmp_path):
    path = tmp_path / "list.json"
    path.write_text("[1]")
    with pytest.raises(SettingsError, match="no JSON object"):
        read_settings(str(path))
    path.write_bytes(b"\xff\xfe{")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(str(path))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_usual_settings_are_what_one_gets_and_can_be_given_back(family):
    usual = json.loads(json.dumps(usual_settings(family)))
    assert untrained(family, {}).config() == untrained(family, usual).config()


def test_what_is_not_given_stays_as_usual():
    classifier = untrained("conv-transformer", {"training": {"balance": 1}, "augmentation": {"tempo": 1}}, epochs=7)
    usual = usual_settings("conv-transformer")
    usual["training"] |= {"balance": 1, "epochs": 7}
    usual["augmentation"]["tempo"] = 1
    assert classifier.config() == usual


def test_epochs_only_where_they_are_counted():
    assert untrained("extra-trees", {"trees": 5}, epochs=7).config() == {**usual_settings("extra-trees"), "trees": 5}
    assert untrained("tcn", {"training": {"epochs": 3}}).config()["training"]["epochs"] == 3


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"trainig": {}}, r"no setting trainig; it has \(architecture, training, augmentation\)"),
        ({"training": {"tempo": 2}}, r"no setting training.tempo; it has training.\(epochs, "),
        ({"training": 3}, "conv-transformer.training is no object"),
        ({"training": {"epochs": "ten"}}, "training.epochs of conv-transformer is a number, not 'ten'"),
        ({"training": {"kept": True}}, "training.kept of conv-transformer is a number"),
        ({"training": {"trees": 1.5}}, "training.trees cannot be 1.5"),
        ({"training": {"balance": 2}}, "balance must be 0 at least and 1 at most"),
        ({"augmentation": {"tempo": 0}}, "tempo is from 1 to inf, not 0"),
        ({"augmentation": {"drop_hand": 1.5}}, "drop_hand is from 0 to 1, not 1.5"),
        ({"augmentation": {"noise": -1}}, "noise is from 0 to inf, not -1"),
    ],
)
def test_settings_that_cannot_be(settings, told):
    with pytest.raises(SettingsError, match=told):
        untrained("conv-transformer", settings, epochs=2)


@pytest.mark.parametrize("family", ["extra-trees", "rocket-ridge", "dtw-1nn"])
def test_families_without_networks_know_what_cannot_be(family):
    name = "features" if family == "rocket-ridge" else "moments"
    with pytest.raises(SettingsError, match=name):
        untrained(family, {name: 0})


def test_there_is_no_such_family():
    with pytest.raises(FamilyError, match="magic"):
        untrained("magic", {})


@pytest.mark.parametrize(
    ("family", "architecture"),
    [("conv-transformer", {"width": -4}), ("st-gcn", {"widths": ["a"]}), ("spoter", {"heads": 0})],
)
def test_an_architecture_that_no_network_can_have(family, architecture):
    classifier = untrained(family, {"architecture": architecture})
    with pytest.raises(TrainingError, match="no network can be made"):
        classifier.fit(make_samples("blazepose33"))
