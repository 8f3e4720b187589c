"""The errors of the dataset readers."""

from posegloss.pipeline.errors import PoseglossError


class DatasetError(PoseglossError):
    """A published dataset cannot be read as asked."""


class UnknownDatasetError(DatasetError):
    """There is no reader, or no subset, of that name."""


class NotThisDatasetError(DatasetError):
    """A folder does not look like the dataset that it was said to be."""


class RowError(ValueError):
    """A row of a dataset's metadata gives no clip; readers make a ``MetadataProblem`` of it."""
