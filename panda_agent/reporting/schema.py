"""The JSON schema of `verdict.json`, for those who read it without Python.

`python -m panda_agent.reporting.schema docs/verdict.schema.json` writes it anew after a change of the types.
"""

from __future__ import annotations

import sys
from pathlib import Path

from panda_agent.reporting.json_files import json_bytes, write_atomic
from panda_agent.types import SCHEMA_VERSION, Verdict


def schema_bytes() -> bytes:
    """Encode the schema as it stands in `docs/verdict.schema.json`; a test holds the file against this."""
    schema = Verdict.model_json_schema(mode="serialization")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:panda-agent:verdict:{SCHEMA_VERSION}",
    }
    return json_bytes(head | schema)


if __name__ == "__main__":
    write_atomic(Path(sys.argv[1]), schema_bytes())
