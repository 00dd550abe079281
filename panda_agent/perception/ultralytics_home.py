"""Ultralytics, made quiet before it is imported: it must neither install nor fetch, nor write outside PANDA_HOME.

Its modules import one another in circles, so two threads that begin at different ends of one now and then meet a module
half made ("partially initialized"). Tools run side by side: whoever imports it does so under one lock.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

QUIET = {"YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false"}
_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def settled_ultralytics(config_dir: Path, *, offline: bool = True) -> Iterator[None]:
    """Within it Ultralytics may be imported. Sets what it reads from the environment; what the host has set stays.

    Args:
        config_dir: Where Ultralytics may keep its settings file.
        offline: Keep it from the network.
    """
    config_dir.mkdir(parents=True, exist_ok=True)
    wanted = {"YOLO_CONFIG_DIR": str(config_dir), "YOLO_OFFLINE": str(offline).lower(), **QUIET}
    with _ONE_AT_A_TIME:
        for name, value in wanted.items():
            os.environ.setdefault(name, value)
        yield
