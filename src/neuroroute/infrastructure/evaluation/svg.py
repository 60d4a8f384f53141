"""A small chart as SVG: lines and dots over two axes, readable in light and dark, aloud, and without colour."""

from collections.abc import Iterable, Sequence
from html import escape
from math import floor, log10
from typing import Final, NamedTuple

from msgspec import Struct

_NAMESPACE: Final = "http://www.w3.org/2000/svg"
_WIDTH, _HEIGHT = 760, 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 50, 110
_COLOURS: Final = ("#2f7ec7", "#d1601f", "#23936b", "#a8579a", "#8b8f00", "#767c84")
"""At least 3 to 1 on white and on black (WCAG 2.2, 1.4.11)."""
_DASHES: Final = ("", "7 4", "2 3", "9 3 2 3", "1 5", "12 4")
_STEPS: Final = (1, 2, 5, 10)
_TICKS: Final = 6
_LINE: Final = 14
"""Pixels from one line of small text to the next."""
_LETTER: Final = 6.4
"""Width of one of small text, about."""
_MARK, _WIDE_LETTER, _GAP, _ROW = 34, 7.6, 18, 22
"""Of the legend: pixels of a mark, of a letter, between entries and from one row to the next."""
_STYLE: Final = """<style>
svg { background: #ffffff; color: #1f2328; font: 13px system-ui, sans-serif; }
text { fill: currentColor; } .small { font-size: 11px; } .title { font-size: 16px; font-weight: 600; }
.grid { stroke: currentColor; stroke-opacity: 0.15; } .axis { stroke: currentColor; }
@media (prefers-color-scheme: dark) { svg { background: #0d1117; color: #e6edf3; } }
</style>"""


class Series(Struct, frozen=True):
    """Points that belong together."""

    name: str
    points: Sequence[tuple[float, float]]
    line: Sequence[tuple[float, float]] = ()
    """Where it runs; none are dots alone."""
    labels: Sequence[str] = ()
    """Of the points, as far as they have any."""


class Chart(Struct, frozen=True, kw_only=True):
    """What is to be seen, and what is said to who cannot see it."""

    title: str
    description: str
    across: str
    up: str
    series: Sequence[Series]


class _Box(NamedTuple):
    left: float
    right: float
    y: float


class _Scale(Struct, frozen=True):
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def drawn(chart: Chart) -> str:
    """The whole SVG file. The same chart is the same text always."""
    every = [point for one in chart.series for point in (*one.points, *one.line)]
    across, steps_across = _scale([x for x, _ in every], _LEFT, _WIDTH - _RIGHT)
    up, steps_up = _scale([y for _, y in every], _HEIGHT - _BOTTOM, _TOP)
    parts = [
        f'<svg xmlns="{_NAMESPACE}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(chart.title)}</title>',
        f'<desc id="desc">{escape(chart.description)}</desc>',
        _STYLE,
        f'<text class="title" x="{_LEFT}" y="28">{escape(chart.title)}</text>',
        *_axes(chart, across, up, steps_across, steps_up),
    ]
    boxes = list[_Box]()
    for number, one in enumerate(chart.series):
        parts += _series(one, number, across, up, boxes)
    parts += _legend(chart.series)
    return "\n".join([*parts, "</svg>", ""])


def _scale(values: Sequence[float], start: float, end: float) -> tuple[_Scale, Sequence[float]]:
    """Wide enough for all values, from one round number to another; and the round numbers."""
    least, most = min(values), max(values)
    wide = (most - least) or abs(most) or 1.0
    size = 10.0 ** floor(log10(wide / _TICKS))
    step = next(size * factor for factor in _STEPS if size * factor * _TICKS >= wide)
    first, last = floor(least / step), -floor(-most / step)
    last = max(last, first + 1)
    return _Scale(first * step, last * step, start, end), [tick * step for tick in range(first, last + 1)]


def _axes(chart: Chart, across: _Scale, up: _Scale, ticks: Sequence[float], heights: Sequence[float]) -> Iterable[str]:
    for tick in heights:
        y = up(tick)
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="small" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:.4g}</text>'
    bottom = _HEIGHT - _BOTTOM
    for tick in ticks:
        x = across(tick)
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 5}"/>'
        yield f'<text class="small" x="{x:.1f}" y="{bottom + 19}" text-anchor="middle">{tick:.4g}</text>'
    yield f'<path class="axis" fill="none" d="M{_LEFT} {_TOP}V{bottom}H{_WIDTH - _RIGHT}"/>'
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield f'<text x="{middle}" y="{bottom + 40}" text-anchor="middle">{escape(chart.across)}</text>'
    height = (_TOP + bottom) / 2
    yield f'<text transform="translate(18 {height}) rotate(-90)" text-anchor="middle">{escape(chart.up)}</text>'


def _series(one: Series, number: int, across: _Scale, up: _Scale, boxes: list[_Box]) -> Iterable[str]:
    colour, dash = _look(number)
    if one.line:
        path = "L".join(f"{across(x):.1f} {up(y):.1f}" for x, y in one.line)
        yield f'<path fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}" d="M{path}"/>'
    for x, y in one.points:
        yield f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3.5" fill="{colour}"/>'
    for label, (x, y) in sorted(zip(one.labels, one.points, strict=False), key=lambda labelled: -labelled[1][1]):
        yield _label(label, across(x), up(y) + 4, boxes)


def _label(label: str, x: float, y: float, boxes: list[_Box]) -> str:
    """Beside its point, below other labels where it would cover one."""
    wide = len(label) * _LETTER
    ends = x + 8 + wide > _WIDTH
    left = x - 8 - wide if ends else x + 8
    for box in sorted(boxes, key=lambda box: box.y):
        if left < box.right and box.left < left + wide and abs(y - box.y) < _LINE:
            y = box.y + _LINE
    boxes.append(_Box(left, left + wide, y))
    anchor, at = ("end", x - 8) if ends else ("start", x + 8)
    return f'<text class="small" x="{at:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(label)}</text>'


def _legend(series: Sequence[Series]) -> Iterable[str]:
    x, y = float(_LEFT), _HEIGHT - 36
    for number, one in enumerate(series):
        colour, dash = _look(number)
        wide = _MARK + _WIDE_LETTER * len(one.name)
        if x > _LEFT and x + wide > _WIDTH:
            x, y = float(_LEFT), y + _ROW
        if one.line:
            yield (
                f'<line x1="{x:.0f}" x2="{x + 28:.0f}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}" stroke-width="2" '
                f'stroke-dasharray="{dash}"/>'
            )
        else:
            yield f'<circle cx="{x + 14:.0f}" cy="{y - 4}" r="3.5" fill="{colour}"/>'
        yield f'<text x="{x + _MARK:.0f}" y="{y}">{escape(one.name)}</text>'
        x += wide + _GAP


def _look(number: int) -> tuple[str, str]:
    return _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
