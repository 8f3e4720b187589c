import json
import subprocess
import sys
from pathlib import Path

import pytest

from posegloss.pipeline.errors import StoreError
from posegloss.pipeline.running.run_state import RunState, held
from posegloss.pipeline.storing.storage import Storage

HOLD = """
import sys, time
from pathlib import Path
from posegloss.pipeline.running.run_state import RunState, held
from posegloss.pipeline.storing.storage import Storage
store = Path(sys.argv[1])
with held(store), RunState(Storage(store), total=3):
    print("held", flush=True)
    time.sleep(3600)
"""


def test_the_store_is_free_again_when_its_holder_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=rf"process {holder.pid} on .*, since 2"), held(tmp_path):
            pass
        holder.kill()
        holder.wait()
        with held(tmp_path):
            assert json.loads((tmp_path / "run.json").read_text())["state"] == "running"


def test_a_holder_that_has_not_said_who_it_is(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(StoreError, match="just started"), held(tmp_path):
        pass


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"), held(tmp_path / "file"):
        pass
    with pytest.raises(StoreError, match="cannot be written"), RunState(Storage(tmp_path / "none"), 1):
        pass


def test_it_is_written_once_a_second_at_most(tmp_path: Path) -> None:
    with RunState(Storage(tmp_path), 10) as state:
        first = (tmp_path / "run.json").stat().st_mtime_ns
        for state.done in range(1, 6):
            state.write_if_due()
        assert (tmp_path / "run.json").stat().st_mtime_ns == first
        assert json.loads((tmp_path / "run.json").read_text())["done"] == 0
    assert json.loads((tmp_path / "run.json").read_text())["done"] == 5
