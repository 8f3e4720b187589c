import csv
from pathlib import Path

import pytest

from posegloss.pipeline.errors import StoreError
from posegloss.pipeline.inspection.kinds import failure_kinds, kind_of
from posegloss.pipeline.storing.storage import Storage

HEADER = ["clip_id", "path", "error", "reason"]


def write_failures(folder: Path, *rows: list[str]) -> Storage:
    with (folder / "failures.csv").open("w", newline="") as lines:
        csv.writer(lines).writerows([HEADER, *rows])
    return Storage(folder)


@pytest.mark.parametrize(
    ("message", "path", "kind"),
    [
        ("/a b/c.mp4 is not a video", "/a b/c.mp4", "FILE is not a video"),
        ("c.mp4 has no frame between 1.5 and 12 s", "c.mp4", "FILE has no frame between N and N s"),
        ("the store has /x/y.mp4 by this name", "", "the store has FILE by this name"),
        ("convert it to H.264", "", "convert it to H.264"),
        ("died\n  twice (signal 9)", "", "died twice (signal N)"),
        ("row 1,200: no path", "", "row N: no path"),
        ("", "", ""),
    ],
)
def test_what_differs_from_clip_to_clip_is_left_out(message: str, path: str, kind: str) -> None:
    assert kind_of(message, path) == kind


def test_failures_of_one_kind_are_counted_together(tmp_path: Path) -> None:
    store = write_failures(
        tmp_path,
        ["z", "/v/z.mp4", "WorkerDiedError", "it died"],
        *([f"{i}", f"/v/{i}.mp4", "VideoError", f"/v/{i}.mp4 ends after {i} frames"] for i in range(1, 4)),
        ["", "/v/q.mp4", "ManifestError", "row 7: no such file"],
        ["y", "/v/y.mp4", "StoreError", "it died"],
    )
    kinds = failure_kinds(store)
    assert [(one.error, one.kind, one.clips) for one in kinds] == [
        ("VideoError", "FILE ends after N frames", 3),
        ("WorkerDiedError", "it died", 1),
        ("ManifestError", "row N: no such file", 1),
        ("StoreError", "it died", 1),
    ]
    assert (kinds[0].clip_id, kinds[0].example) == ("1", "/v/1.mp4 ends after 1 frames")
    assert kinds[2].clip_id == "/v/q.mp4"


def test_there_is_no_list_or_an_empty_one(tmp_path: Path) -> None:
    assert failure_kinds(Storage(tmp_path)) == ()
    assert failure_kinds(write_failures(tmp_path)) == ()


@pytest.mark.parametrize("end", ["b,/v/b.mp4,Vid", 'b,/v/b.mp4,VideoError,"half of a rea', "b,\xff\xfe", "\0\0,\0"])
def test_a_row_that_is_being_written_does_no_harm(tmp_path: Path, end: str) -> None:
    store = write_failures(tmp_path, ["a", "/v/a.mp4", "VideoError", "no frame"])
    with (tmp_path / "failures.csv").open("ab") as lines:
        lines.write(end.encode("latin-1"))
    assert failure_kinds(store)[0].clip_id == "a"


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"\x89PNG\0\0", b'clip_id,path,error,reason\n"' + b"x" * 200_000]
)
def test_what_is_no_list_of_failures_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "failures.csv").write_bytes(content)
    with pytest.raises(StoreError, match=r"failures\.csv.*remove it"):
        failure_kinds(Storage(tmp_path))
