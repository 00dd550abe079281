"""`panda doctor`: is everything here that an investigation needs, and what to do where it is not."""

from __future__ import annotations

from panda_agent.cli.options import Json
from panda_agent.errors import PandaError

SIGNS = {"ok": ("✓", "green"), "note": ("•", "yellow"), "broken": ("✗", "red")}


def doctor(as_json: Json = False) -> int:
    """Check this machine: libraries, codecs, disk, folders, and the tier that `auto` gives.

    Exits with 5 where something that every investigation needs is broken.
    """
    from panda_agent.cli.checks import examine
    from panda_agent.cli.output import print_json
    from panda_agent.settings import load_settings

    found = list(examine(load_settings()))
    broken = any(finding.state == "broken" for finding in found)
    if as_json:
        print_json({"healthy": not broken, "findings": [finding.model_dump(mode="json") for finding in found]})
        return PandaError.exit_code if broken else 0

    from rich.table import Table
    from rich.text import Text

    from panda_agent.cli.output import print_drawn
    from panda_agent.reporting.text import clean

    table = Table.grid(padding=(0, 2))
    for finding in found:
        sign, colour = SIGNS[finding.state]
        told = Text(clean(finding.detail))
        if finding.mend is not None:
            told.append(f"\n→ {clean(finding.mend)}", style="bold")
        table.add_row(Text(sign, style=colour), Text(finding.name, style="bold"), told)
    print_drawn(table)
    return PandaError.exit_code if broken else 0
