"""`neuroroute evaluate` and `neuroroute score`: whether routing pays, measured by us or by others."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Literal

import click

from neuroroute.cli.telling import errors_told, fail

_FILE = click.Path(path_type=Path)
_WEIGHTS = click.option(
    "--weights", type=_FILE, metavar="FILE", help="Weights that `neuroroute train` made, instead of the shipped ones."
)


@click.command()
@click.argument("data", type=_FILE)
@click.option(
    "--catalog", type=_FILE, metavar="FILE", help="A catalogue with the models' prices; without it they fit the data."
)
@_WEIGHTS
@click.option(
    "--split",
    type=click.Choice(["dev", "train", "all"]),
    default="dev",
    show_default=True,
    help="Which prompts of DATA; the shipped weights were trained on train.",
)
@click.option(
    "--policy",
    "policies",
    type=click.Choice(["learned", "rules", "longest", "random"]),
    multiple=True,
    default=("learned", "rules", "longest", "random"),
    help="Repeatable; the first is compared to the others. The zero router always stands beside them.",
)
@click.option(
    "--task-groups",
    "groups",
    type=_FILE,
    metavar="FILE",
    help='Tasks that count as one: {"group": ["task", …]} in a JSON file.',
)
@click.option("--leave-out-tasks", is_flag=True, help="Train anew for each task, without it; --weights are not used.")
@click.option(
    "--folds", type=click.IntRange(2), metavar="N", help="Train anew for each of so many folds by stem, without it."
)
@click.option(
    "--report",
    "directory",
    type=_FILE,
    metavar="DIR",
    help="Also write report.md, report.json and the pictures to DIR.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line, one for each data set.")
def evaluate(
    data: Path,
    catalog: Path | None,
    weights: Path | None,
    split: Literal["dev", "train", "all"],
    policies: tuple[str, ...],
    groups: Path | None,
    directory: Path | None,
    *,
    folds: int | None,
    leave_out_tasks: bool,
    as_json: bool,
) -> None:
    """Measure what policies cost and are worth. See docs/evaluation.md.

    DATA is a file of outcomes, or a folder of them.
    """
    from neuroroute.commands.evaluate import Unseen
    from neuroroute.commands.evaluate import evaluate as evaluated

    if leave_out_tasks and folds is not None:
        raise click.BadParameter("leaves out tasks or folds, not both", param_hint="--folds")
    trains = leave_out_tasks or folds is not None
    with (
        errors_told(),
        click.progressbar(length=1, label="Training", file=sys.stderr, hidden=not trains) as bar,
    ):

        def begun(steps: int) -> None:
            bar.length = steps

        found = evaluated(
            data,
            catalog=catalog,
            weights=weights,
            split=None if split == "all" else split,
            policies=policies,
            groups=groups,
            unseen=Unseen(folds, begun, bar.update) if trains else None,
        )
        if directory is not None:
            found.write(directory)
        click.echo(found.text(as_json_lines=as_json))


@click.command()
@click.argument("prompts", type=_FILE)
@click.option("--models", type=_FILE, metavar="FILE", required=True, help="A JSON list of the models and their prices.")
@_WEIGHTS
@click.option("--output", type=_FILE, metavar="FILE", help="Write to FILE instead of the standard output.")
def score(prompts: Path, models: Path, weights: Path | None, output: Path | None) -> None:
    """Predict how each model would answer PROMPTS. Print a JSON line for each, with who is chosen at 0, 1 … 10."""
    from neuroroute.commands.score import score as scored
    from neuroroute.infrastructure.whole_file import whole_file

    with errors_told(), closing(scored(prompts, models, weights)) as lines:
        if output is None:
            sys.stdout.buffer.writelines(lines)
            return
        try:
            with whole_file(output) as file:
                file.writelines(lines)
        except OSError as exc:
            fail(f"{output} cannot be written: {exc.strerror}. Name another file.")
