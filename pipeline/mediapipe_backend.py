"""Google's own PoseLandmarker (MediaPipe Tasks) behind the interface of our tracker, on the same weights."""

import io
import zipfile
from pathlib import Path
from typing import Any, Final

import flatbuffers
import numpy as np

from posegloss.pipeline import models
from posegloss.pipeline.errors import SettingsError, WeightsError
from posegloss.pipeline.graph import read_model, write_model
from posegloss.pipeline.pose import Pose
from posegloss.pipeline.roi import Image

# What a pixel of 0..255 is normalized by: (pixel - mean) / std.
DETECTOR_MEAN_STD: Final = (127.5, 127.5)
LANDMARK_MEAN_STD: Final = (0.0, 255.0)
_METADATA_NAME: Final = b"TFLITE_METADATA"
_METADATA_IDENTIFIER: Final = b"M001"


class MediaPipeTracker:
    """MediaPipe Tasks' PoseLandmarker, one person.

    It has smoothing of its own that cannot be turned off while it tracks.

    Args:
        model: "lite", "full" or "heavy", for a ``.task`` made of our weights; or the path of an official ``.task``.
        smooth: must be true unless ``static``.
        static: every picture on its own.
        min_detection_confidence: of the detector.
        min_tracking_confidence: used as MediaPipe's ``min_pose_presence_confidence``, which is what the older
            ``mp.solutions`` means by it.

    Raises:
        SettingsError: smoothing is to be off while tracking.
        WeightsError: the weights cannot be had.
    """

    def __init__(
        self,
        model: str = "full",
        *,
        smooth: bool = True,
        static: bool = False,
        min_detection_confidence: float = 0.5,
        min_tracking_confidence: float = 0.5,
        report: models.Report | None = None,
    ) -> None:
        if not smooth and not static:
            raise SettingsError("the mediapipe backend always smooths; use static, or the blazepose backend")
        # Slow to import, and only this backend needs it.
        from mediapipe.tasks.python import BaseOptions, vision

        task = _read_task(Path(model)) if model.endswith(".task") else make_task(model, report)
        mode = vision.RunningMode.IMAGE if static else vision.RunningMode.VIDEO
        self._vision = vision
        self._options = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=task),
            running_mode=mode,
            min_pose_detection_confidence=min_detection_confidence,
            min_pose_presence_confidence=min_tracking_confidence,
        )
        self._static = static
        self._landmarker: Any = None
        self.reset()

    def reset(self) -> None:
        """Start a new video. MediaPipe has no other way to forget the last one than to begin anew."""
        self.close()
        self._timestamp_ms = -1
        self._landmarker = self._vision.PoseLandmarker.create_from_options(self._options)

    def close(self) -> None:
        """Free MediaPipe's graph."""
        if self._landmarker is not None:
            self._landmarker.close()
            self._landmarker = None

    def update(self, image: Image, timestamp_s: float) -> Pose | None:
        """The person in the next frame, as ``PoseTracker.update``."""
        from mediapipe import Image as MpImage
        from mediapipe import ImageFormat

        picture = MpImage(image_format=ImageFormat.SRGB, data=np.ascontiguousarray(image))
        if self._static:
            found = self._landmarker.detect(picture)
        else:
            # MediaPipe counts whole milliseconds and refuses to see one twice.
            self._timestamp_ms = max(self._timestamp_ms + 1, round(timestamp_s * 1000))
            found = self._landmarker.detect_for_video(picture, self._timestamp_ms)
        if not found.pose_landmarks:
            return None
        points = [(p.x, p.y, p.z, p.visibility) for p in found.pose_landmarks[0]]
        world = [(p.x, p.y, p.z) for p in found.pose_world_landmarks[0]]
        return Pose(np.array(points, np.float32), np.array(world, np.float32), presence=1.0)


def make_task(model: str, report: models.Report | None = None) -> bytes:
    """A ``.task`` bundle for PoseLandmarker out of our weights.

    It is a stored zip of the two networks, each with the metadata that says how its input is normalized.

    Raises:
        WeightsError: the weights cannot be had.
    """
    detector = with_normalization(models.load(models.DETECTOR, report), *DETECTOR_MEAN_STD)
    landmarks = with_normalization(models.load(model, report), *LANDMARK_MEAN_STD)
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("pose_detector.tflite", detector)
        archive.writestr("pose_landmarks_detector.tflite", landmarks)
    return bundle.getvalue()


def with_normalization(content: bytes, mean: float, std: float) -> bytes:
    """A copy of a LiteRT model with the metadata of its input's normalization."""
    from ai_edge_litert import schema_py_generated as schema
    from mediapipe.tasks.metadata import metadata_schema_py_generated as metadata

    normalization = metadata.NormalizationOptionsT()
    normalization.mean, normalization.std = [mean], [std]
    unit = metadata.ProcessUnitT()
    unit.optionsType = metadata.ProcessUnitOptions.NormalizationOptions
    unit.options = normalization
    picture = metadata.TensorMetadataT()
    picture.processUnits = [unit]
    graph = metadata.SubGraphMetadataT()
    graph.inputTensorMetadata = [picture]
    description = metadata.ModelMetadataT()
    description.subgraphMetadata = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(description.Pack(builder), _METADATA_IDENTIFIER)

    model = read_model(content)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(bytes(builder.Output()), np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = _METADATA_NAME, len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    return write_model(model)


def _read_task(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise WeightsError(f"{path} is not a MediaPipe .task bundle")
    return content
