"""Objects in one picture, named by a detector: any weights that Ultralytics loads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.errors import UserError
from panda_agent.perception.ultralytics_home import settled_ultralytics

NAMELESS = "class0"
"""What Ultralytics calls the first class of weights that don't say."""


@dataclass(frozen=True, slots=True)
class Detections:
    """What a detector sees in one picture; n may be 0."""

    boxes: NDArray[np.float32]
    """(n, 4): x0, y0, x1, y1 in pixels of the picture."""
    scores: NDArray[np.float32]
    """(n,) confidence of the detector, 0..1."""
    classes: NDArray[np.int64]
    """(n,) index into the detector's names."""

    def __len__(self) -> int:
        return len(self.scores)


class Detector:
    """YOLO (Ultralytics) on single pictures. Each case makes its own: a predictor keeps state.

    Args:
        weights: A .pt or .onnx file.
        config_dir: Where Ultralytics may keep its settings file.
        side: Longer side of the picture that the network sees, pixels; weights exported at one size keep to that.
        least: Detections below this confidence are dropped; trackers make use of weak ones.
        wanted: Class names for open-vocabulary weights; empty keeps those of the weights.

    Raises:
        UserError: The file is missing, or Ultralytics can't load it.
    """

    def __init__(
        self, weights: Path, config_dir: Path, *, side: int = 640, least: float = 0.1, wanted: Sequence[str] = ()
    ) -> None:
        if not weights.is_file():
            raise UserError(f"There are no detector weights at {weights}.", hint="Check the path, or use --tier bare.")
        self._side, self._least = side, least
        self.names: dict[int, str] = {}
        try:
            self._load(weights, config_dir, wanted)
        except ImportError:
            raise  # a library that is broken, not weights
        except Exception as error:  # boundary: a file of weights may break in any way inside torch or ONNX
            reason = " ".join(str(error).split())[:200]
            raise UserError(
                f"Ultralytics can't use the weights {weights.name}: {reason}.",
                hint="Use weights that `YOLO(path).predict` takes, or --tier bare.",
            ) from error
        if self.names.get(0) == NAMELESS:
            raise UserError(
                f"The weights {weights.name} carry no class names, so Ultralytics did not export them.",
                hint="Export them again with `YOLO(path).export`, or --tier bare.",
            )

    def _load(self, weights: Path, config_dir: Path, wanted: Sequence[str]) -> None:
        """Load them and look once, which imports what is left of Ultralytics."""
        with settled_ultralytics(config_dir):
            from ultralytics import YOLO

            self._model = YOLO(str(weights), task="detect")
            if wanted and hasattr(self._model.model, "set_classes"):
                self._model.set_classes(list(wanted))
            self.detect(np.zeros((64, 64, 3), np.uint8))
        self._yield_while_waiting(weights)

    @property
    def side(self) -> int:
        """Longer side of the picture that the network sees, pixels: larger ones are reduced to it anyway."""
        return int(max(self._model.predictor.imgsz))

    def _yield_while_waiting(self, weights: Path) -> None:
        """Make ONNX Runtime's threads sleep while they wait for one another.

        They spin by default, on the very cores that the motion filters need at the same time. Ultralytics passes no
        options on to the session, so it is opened anew with them.
        """
        backend: Any = getattr(self._model.predictor.model, "backend", None)
        if weights.suffix != ".onnx" or not hasattr(backend, "session"):
            return
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        backend.session = onnxruntime.InferenceSession(str(weights), options, providers=backend.session.get_providers())

    def detect(self, rgb: NDArray[np.uint8]) -> Detections:
        """Find objects in a picture, RGB (h, w, 3)."""
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        (result,) = self._model.predict(bgr, imgsz=self._side, conf=self._least, verbose=False)
        self.names = dict(result.names)
        found = result.boxes.cpu().numpy()
        return Detections(
            np.asarray(found.xyxy, np.float32).reshape(-1, 4),
            np.asarray(found.conf, np.float32),
            np.asarray(found.cls, np.int64),
        )
