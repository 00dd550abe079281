"""`python -m panda_agent.cli`, the same as `panda`."""

from __future__ import annotations

import sys

from panda_agent.cli import main

if __name__ == "__main__":
    sys.exit(main())
