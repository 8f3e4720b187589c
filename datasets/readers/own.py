"""Clips of one's own: a folder ``gloss/clip.mp4``, or a manifest. The same as `posegloss extract` takes."""

from pathlib import Path

from posegloss.datasets.manifest import ClipSources, ManifestError, find_clips, read_manifest
from posegloss.datasets.readers.about import About, SplitKind
from posegloss.datasets.readers.errors import NotThisDatasetError
from posegloss.datasets.readers.reading import DatasetClip, MetadataProblem, MissingClip, Reading

_NO_SUCH_FILE = "no such file"


class Folder:
    """Reads a folder of videos."""

    about = About(
        name="folder",
        title="a folder of videos",
        language="any",
        url="",
        terms="yours",
        layout=("GLOSS/clip.mp4, or videos at any depth, or manifest.csv",),
        gives="gloss (the folder's name), or what the manifest in the folder says",
        reference="",
        split=SplitKind.YOURS,
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips below a folder; see ``Reader``."""
        try:
            return _reading(find_clips(root), root.name)
        except ManifestError as error:
            raise NotThisDatasetError(str(error)) from error


class Manifest:
    """Reads a manifest: CSV, or Parquet."""

    about = About(
        name="manifest",
        title="a manifest",
        language="any",
        url="",
        terms="yours",
        layout=("a CSV, TSV or Parquet file with the column path; gloss, signer, split, start, end, synthetic",),
        gives="what it says",
        reference="",
        split=SplitKind.YOURS,
    )

    def read(self, root: Path, subset: str | None = None) -> Reading:
        """The clips of a manifest; see ``Reader``, the root being the file."""
        try:
            return _reading(read_manifest(root), root.name)
        except ManifestError as error:
            raise NotThisDatasetError(str(error)) from error


def _reading(found: ClipSources, file: str) -> Reading:
    gone = [one for one in found.problems if one.reason == _NO_SUCH_FILE]
    return Reading(
        tuple(DatasetClip(clip) for clip in found.clips),
        tuple(MissingClip(one.path, file=file, row=one.row_number) for one in gone),
        tuple(MetadataProblem(file, p.row_number, f"{p.path}: {p.reason}") for p in found.problems if p not in gone),
    )
