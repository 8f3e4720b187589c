import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from posegloss.datasets.manifest import ManifestError, find_clips, read_manifest


def short(clip):
    """The clip's id without the name of the folder that it begins with."""
    folder, _, rest = clip.clip_id.partition("/")
    assert folder
    return rest


@pytest.fixture
def folder(tmp_path):
    for name in ("a.mp4", "b.mp4", "sub/c.MOV"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"video")
    return tmp_path


def manifest(folder, text, name="list.csv", encoding="utf-8"):
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


def test_all_columns(folder):
    path = manifest(folder, "path,gloss,signer,split,start,end\na.mp4,wave,ada,train,0.5,2\nsub/c.MOV,,,,,\n")
    found = read_manifest(path)
    first, second = found.clips
    assert (short(first), first.path, first.gloss, first.signer) == ("a.mp4#0.5-2", folder / "a.mp4", "wave", "ada")
    assert (first.split, first.start_s, first.end_s) == ("train", 0.5, 2.0)
    assert (short(second), second.gloss, second.signer, second.start_s) == ("sub/c.MOV", None, None, None)
    assert found.problems == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_excel_writes(folder, delimiter, encoding):
    start = "1.5" if delimiter == "," else "1,5"
    rows = [["Path ", "GLOSS", "Start", "end"], ["a.mp4", "Grüß dich", start, ""]]
    path = manifest(folder, "\r\n".join(delimiter.join(row) for row in rows), encoding=encoding)
    (clip,) = read_manifest(path).clips
    assert (clip.gloss, clip.start_s, clip.end_s, short(clip)) == ("Grüß dich", 1.5, None, "a.mp4#1.5-")


def test_parquet(folder):
    frame = pd.DataFrame(
        {"path": ["a.mp4", "b.mp4"], "Gloss": ["wave", None], "start": [0.25, None], "end": [1.0, None]}
    )
    frame.to_parquet(folder / "list.parquet")
    first, second = read_manifest(folder / "list.parquet").clips
    assert (short(first), first.gloss) == ("a.mp4#0.25-1", "wave")
    assert (short(second), second.gloss, second.start_s) == ("b.mp4", None, None)


def test_nan_is_no_label(folder):
    columns = {"path": ["a.mp4", "b.mp4"], "gloss": [float("nan"), 7.0], "signer": [1.0, float("nan")]}
    pq.write_table(pa.table(columns), folder / "list.parquet")
    clips = read_manifest(folder / "list.parquet").clips
    assert [(clip.gloss, clip.signer) for clip in clips] == [(None, "1.0"), ("7.0", None)]


def test_paths_of_windows(folder):
    (clip,) = read_manifest(manifest(folder, "path\nsub\\c.MOV\n")).clips
    assert short(clip) == "sub/c.MOV"
    assert clip.path.is_file()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("gone.mp4,0,1", "no such file"),
        ("sub,0,1", "folder"),
        (",0,1", "empty"),
        ("b.mp4,2,1", "not after its start"),
        ("b.mp4,1,1", "not after its start"),
        ("b.mp4,,0", "not after its start"),
        ("b.mp4,soon,2", "not a number"),
        ("b.mp4,0,inf", "not a number"),
        ("b.mp4,-1,2", "not a number"),
        ("a.mp4,0,1", "earlier row"),
        pytest.param("x" * 300 + ".mp4,0,1", "File name too long", id="long name"),
        ('gone.mp4,0,"1', "quotation marks do not match"),
        ('gone.mp4,"0"1,2', "quotation marks do not match"),
    ],
)
def test_a_wrong_row_does_not_stop_the_rest(folder, row, reason):
    found = read_manifest(manifest(folder, f"path,start,end\na.mp4,0,1\n{row}\nb.mp4,3,4\n"))
    assert [short(clip) for clip in found.clips] == ["a.mp4#0-1", "b.mp4#3-4"]
    (problem,) = found.problems
    assert problem.row_number == 3
    assert problem.path == row.split(",")[0]
    assert reason in problem.reason


@pytest.mark.parametrize("after", [0, 20_000], ids=["a few rows", "more than a cell may hold"])
def test_an_open_quotation_mark_swallows_no_other_row(folder, after):
    rows = ['a.mp4,"A', "b.mp4,B", *["gone.mp4,C"] * after, '"sub/c.MOV,"C']
    found = read_manifest(manifest(folder, "\n".join(["path,gloss", *rows, ""])))
    assert [(short(clip), clip.gloss) for clip in found.clips] == [("b.mp4", "B")]
    wrong = [problem for problem in found.problems if "quotation marks" in problem.reason]
    assert [(problem.row_number, problem.path) for problem in wrong] == [(2, "a.mp4"), (4 + after, "sub/c.MOV,C")]
    assert len(found.problems) == 2 + after


def test_a_cell_of_several_lines_is_one_cell(folder):
    (clip,) = read_manifest(manifest(folder, 'path,note,gloss\na.mp4,"two\n""lines""",wave\n')).clips
    assert clip.gloss == "wave"


@pytest.mark.parametrize("blank", ["", "  ", ";;;", ' ;"";'])
def test_blank_rows_are_no_problem(folder, blank):
    text = f"path;gloss;start;end\na.mp4;wave;;\n{blank}\n;wave;;\nb.mp4;wave;;\n{blank}\n"
    found = read_manifest(manifest(folder, text))
    assert [short(clip) for clip in found.clips] == ["a.mp4", "b.mp4"]
    assert [(problem.row_number, problem.reason) for problem in found.problems] == [(4, "the path is empty")]


