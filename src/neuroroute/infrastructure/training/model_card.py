"""The model card beside a file of weights: what it was trained on, by whose leave, and what was measured."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from neuroroute.infrastructure.classifiers.weights import SkillsFamily, Weights
from neuroroute.infrastructure.evaluation.outcomes import Example
from neuroroute.infrastructure.evaluation.report import Report
from neuroroute.infrastructure.evaluation.resamples import Figure

_README: Final = "README.md"
"""Beside the data: its lines that name a file say where the file is from, and under which licence."""
_FIGURES: Final = {"aiq": "AIQ", "apgr": "APGR", "top_quality": "best quality", "saving": "saving at best single"}


class Source(Struct, frozen=True, kw_only=True):
    """A file that was trained on."""

    path: Path
    examples: Sequence[Example]
    """Those of it that were."""


def model_card(
    weights: Weights, sources: Sequence[Source], *, excluded: Iterable[str], reports: Iterable[Report]
) -> str:
    """Markdown. The same data in the same files have the same card: its day is that of the newest file.

    Args:
        weights: that it describes.
        sources: what they were trained on, at least one.
        excluded: names of tasks that were left out of everything.
        reports: what was measured on prompts that were kept back.
    """
    newest = max(source.path.stat().st_mtime for source in sources)
    lines = [
        f"# Weights {weights.version}",
        "",
        f"By `neuroroute train`, from files of {datetime.fromtimestamp(newest, UTC).date()}. The same data give the",
        "same weights. They hold words, numbers, and names of models and tasks: no prompt, no answer.",
        "",
        "## Data",
        "",
        "The split `train` alone; nothing was read of prompts that were kept back.",
        "",
        "| file | SHA-256 | prompts | tasks | models |",
        "| --- | --- | --- | --- | --- |",
        *map(_row, sources),
        "",
    ]
    if tasks := ", ".join(excluded):
        lines += [f"Excluded tasks: {tasks}.", ""]
    if said := [line for source in sources for line in _said_of(source.path)]:
        lines += [f"What the {_README} beside the data says of them, licences included:", "", *said, ""]
    lines += ["## Families", ""]
    lines += [
        f"- {family.name}: {len(family.models)} models, "
        + (f"by {len(family.skills)} skills" if isinstance(family, SkillsFamily) else "directly")
        + f"; four of five qualities lie within {family.spread.familiar:.3f} of what is foretold of familiar prompts, "
        f"within {family.spread.strange:.3f} of strange ones."
        for family in weights.head.families
    ]
    prior = weights.head.prior
    lines += [
        f"- any other model: {prior.intercept:.3f} + {prior.slope:.3f} x ln(USD per million tokens) is taken",
        f"  for the logit of its quality, which lies within {prior.spread:.3f} of that.",
        "",
    ]
    for report in reports:
        lines += [*_measured(report), ""]
    return "\n".join(lines)


def _row(source: Source) -> str:
    digest = sha256(source.path.read_bytes()).hexdigest()
    tasks = len({example.dataset for example in source.examples})
    models = ", ".join(source.examples[0].outcomes)
    return f"| {source.path.name} | {digest} | {len(source.examples)} | {tasks} | {models} |"


def _said_of(path: Path) -> Sequence[str]:
    readme = path.with_name(_README)
    lines = readme.read_text(encoding="utf-8", errors="replace").splitlines() if readme.is_file() else []
    return [line for line in lines if f"`{path.name}`" in line]


def _measured(report: Report) -> Iterable[str]:
    yield f"## Measured: {report.data}, {report.prompts} prompts of {report.split}"
    yield ""
    yield f"With 95 % intervals of {report.resamples} bootstrap draws."
    yield ""
    for policy in report.policies:
        told = [
            f"{title} {_told(policy.figures[name])}"
            for name, title in _FIGURES.items()
            if policy.figures[name].value is not None
        ]
        yield f"- {policy.policy}: {', '.join(told)}"
    for policy in report.policies[:1]:
        yield f"- more AIQ than never routing: {_told(policy.over_zero['aiq'])}"
    if report.calibration:
        yield f"- expected calibration error: {_told(report.calibration[0].ece)}"


def _told(figure: Figure) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return "none"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
