"""Tiny datasets in their documented layouts, written by hand: two or three clips that are there, one that is not."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


@dataclass
class Made:
    """A dataset that was written.

    ``clips`` holds path, gloss, signer, split, start and end of each; ``gone`` the paths of what is missing.
    ``metadata`` are the files that name clips, ``hostile`` are rows (or JSON values) that no reader may stumble over;
    where there is no metadata, they are names of files.
    """

    root: Path
    clips: list[tuple[str, str | None, str | None, str | None, float | None, float | None]]
    gone: list[str]
    metadata: list[str] = field(default_factory=list)
    hostile: list[Any] = field(default_factory=list)
    subsets: dict[str, int] = field(default_factory=dict)

    def spoil(self) -> None:
        """Add the hostile rows to the first file of metadata, or the hostile files."""
        if not self.metadata:
            touch(self.root, *self.hostile)
            return
        path = self.root / self.metadata[0]
        if path.suffix == ".json":
            path.write_text(json.dumps([*json.loads(path.read_text("utf-8")), *self.hostile]), "utf-8")
        else:
            with path.open("a", encoding="utf-8") as file:
                file.write("".join(f"{row}\n" for row in self.hostile))


def touch(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, "utf-8")


def instance(video: str, **changes: Any) -> dict[str, Any]:
    """A row of WLASL."""
    return {
        "bbox": [385, 37, 885, 720],
        "fps": 25,
        "frame_end": -1,
        "frame_start": 1,
        "instance_id": 0,
        "signer_id": 118,
        "source": "somewhere",
        "split": "train",
        "url": f"http://example.org/{video}.mp4",
        "variation_id": 0,
        "video_id": video,
    } | changes


def wlasl(root: Path) -> Made:
    tube = {"url": "https://www.youtube.com/watch?v=abcdefghi-_", "frame_start": 51, "frame_end": 100}
    content = [
        {"gloss": "book", "instances": [instance("00001"), instance("00002", signer_id=7, split="val")]},
        {"gloss": "drink", "instances": [instance("00003", **tube, split="test"), instance("00004", signer_id=-1)]},
    ]
    write(root, "WLASL_v0.3.json", json.dumps(content))
    touch(root, "videos/00001.mp4", "00004.mp4", "raw_videos_mp4/abcdefghi-_.mp4")
    bad = [
        *({"video_id": "../../etc/passwd"}, {"video_id": "/etc/passwd"}, {"video_id": "C:\\boot"}, {"video_id": 5}),
        *({"fps": 0}, {"fps": "many"}, {"frame_start": 2.5}, {"frame_end": None}, {"split": "holdout"}),
        *({"signer_id": True}, {"frame_start": 90, "frame_end": 10}, {"video_id": "a\0b"}, {"video_id": "\ud800"}),
    ]
    return Made(
        root,
        [
            ("videos/00001.mp4", "book", "118", "train", None, None),
            ("raw_videos_mp4/abcdefghi-_.mp4", "drink", "118", "test", 2.0, 4.0),
            ("00004.mp4", "drink", None, "train", None, None),
        ],
        ["videos/00002.mp4"],
        ["WLASL_v0.3.json"],
        [
            *({"gloss": "bad", "instances": [instance("00009", **one)]} for one in bad),
            *(
                None,
                5,
                "text",
                [],
                {},
                {"gloss": "x"},
                {"gloss": 5, "instances": [{}]},
                {"gloss": "y", "instances": [7]},
            ),
        ],
        {"100": 3},
    )


def msasl(root: Path) -> Made:
    def clip(video: str, **changes: Any) -> dict[str, Any]:
        return {
            "org_text": "nice",
            "clean_text": "nice",
            "start_time": 0.5,
            "signer_id": 38,
            "signer": 52,
            "start": 15,
            "end": 92,
            "file": "nice in ASL",
            "label": 1,
            "fps": 30.0,
            "end_time": 3.075,
            "url": f"www.youtube.com/watch?v={video}",
            "text": "nice",
            "box": [0.01, 0.18, 1.0, 0.7],
        } | changes

    frames = clip("bbbbbbbbbbb", label=300, text="cat", signer_id=4)
    del frames["start_time"], frames["end_time"]
    write(root, "MSASL_train.json", json.dumps([clip("aaaaaaaaaaa"), frames]))
    write(root, "MSASL_val.json", json.dumps([clip("gggggggggg1")]))
    write(root, "MSASL_test.json", json.dumps([clip("aaaaaaaaaaa", start_time=10, end_time=11, signer_id=9)]))
    touch(root, "videos/aaaaaaaaaaa.webm", "bbbbbbbbbbb.mkv")
    bad = [
        *({"url": "http://example.org"}, {"url": None}, {"start_time": 9}, {"start_time": "soon"}, {"end_time": 1e999}),
        *({"start_time": -1}, {"text": ""}, {"text": ["nice"]}, {"signer_id": "x"}, {"box": ["a", 0, 1, 1]}),
    ]
    return Made(
        root,
        [
            ("videos/aaaaaaaaaaa.webm", "nice", "38", "train", 0.5, 3.075),
            ("bbbbbbbbbbb.mkv", "cat", "4", "train", 0.5, round(92 / 30, 6)),
            ("videos/aaaaaaaaaaa.webm", "nice", "9", "test", 10.0, 11.0),
        ],
        ["videos/gggggggggg1.mp4#0.5-3.075"],
        ["MSASL_train.json", "MSASL_val.json", "MSASL_test.json"],
        [*(clip("ccccccccccc", **one) for one in bad), None, 5, [], "text"],
        {"100": 2},
    )


def autsl(root: Path) -> Made:
    write(root, "SignList_ClassId_TR_EN.csv", "ClassId,TR,EN\n0,abla,sister\n1,acele,hurry\n")
    write(root, "train_labels.csv", "signer0_sample1,0\nsigner0_sample2,1\n")
    write(root, "validation_labels.csv", "signer1_sample1,1\n")
    write(root, "test_labels.csv", "signer2_sample1,0\n")
    touch(root, "train/signer0_sample1_color.mp4", "train/signer0_sample1_depth.mp4")
    touch(root, "val/signer1_sample1_color.mp4", "test/signer2_sample1_color.mp4")
    return Made(
        root,
        [
            ("train/signer0_sample1_color.mp4", "abla", "signer0", "train", None, None),
            ("val/signer1_sample1_color.mp4", "acele", "signer1", "val", None, None),
            ("test/signer2_sample1_color.mp4", "abla", "signer2", "test", None, None),
        ],
        ["train/signer0_sample2_color.mp4"],
        ["train_labels.csv", "validation_labels.csv", "test_labels.csv"],
        [
            "signer0_sample3,99",
            "signer0_sample4,one",
            "../signer0_sample5,0",
            "signer0_sample6",
            ",,",
            "signer0_sample1,1",
        ],
    )


def lsa64(root: Path) -> Made:
    wanted = [f"all/{g:03}_{s:03}_{r:03}.mp4" for g in range(1, 65) for s in range(1, 11) for r in range(1, 6)]
    there = ["all/001_001_001.mp4", "all/064_010_005.mp4"]
    touch(root, *there, "all/065_001_001.mp4", "all/notes.txt")
    clips = [(path, path[4:7], path[8:11], None, None, None) for path in there]
    odd = ["all/001_001_001.mp4.part", "all/000_000_000.mp4", "all/abc_001_001.mp4", "all/001_001_00\n.mp4"]
    return Made(root, clips, [path for path in wanted if path not in there], hostile=odd)


def asl_citizen(root: Path) -> Made:
    header = "Participant ID,Video file,Gloss,ASL-LEX Code\n"
    write(root, "splits/train.csv", header + 'P1,1-DOG.mp4,DOG1,A_1\nP1,2-AB.mp4,"A,B",B_1\nP2,3-GONE.mp4,GONE,C_1\n')
    write(root, "splits/val.csv", header + "P3,4-DOG.mp4,DOG1,A_1\n")
    touch(root, "videos/2-AB.mp4", "videos/1-DOG.mp4", "videos/4-DOG.mp4")
    return Made(
        root,
        [
            ("videos/1-DOG.mp4", "DOG1", "P1", "train", None, None),
            ("videos/2-AB.mp4", "A,B", "P1", "train", None, None),
            ("videos/4-DOG.mp4", "DOG1", "P3", "val", None, None),
        ],
        ["videos/3-GONE.mp4"],
        ["splits/train.csv", "splits/val.csv"],
        [
            "P1,../../secret.mp4,DOG,A",
            "P1,,DOG,A",
            ",x.mp4,DOG,A",
            "P1",
            "P1,a\\..\\..\\b.mp4,DOG,A",
            "P9,1-DOG.mp4,CAT,Z",
        ],
    )


def include(root: Path) -> Made:
    header = "Category,Word,Video,FilePath\n"
    write(
        root,
        "Train_Test_Split/train_include.csv",
        f"{header}Adjectives,4. sad,M1.MOV,Adjectives/4. sad/M1.MOV\n"
        "Days and Time,9. Today,M3.MOV,Days and Time/9. Today/Extra/M3.MOV\nPets,1. Dog,M4.MOV,Pets/1. Dog/M4.MOV\n",
    )
    write(root, "Train_Test_Split/test_include.csv", f"{header}Adjectives,4. sad,M2.MOV,Adjectives/4. sad/M2.MOV\n")
    write(root, "Train_Test_Split/train_include50.csv", f"{header}Adjectives,4. sad,M1.MOV,Adjectives/4. sad/M1.MOV\n")
    touch(root, "Adjectives/4. sad/M1.MOV", "Adjectives/4. sad/M2.mp4", "Days_and_Time/9. Today/Extra/M3.MOV")
    return Made(
        root,
        [
            ("Adjectives/4. sad/M1.MOV", "sad", None, "train", None, None),
            ("Days_and_Time/9. Today/Extra/M3.MOV", "Today", None, "train", None, None),
            ("Adjectives/4. sad/M2.mp4", "sad", None, "test", None, None),
        ],
        ["Pets/1. Dog/M4.MOV"],
        ["Train_Test_Split/train_include.csv", "Train_Test_Split/test_include.csv"],
        ["A,1. x,v,../x.MOV", "A,1. x,v,/etc/passwd", "A,,v,A/x.MOV", "A", "A,1. ,v,A/x.MOV"],
        {"50": 1},
    )


def gsl(root: Path) -> Made:
    folder = "GSL_iso_files/"
    write(
        root,
        f"{folder}train_greek_iso.csv",
        "police1_signer1_rep1_glosses/glosses0000|ΓΕΙΑ\npolice1_signer1_rep1_glosses/glosses0001|ΕΓΩ(1)\n",
    )
    write(root, f"{folder}val_greek_iso.csv", "health1_signer3_rep1_glosses/glosses0000|ΓΕΙΑ\n")
    write(
        root,
        f"{folder}bbox_for_gsl_isolated.txt",
        "police1_signer1_rep1_glosses/glosses0000 |x1:170, x2:493, y1:40, y2:480\nnonsense\n",
    )
    touch(root, "GSL_isol/police1_signer1_rep1_glosses/glosses0000/frame_0000.jpg")
    touch(root, "GSL_isol/health1_signer3_rep1_glosses/glosses0000.mp4")
    return Made(
        root,
        [
            ("GSL_isol/police1_signer1_rep1_glosses/glosses0000", "ΓΕΙΑ", "signer1", "train", None, None),
            ("GSL_isol/health1_signer3_rep1_glosses/glosses0000.mp4", "ΓΕΙΑ", "signer3", "val", None, None),
        ],
        ["GSL_isol/police1_signer1_rep1_glosses/glosses0001"],
        [f"{folder}train_greek_iso.csv", f"{folder}val_greek_iso.csv"],
        ["../_signer1_/x|ΓΕΙΑ", "nobody/glosses0000|ΓΕΙΑ", "a_signer1_b|", "|", "a_signer1_b"],
    )


def bosphorus(root: Path) -> Made:
    header = "SubsetID,ClassID,ClassName_tr,ClassName_eng,UserID,RepeatID\n"
    rows = [
        "General,0004,Aciklamak,Explain,User_2,001",
        "General,0004,Aciklamak,Explain,User_4,001",
        "Health,0001,Aci,Pain,User_2,003",
    ]
    write(root, "BosphorusSign22k.csv", header + "".join(f"{row}\n" for row in rows))
    touch(root, "0004/User_2_001.mp4", "0004/User_4_001.mp4")
    return Made(
        root,
        [
            ("0004/User_2_001.mp4", "Aciklamak", "User_2", "train", None, None),
            ("0004/User_4_001.mp4", "Aciklamak", "User_4", "test", None, None),
        ],
        ["0001/User_2_003.mp4"],
        ["BosphorusSign22k.csv"],
        ["x,..,a,b,..,..", "x,../..,a,b,c,d", "x", "x,1,,b,c,d"],
    )


CSL_SIGNS = 30


def csl(root: Path) -> Made:
    signs, signers, takes = range(CSL_SIGNS), range(1, 51), range(5)
    names = {
        f"{g:03}/P{s:02}_{g // 20 + 1:02}_{g % 20:02}_{t}._color.mp4": (f"字{g}", f"P{s:02}", s)
        for g in signs
        for s in signers
        for t in takes
    }
    there = ["000/P01_01_00_0._color.mp4", "029/P36_02_09_4._color.mp4", "029/P37_02_09_4._color.mp4"]
    touch(root, *there, "501/P01_26_01_0._color.mp4")
    write(root, "gloss_label.txt", "".join(f"字{g}\n" for g in signs))
    clips = [(p, *names[p][:2], "train" if names[p][2] <= 36 else "test", None, None) for p in there]
    odd = ["000/P99_01_00_0._color.mp4", "000/P01.mp4", "abc/P01_01_00_0._color.mp4", "000/P01_01_00_0._depth.mp4"]
    return Made(root, clips, [path for path in names if path not in there], hostile=odd)


def devisign(root: Path) -> Made:
    write(
        root,
        "Documents/4414To2000(DEVISIGN_L)_ID&Meaning.txt",
        "Ori_ID\tL_ID\tMeaning (Chinese)\n0000\t0000\t人\n0002\t0001\t群众\n",
    )
    touch(root, "P01_1/P01_0000_1_0_20130601.oni/color.avi", "P01_1/P01_0000_1_0_20130601.oni/depth.dat")
    deep = "P05_1/P05_0001_1_0_20130601.oni/P05_0001_1_0_20130601.oni/color.avi"
    touch(root, deep, "P01_1/P01_0001_1_0_20130601.oni/depth.dat", "P01_1/P01_0777_1_0_20130601.oni/color.avi")
    return Made(
        root,
        [
            ("P01_1/P01_0000_1_0_20130601.oni/color.avi", "人", "P01", "train", None, None),
            (deep, "群众", "P05", "test", None, None),
        ],
        ["P01_1/P01_0001_1_0_20130601.oni/color.avi"],
        hostile=["P01_1/P01_9999_1_0_20130601.oni/color.avi", "P01_1/nonsense/color.avi", "Q01_1/x/color.avi", "P02_1"],
    )


def sem_lex(root: Path) -> Made:
    rows = [
        "0,aaa,7,1500.0,train,asllex,last year",
        "1,bbb,7,900.0,val,freetext,30_minute ",
        "2,aaa,7,1500.0,train,asllex,last year",
        "3,ccc,8,1.0,test,asllex,dog",
    ]
    write(
        root,
        "semlex_metadata.csv",
        ",video_id,signer_id,duration,split,label_type,label\n" + "".join(f"{row}\n" for row in rows),
    )
    touch(root, "train/aaa.webm", "val/val-videos/bbb.webm")
    return Made(
        root,
        [
            ("train/aaa.webm", "last year", "7", "train", None, None),
            ("val/val-videos/bbb.webm", "30_minute", "7", "val", None, None),
        ],
        ["test/ccc.webm"],
        ["semlex_metadata.csv"],
        [
            "4,../../x,7,1,train,asllex,dog",
            "5,ddd,7,1,../train,asllex,dog",
            "6,aaa,9,1,train,asllex,cat",
            "7",
            "8,,,,,,",
        ],
        {"asllex": 1},
    )


def popsign(root: Path) -> Made:
    one = "game/train/hat/gtsignstudy4a.8032-hat-2023_01_24_20_44_49.323-0.mp4"
    touch(root, one, "game/test/dog/nobody.mp4", "non-game/val/cat/4a.1-cat-x-0.mp4", "game/train/hat/readme.txt")
    return Made(
        root,
        [
            (one, "hat", "gtsignstudy4a.8032", "train", None, None),
            ("game/test/dog/nobody.mp4", "dog", None, "test", None, None),
            ("non-game/val/cat/4a.1-cat-x-0.mp4", "cat", "4a.1", "val", None, None),
        ],
        [],
        hostile=[
            "game/train/stray.mp4",
            "game/train/\x1b[31mred/-x-0.mp4",
            "game/train/ /a-b.mp4",
            "game/other/x/a.mp4",
        ],
        subsets={"game": 2, "non-game": 1},
    )


def asl_signs(root: Path) -> Made:
    write(
        root,
        "train.csv",
        "path,participant_id,sequence_id,sign\n"
        + "".join(f"train_landmark_files/26734/{n}.parquet,26734,{n},blow\n" for n in (1000035562, 1000106739)),
    )
    write_landmarks(root / "train_landmark_files/26734/1000035562.parquet")
    return Made(
        root,
        [("train_landmark_files/26734/1000035562.parquet", "blow", "26734", None, None, None)],
        ["train_landmark_files/26734/1000106739.parquet"],
        ["train.csv"],
        ["../x.parquet,1,1,a", "/etc/passwd,1,1,a", ",1,1,a", "a.parquet,1,1,", "a"],
    )


def write_landmarks(path: Path, frames: tuple[int, ...] = (20, 21, 23)) -> np.ndarray:
    """A file of asl-signs; returns its pose, (frames, 33, 3). The second frame has no pose, the last lacks a point."""
    pose = np.random.default_rng(1).random((len(frames), 33, 3)).astype(np.float32)
    pose[1] = np.nan
    pose[-1, 15] = np.nan
    rows = []
    for kind, count in (("face", 468), ("left_hand", 21), ("pose", 33), ("right_hand", 21)):
        for place, frame in enumerate(frames):
            values = pose[place] if kind == "pose" else np.full((count, 3), np.nan, np.float32)
            rows.append(
                pd.DataFrame(
                    {"frame": np.int16(frame), "type": kind, "landmark_index": np.arange(count, dtype=np.int16)}
                ).assign(x=values[:, 0], y=values[:, 1], z=values[:, 2])
            )
    table = pd.concat(rows).sort_values("frame", kind="stable")
    table.insert(
        1, "row_id", [f"{f}-{t}-{i}" for f, t, i in zip(table.frame, table.type, table.landmark_index, strict=True)]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(path, index=False)
    return pose


def how2sign(root: Path) -> Made:
    header = "VIDEO_ID\tVIDEO_NAME\tSENTENCE_ID\tSENTENCE_NAME\tSTART_REALIGNED\tEND_REALIGNED\tSENTENCE\n"
    video = "-d5dN54tH2E\t-d5dN54tH2E-1-rgb_front"
    write(
        root,
        "how2sign_realigned_train.csv",
        f'{header}{video}\t-d5dN54tH2E_0\t-d5dN54tH2E_0-1-rgb_front\t12.97\t19.52\tHe said "go, now.\n'
        f"{video}\t-d5dN54tH2E_1\t-d5dN54tH2E_1-1-rgb_front\t20\t21.5\tTwo words.\n"
        "xxxxxxxxxxx\txxxxxxxxxxx-8-rgb_front\txxxxxxxxxxx_0\txxxxxxxxxxx_0-8-rgb_front\t0.0\t1\tGone.\n",
    )
    touch(root, "train_rgb_front_clips/raw_videos/-d5dN54tH2E_0-1-rgb_front.mp4")
    touch(root, "train_raw_videos/raw_videos/-d5dN54tH2E-1-rgb_front.mp4")
    return Made(
        root,
        [
            ("train_rgb_front_clips/raw_videos/-d5dN54tH2E_0-1-rgb_front.mp4", None, "1", "train", None, None),
            ("train_raw_videos/raw_videos/-d5dN54tH2E-1-rgb_front.mp4", None, "1", "train", 20.0, 21.5),
        ],
        ["train_rgb_front_clips/raw_videos/xxxxxxxxxxx_0-8-rgb_front.mp4"],
        ["how2sign_realigned_train.csv"],
        ["a\t../b\tc\t../d\t0\t1\tText", "a\tb\tc\td\tsoon\t1\tText", "a\tb\tc\td\t5\t1\tText", "a\tb", "\t\t\t\t\t\t"],
    )


def phoenix(root: Path) -> Made:
    header = "name|video|start|end|speaker|orth|translation\n"
    rows = "".join(
        f"25October_2010_Monday_tagesschau-{n}|x/1/*.png|-1|-1|Signer01|REGEN SCHNEE|regen und schnee\n"
        for n in (17, 22)
    )
    file = "PHOENIX-2014-T/annotations/manual/PHOENIX-2014-T.dev.corpus.csv"
    frames = "PHOENIX-2014-T/features/fullFrame-210x260px/dev/25October_2010_Monday_tagesschau-"
    write(root, file, header + rows)
    touch(root, f"{frames}17/images0001.png")
    return Made(
        root,
        [(f"{frames}17", None, "Signer01", "val", None, None)],
        [f"{frames}22"],
        [file],
        ["../../x|v|-1|-1|S|A B|a b", "x|v", "|||||||", "x|v|-1|-1|S||"],
    )


def folder(root: Path) -> Made:
    touch(root, "wave/1.mp4", "circle/2.webm", "circle/notes.txt")
    return Made(
        root, [("circle/2.webm", "circle", None, None, None, None), ("wave/1.mp4", "wave", None, None, None, None)], []
    )


def manifest(root: Path) -> Made:
    write(root, "list.csv", "path,gloss,signer,split,start,end\na.mp4,wave,ada,train,0.5,2\ngone.mp4,wave,ada,test,,\n")
    touch(root, "a.mp4")
    made = Made(
        root, [("a.mp4", "wave", "ada", "train", 0.5, 2.0)], ["gone.mp4"], ["list.csv"], ["a.mp4,x,y,z,soon,2", ",,"]
    )
    return made


MAKERS: dict[str, Callable[[Path], Made]] = {
    "wlasl": wlasl,
    "ms-asl": msasl,
    "autsl": autsl,
    "lsa64": lsa64,
    "asl-citizen": asl_citizen,
    "include": include,
    "gsl": gsl,
    "bosphorus": bosphorus,
    "csl": csl,
    "devisign": devisign,
    "sem-lex": sem_lex,
    "popsign": popsign,
    "asl-signs": asl_signs,
    "how2sign": how2sign,
    "phoenix-2014-t": phoenix,
    "folder": folder,
    "manifest": manifest,
}
