"""Ultralytics, made quiet before it is imported: it must neither install nor fetch, nor write outside PANDA_HOME."""

from __future__ import annotations

import os
from pathlib import Path

QUIET = {"YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false"}


def settle_ultralytics(config_dir: Path, *, offline: bool = True) -> None:
    """Set what Ultralytics reads from the environment when it is imported; what the host has set stays.

    Args:
        config_dir: Where Ultralytics may keep its settings file.
        offline: Keep it from the network.
    """
    config_dir.mkdir(parents=True, exist_ok=True)
    wanted = {"YOLO_CONFIG_DIR": str(config_dir), "YOLO_OFFLINE": str(offline).lower(), **QUIET}
    for name, value in wanted.items():
        os.environ.setdefault(name, value)
