import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from posegloss.pipeline.errors import SettingsError, StoreError
from posegloss.pipeline.landmark_file import open_landmarks
from posegloss.pipeline.network.description import INPUT_SIDE, NUM_ALIGNED
from posegloss.pipeline.network.example import Example, ExamplesError, nobody
from posegloss.pipeline.network.extractor import train_extractor
from posegloss.pipeline.network.preparing import OnStep, Part
from posegloss.pipeline.network.training import REGRESSION, EpochReport, Plan, Stage
from posegloss.pipeline.running.run_state import held

from .made_up import TINY, example, smooth_picture

PLAN = Plan(stages=(Stage(REGRESSION, INPUT_SIDE, 2, 1e-3),), batch=4)


def _part(people: int = 24, empty: int = 2, name: str = "made-up", trust: float = 1) -> Part:
    def draw(on_step: OnStep) -> Iterator[Example]:
        for number in range(people):
            yield example(f"person-{number}", seed=number, trust=np.full(NUM_ALIGNED, trust, np.float32))
        for number in range(empty):
            yield nobody(f"empty-{number}", smooth_picture(352, 352, number))
        on_step(1)

    return Part(name, {"people": people, "empty": empty, "trust": trust}, 1, draw)


def test_a_network_a_report_and_a_history_come_out_and_a_second_call_only_reads(tmp_path: Path) -> None:
    out = tmp_path / "my.network"
    told: list[EpochReport] = []
    result = train_extractor(out, [_part()], TINY, PLAN, validation=0.25, on_epoch=told.append)
    assert result.network == out / "landmarks.tflite"
    open_landmarks(str(result.network))
    numbers = result.numbers
    assert numbers.people + numbers.empty + numbers.validated == 26
    assert numbers.validated > 0
    assert [report.done for report in told] == [1, 2]
    assert 0 <= result.pck <= 1
    assert [epoch["epoch"] for epoch in json.loads((out / "epochs.json").read_text("utf-8"))] == [1, 2]
    page = (out / "report.html").read_text("utf-8")
    assert f"{numbers.people} examples of people" in page
    assert page.count("data:image/jpeg") > 0
    written = result.network.read_bytes()
    again = train_extractor(out, [_part()], TINY, PLAN, validation=0.25)
    assert again.history == result.history
    assert again.network.read_bytes() == written


def test_another_training_is_not_overwritten_unless_asked(tmp_path: Path) -> None:
    train_extractor(tmp_path, [_part()], TINY, PLAN)
    more = Plan(stages=PLAN.stages, batch=4, seed=1)
    with pytest.raises(SettingsError, match=r"another training \(not the same: plan\).*--overwrite"):
        train_extractor(tmp_path, [_part()], TINY, more)
    with pytest.raises(SettingsError, match="not the same: examples"):
        train_extractor(tmp_path, [_part(25)], TINY, PLAN)
    # The same pictures, other labels.
    with pytest.raises(SettingsError, match="not the same: examples"):
        train_extractor(tmp_path, [_part(trust=0.5)], TINY, PLAN)
    assert len(train_extractor(tmp_path, [_part()], TINY, more, overwrite=True).history) == 2


def test_two_trainings_never_write_one_folder(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(StoreError, match="another run is writing"):
        train_extractor(tmp_path, [_part()], TINY, PLAN)
    assert not (tmp_path / "examples").exists()


def test_without_people_there_is_nothing_to_learn(tmp_path: Path) -> None:
    with pytest.raises(ExamplesError, match="no people to train on"):
        train_extractor(tmp_path, [], TINY, PLAN)
    with pytest.raises(ExamplesError, match="shows no person"):
        train_extractor(tmp_path, [_part(people=0)], TINY, PLAN)