def test_blank_rows_of_parquet(folder):
    pd.DataFrame({"path": ["a.mp4", None], "start": [0.5, None]}).to_parquet(folder / "list.parquet")
    found = read_manifest(folder / "list.parquet")
    assert (len(found.clips), found.problems) == (1, ())


def test_two_spans_of_one_video_are_two_clips(folder):
    found = read_manifest(manifest(folder, "path,start,end\na.mp4,3600.125,3601\na.mp4,3600.126,3601\n"))
    assert len({short(clip) for clip in found.clips}) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"file,gloss\na.mp4,wave\n", "no column 'path'"),
        (b"", "empty"),
        (b"path,gloss\n", "no rows"),
        (b"path,gloss\n,\n\n", "no rows"),
        (b'path,"gloss,signer\na.mp4,wave,ada\n', "quotation marks closed"),
        pytest.param(b"x" * 200_000, "no column 'path'", id="one long line"),
        (b"\x89PNG\r\n\xff\xfe\x00\x01", "not UTF-8"),
        ("path;gloss\na.mp4;Grüß".encode("cp1252"), "CSV UTF-8"),
        (b"a\0b\0c", "not a CSV file"),
    ],
)
def test_unusable_manifest(folder, content, message):
    (folder / "list.csv").write_bytes(content)
    with pytest.raises(ManifestError, match=message):
        read_manifest(folder / "list.csv")


def test_unusable_parquet(folder):
    (folder / "list.parquet").write_bytes(b"no parquet")
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(folder / "list.parquet")


def test_folder_of_glosses(tmp_path):
    for name in ("wave/1.mp4", "wave/2.webm", "circle/1.mp4", "circle/notes.txt", "circle/._1.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    clips = find_clips(tmp_path).clips
    assert [(short(clip), clip.gloss) for clip in clips] == [
        ("circle/1.mp4", "circle"),
        ("wave/1.mp4", "wave"),
        ("wave/2.webm", "wave"),
    ]


def test_other_folders_say_nothing_of_glosses(folder):
    assert {(short(clip), clip.gloss) for clip in find_clips(folder).clips} == {
        ("a.mp4", None),
        ("b.mp4", None),
        ("sub/c.MOV", None),
    }


def test_linked_folders_count(tmp_path):
    for name in ("archive/HELLO/1.mp4", "corpus/WAVE/1.mp4"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    (tmp_path / "corpus" / "HELLO").symlink_to(tmp_path / "archive" / "HELLO")
    clips = find_clips(tmp_path / "corpus").clips
    assert [(short(clip), clip.gloss) for clip in clips] == [("HELLO/1.mp4", "HELLO"), ("WAVE/1.mp4", "WAVE")]


def test_a_linked_folder_beside_its_own_keeps_the_ids(tmp_path):
    (tmp_path / "WAVE").mkdir()
    (tmp_path / "WAVE" / "1.mp4").touch()
    for link in ("AGAIN", "ZZZ"):
        (tmp_path / link).symlink_to("WAVE")
    assert [(short(clip), clip.gloss) for clip in find_clips(tmp_path).clips] == [("WAVE/1.mp4", "WAVE")]


def test_folder_with_manifest(folder):
    manifest(folder, "path,gloss\na.mp4,wave\n", name="manifest.csv")
    (clip,) = find_clips(folder).clips
    assert (short(clip), clip.gloss) == ("a.mp4", "wave")


def test_several_inputs_keep_their_names_apart(folder):
    other = folder / "other"
    other.mkdir()
    (other / "a.mp4").write_bytes(b"")
    clips = find_clips([folder / "sub", other, folder / "a.mp4"]).clips
    assert len({clip.clip_id for clip in clips}) == len(clips) == 3
    assert all(clip.path.is_file() for clip in clips)


def test_nothing_there(tmp_path):
    with pytest.raises(ManifestError, match="does not exist"):
        find_clips(tmp_path / "gone")
    with pytest.raises(ManifestError, match="no videos"):
        find_clips(tmp_path)
    with pytest.raises(ManifestError, match="cannot be read: File name too long"):
        find_clips(tmp_path / ("x" * 300))


def test_ids_are_the_same_with_whatever_else_a_clip_is_named(tmp_path):
    for name in ("one/wave/a.mp4", "two/wave/a.mp4"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    alone = find_clips(tmp_path / "one").clips
    together = find_clips([tmp_path / "two", tmp_path / "one"]).clips
    assert {clip.clip_id for clip in alone} == {"one/wave/a.mp4"}
    assert {clip.clip_id for clip in together} == {"one/wave/a.mp4", "two/wave/a.mp4"}
    (single,) = find_clips(tmp_path / "one" / "wave" / "a.mp4").clips
    assert single.clip_id == "wave/a.mp4"


def test_two_folders_of_one_name_are_told_apart(tmp_path):
    for name in ("x/clips/a.mp4", "y/clips/a.mp4"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    found = find_clips([tmp_path / "x" / "clips", tmp_path / "y" / "clips", tmp_path / "x" / "clips"])
    assert len(found.clips) == 1
    assert [(problem.path, "same name" in problem.reason) for problem in found.problems] == [
        (str(tmp_path / "y" / "clips" / "a.mp4"), True)
    ]
