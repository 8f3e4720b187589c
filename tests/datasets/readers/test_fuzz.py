"""Metadata that holds anything: no reader raises, and none reads outside the set's folder."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posegloss.datasets.readers import read_dataset

from . import makers

TABLES = ("autsl", "asl-citizen", "include", "gsl", "bosphorus", "sem-lex", "asl-signs", "how2sign", "phoenix-2014-t")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=6,
)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(name: str, root: Path) -> None:
    reading = read_dataset(name, root)
    for clip in reading.clips:
        assert ".." not in clip.source.path.relative_to(root).parts
        assert str(clip.source).encode()


@quick
@given(st.dictionaries(st.sampled_from(list(makers.instance("0"))), JSON))
def test_rows_of_wlasl(tmp_path, changes):
    rows = [{"gloss": "book", "instances": [makers.instance("00001") | changes]}]
    makers.write(tmp_path, "WLASL_v0.3.json", json.dumps(rows))
    makers.touch(tmp_path, "videos/00001.mp4")
    check("wlasl", tmp_path)


@quick
@given(JSON)
def test_json_of_any_shape(tmp_path, content):
    for name, file in (("wlasl", "WLASL_v0.3.json"), ("ms-asl", "MSASL_train.json")):
        makers.write(tmp_path, file, json.dumps(content))
        check(name, tmp_path)


@quick
@given(
    changes=st.dictionaries(st.sampled_from(["url", "start_time", "end_time", "text", "signer_id", "box", "fps"]), JSON)
)
def test_rows_of_ms_asl(tmp_path, changes):
    row = {"url": "youtube.com/watch?v=aaaaaaaaaaa", "start_time": 0, "end_time": 1, "text": "a", "signer_id": 1}
    makers.write(tmp_path, "MSASL_train.json", json.dumps([row | changes]))
    makers.touch(tmp_path, "videos/aaaaaaaaaaa.mp4")
    check("ms-asl", tmp_path)


@pytest.mark.parametrize("name", TABLES)
def test_tables_with_any_cells(name, tmp_path):
    made = makers.MAKERS[name](tmp_path)
    file = made.root / made.metadata[0]
    whole = file.read_bytes()
    cell = st.text(max_size=8) | st.sampled_from(
        ["..", "/", "\0", '"', "signer0_sample1", "a_signer1_b", "0", "1e999", "nan"]
    )

    @quick
    @given(st.lists(st.lists(cell, max_size=8), max_size=3), st.sampled_from([",", "|", "\t"]))
    def read(rows, delimiter):
        text = "\n".join(delimiter.join(row) for row in rows)
        file.write_bytes(whole + text.encode("utf-8", "replace"))
        check(name, made.root)

    read()


@quick
@given(content=st.binary(max_size=300))
@pytest.mark.parametrize("name", ["wlasl", "ms-asl", *TABLES])
def test_metadata_of_any_bytes(name, tmp_path, content):
    made = makers.MAKERS[name](tmp_path)
    (made.root / made.metadata[0]).write_bytes(content)
    check(name, made.root)
