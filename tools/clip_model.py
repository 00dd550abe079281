"""CLIP by open_clip: pictures and texts as unit vectors of one space, from weights in a file.

CLIP (Radford et al., ICML 2021) puts a picture near the texts that could stand under it. Cosines mean something only
within one set of weights, so whatever keeps such vectors keeps `name` and `version` beside them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from panda_agent.embedders import Vectors
from panda_agent.equipment import sha256_of
from panda_agent.errors import UserError


class Clip:
    """One CLIP model. The weights are hashed when it is made, and loaded when the first vector is asked for.

    Pictures are squeezed to the model's square, not cropped: what matters in a camera's picture is often at its side.
    Each goes through alone, so that it has one vector whatever is embedded beside it.

    Args:
        model: A model that open_clip knows.
        weights: Its checkpoint, for safetensors or `torch.load`; a pickle that holds more than tensors is refused.
        tag: The tag of open_clip that the checkpoint was fetched by; it carries how pictures are to be prepared.
        network: Whether open_clip may fetch what some models' tokenizers need.

    Raises:
        UserError: The file is missing or can't be read.
    """

    def __init__(self, model: str, weights: Path, *, tag: str | None = None, network: bool = False) -> None:
        self.name = f"open_clip {model}"
        self._model, self._weights, self._tag, self._network = model, weights, tag, network
        self._lock = threading.Lock()
        try:
            self.version = sha256_of(weights)[:12]
        except OSError as error:
            raise UserError(
                f"The CLIP weights {weights} can't be read: {error.strerror or error}.",
                hint="Check the setting clip.pretrained.",
            ) from error

    def picture(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The unit vector (dim,) of a picture, RGB (h, w, 3).

        Raises:
            UserError: The weights can't be used.
        """
        import torch

        net = self._net
        with torch.inference_mode():
            return np.asarray(self._unit(net.encode_image(torch.from_numpy(self._prepared(rgb))[None]))[0], np.float32)

    def texts(self, texts: Sequence[str]) -> Vectors:
        """One unit row a text; long ones are cut where the model's context ends.

        Raises:
            UserError: The weights can't be used.
        """
        import torch

        net = self._net
        tokens = self._tokenizer([text.encode(errors="replace").decode() for text in texts])
        with torch.inference_mode():
            return self._unit(torch.cat([net.encode_text(row[None]) for row in tokens]))

    def same(self, other: Clip) -> bool:
        """Whether two make the same vectors."""
        return (self.name, self.version) == (other.name, other.version)

    @cached_property
    def side(self) -> int:
        """Side of the square picture that the network sees, pixels."""
        size = self._net.visual.image_size
        return int(size if isinstance(size, int) else min(size))

    def _unit(self, raw: Any) -> Vectors:
        rows = np.asarray(raw.float().numpy(), np.float32)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.isfinite(rows).all() or not (lengths > 0).all():
            raise UserError(
                f"The CLIP weights {self._weights.name} give vectors that are no numbers.", hint="Use other weights."
            )
        return np.asarray(rows / lengths, np.float32)

    def _prepared(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(3, side, side), on the scale that the model was trained with."""
        wish = self._net.visual.preprocess_cfg
        small = cv2.resize(rgb, (self.side, self.side), interpolation=cv2.INTER_AREA)
        scaled = (small.astype(np.float32) / 255 - np.asarray(wish["mean"])) / np.asarray(wish["std"])
        return np.ascontiguousarray(scaled.transpose(2, 0, 1), np.float32)

    @property
    def _net(self) -> Any:
        with self._lock:  # two runs at a time load it once
            return self._loaded

    @cached_property
    def _tokenizer(self) -> Any:
        open_clip = load_open_clip()
        with root_log_as_it_is():
            return open_clip.get_tokenizer(self._model)

    @cached_property
    def _loaded(self) -> Any:
        open_clip = load_open_clip()
        self._demand_known(open_clip)
        try:
            with root_log_as_it_is():
                return open_clip.create_model(
                    self._model,
                    pretrained=self._tag or str(self._weights),
                    cache_dir=str(self._weights.parent) if self._tag else None,
                    weights_only=True,
                ).eval()
        except Exception as error:  # boundary: a file of weights may break in any way inside torch or open_clip
            reason = " ".join(str(error).split())[:200]
            raise UserError(
                f"The weights {self._weights.name} are no {self._model} that open_clip can load: {reason}.",
                hint="Set clip.model to the model they belong to, and clip.pretrained to its checkpoint.",
            ) from error

    def _demand_known(self, open_clip: Any) -> None:
        """Refuse names that open_clip does not ship, and models that need the network beside their weights."""
        config = open_clip.get_model_config(self._model) if self._model in open_clip.list_models() else None
        if config is None:
            raise UserError(
                f"open_clip knows no model {self._model!r}.", hint="Set clip.model to one like ViT-B-32 or RN50."
            )
        text = config.get("text_cfg", {})
        fetches = "hf_tokenizer_name" in text or "hf_model_name" in text or "siglip" in self._model.lower()
        if fetches and not self._network:
            raise UserError(
                f"The CLIP model {self._model} fetches its tokenizer from the network, which is not allowed.",
                hint="Take one like ViT-B-32, or set network to true.",
            )


@contextmanager
def root_log_as_it_is() -> Iterator[None]:
    """Keep open_clip from setting up the host's logging.

    It logs to the root logger, which gives itself a handler with its first line where the host has given it none.
    """
    root, guard = logging.getLogger(), logging.NullHandler()
    root.addHandler(guard)
    try:
        yield
    finally:
        root.removeHandler(guard)


def load_open_clip() -> Any:
    """The package, imported where it is needed: that takes seconds.

    Raises:
        UserError: It is not installed.
    """
    try:
        import open_clip
    except ImportError as error:
        raise UserError(
            "The package open_clip_torch is not installed.", hint="Run `pip install open_clip_torch`."
        ) from error
    return open_clip
