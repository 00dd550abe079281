"""All commands. Nothing heavy is imported here: `panda --help` answers at once."""

from __future__ import annotations

from typing import Annotated

import typer

from panda_agent.cli import (
    ablate,
    ask_case,
    camera,
    cases,
    compare,
    config,
    doctor,
    eval,
    fake_model,
    fork,
    graph,
    investigate,
    ledger,
    log,
    memory,
    prompts,
    record,
    report,
    resume,
)
from panda_agent.cli.output import print_plain

app = typer.Typer(
    help="Investigates videos like a detective: evidence, hypotheses, rules, and a verdict that cites them.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
CASES = "Cases"
MEASURE = "How good it is"
MACHINE = "This machine"

app.command(epilog=investigate.EXIT_CODES)(investigate.investigate)
app.command(rich_help_panel=CASES)(resume.resume)
app.command(rich_help_panel=CASES)(ask_case.ask)
app.command(rich_help_panel=CASES)(fork.fork)
app.command(rich_help_panel=CASES)(record.record)
app.command(rich_help_panel=CASES)(report.report)
app.add_typer(cases.app, name="cases", rich_help_panel=CASES)
app.command(rich_help_panel=CASES)(log.log)
app.add_typer(ledger.app, name="ledger", rich_help_panel=CASES)
app.add_typer(camera.app, name="camera", rich_help_panel=CASES)
app.add_typer(memory.app, name="memory", rich_help_panel=CASES)
app.add_typer(prompts.app, name="prompts", rich_help_panel=CASES)
app.command("eval", rich_help_panel=MEASURE)(eval.evaluate)
app.command(rich_help_panel=MEASURE)(compare.compare)
app.command(rich_help_panel=MEASURE)(ablate.ablate)
app.command(rich_help_panel=MACHINE)(doctor.doctor)
app.command("fake-model", rich_help_panel=MACHINE)(fake_model.fake_model)
app.add_typer(config.app, name="config", rich_help_panel=MACHINE)
app.command(rich_help_panel=MACHINE)(graph.graph)


@app.callback(invoke_without_command=True)
def panda(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.", metavar="")] = False,
) -> None:
    """Investigates videos like a detective: evidence, hypotheses, rules, and a verdict that cites them."""
    if version:
        from importlib.metadata import version as version_of

        print_plain(f"panda_agent {version_of('panda-agent')}")
    elif context.invoked_subcommand is None:
        print_plain(context.get_help())
