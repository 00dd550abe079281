"""Ultralytics, made quiet before it is imported: it must neither install nor fetch, nor write outside PANDA_HOME."""

from __future__ import annotations

import os
from pathlib import Path

QUIET = {"YOLO_AUTOINSTALL": "false", "YOLO_OFFLINE": "true", "YOLO_VERBOSE": "false"}


def settle_ultralytics(config_dir: Path) -> None:
    """Set what Ultralytics reads from the environment when it is imported; what the host has set stays.

    Args:
        config_dir: Where Ultralytics may keep its settings file.
    """
    config_dir.mkdir(parents=True, exist_ok=True)
    for name, value in {"YOLO_CONFIG_DIR": str(config_dir), **QUIET}.items():
        os.environ.setdefault(name, value)
