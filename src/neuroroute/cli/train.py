"""`neuroroute train`: make the weights of the learned router."""

import sys
from pathlib import Path

import click

from neuroroute.cli.telling import errors_told


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option(
    "--exclude-task", "excluded", multiple=True, metavar="NAME", help="Leave this task out of everything; repeatable."
)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", default=Path("weights.npz"),
              show_default=True, help="Where the weights go; the model card goes beside, ending with .md.")  # fmt: skip
def train(data: Path, excluded: tuple[str, ...], output: Path) -> None:
    """Learn from DATA how good each model is at what. DATA is a file of outcomes, or a folder of such files.

    Each file is a family of models that answered the same prompts. The same data give the same weights.
    """
    from neuroroute.commands.train import train as train_on

    with errors_told(), click.progressbar(length=1, label="Training", file=sys.stderr) as bar:

        def begun(steps: int) -> None:
            bar.length = steps

        told = train_on(data, output, excluded=excluded, begun=begun, said=bar.update)
    click.echo(told)
