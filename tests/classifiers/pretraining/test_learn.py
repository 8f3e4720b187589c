import sys

import numpy as np
import pytest

from posegloss.classifiers.base import classifier_family
from posegloss.classifiers.pretraining import learn


@pytest.mark.parametrize(("options", "glosses"), [((), 2), (("--width", 128), 61)])
def test_the_command_writes_what_the_default_family_can_start_from(options, glosses, tmp_path, monkeypatch, capsys):
    out = tmp_path / "begin.npz"
    asked = ["learn", "--out", out, "--signs", 6, "--takes", 6, "--epochs", 1, "--workers", 1, *options]
    monkeypatch.setattr(sys, "argv", list(map(str, asked)))
    learn.main()
    assert "of the takes held back are right" in capsys.readouterr().err
    classifier = classifier_family("conv-transformer").from_config({})
    classifier.model = classifier.build(glosses)
    with np.load(out) as written:
        values = [written[name] for name in sorted(written)]
    assert [value.shape for value in values] == [tuple(weight.shape) for weight in classifier.weights_below_glosses]
    assert all(np.isfinite(value).all() for value in values)
