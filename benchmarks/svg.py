"""Draws horizontal bars as SVG: one picture for light and dark, by the reader's own preference."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABELS, RIGHT = 860, 360, 84
BAR, GAP, TOP, BOTTOM = 18, 8, 78, 34
STYLE = """
:root { --paper: #ffffff; --ink: #1f2933; --pale: #66727f; --line: #d9dfe5;
  --one: #2563eb; --two: #0f8a7e; --three: #b45309; --other: #a9b4c0; --goal: #c02626; }
@media (prefers-color-scheme: dark) { :root { --paper: #11161c; --ink: #e6ebf0; --pale: #9aa7b4;
  --line: #2c3640; --one: #6ea0ff; --two: #3fc7b7; --three: #f0a850; --other: #566371;
  --goal: #ff7b72; } }
text { font: 13px system-ui, sans-serif; fill: var(--ink); }
.title { font-size: 17px; font-weight: 600; } .pale { fill: var(--pale); font-size: 12px; }
.one { fill: var(--one); } .two { fill: var(--two); } .three { fill: var(--three); }
.other { fill: var(--other); } .paper { fill: var(--paper); }
.line { stroke: var(--line); } .goal { stroke: var(--goal); stroke-width: 2; }
"""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: how long, and in which colour (one, two, three, other)."""

    value: float
    colour: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its parts stand end to end; `goals` are marks on it; `said` is what it comes to."""

    label: str
    parts: Sequence[Part]
    said: str
    goals: Sequence[float] = ()

    @property
    def reach(self) -> float:
        """How far it or its goals go."""
        return max(sum(part.value for part in self.parts), *self.goals, 0.0)


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart: what it shows, its legend as (colour, text), and its bars from above."""

    title: str
    subtitle: str
    legend: Sequence[tuple[str, str]]
    bars: Sequence[Bar]


def draw(picture: Picture) -> str:
    """Return the text of an SVG file."""
    height = TOP + len(picture.bars) * (BAR + GAP) + BOTTOM
    scale = (WIDTH - LABELS - RIGHT) / max(bar.reach for bar in picture.bars)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img">'
    )
    lines = [head, f"<title>{escape(picture.title)}</title>", f"<style>{STYLE}</style>"]
    lines.append(f'<rect class="paper" width="{WIDTH}" height="{height}"/>')
    lines += [_text(16, 27, picture.title, "title"), _text(16, 46, picture.subtitle, "pale")]
    lines += _legend(picture.legend)
    for at, bar in enumerate(picture.bars):
        lines += _bar(TOP + at * (BAR + GAP), bar, scale)
    bottom = height - BOTTOM + 4
    lines.append(f'<path class="line" d="M{LABELS} {TOP - 6}V{bottom}"/>')
    return "\n".join([*lines, "</svg>\n"])


def _legend(legend: Sequence[tuple[str, str]]) -> Iterator[str]:
    x = 16
    for colour, text in legend:
        if colour == "goal":
            yield f'<path class="goal" d="M{x + 5} 55v12"/>'
        else:
            yield f'<rect class="{colour}" x="{x}" y="56" width="10" height="10"/>'
        yield _text(x + 15, 65, text, "pale")
        x += 30 + 7 * len(text)


def _bar(top: float, bar: Bar, scale: float) -> Iterator[str]:
    middle = top + BAR / 2 + 4.5
    yield _text(LABELS - 8, middle, bar.label, "", ' text-anchor="end"')
    x = float(LABELS)
    for part in bar.parts:
        width = part.value * scale
        yield (
            f'<rect class="{part.colour}" x="{x:.1f}" y="{top}" width="{width:.1f}" '
            f'height="{BAR}"/>'
        )
        x += width
    for goal in bar.goals:
        yield f'<path class="goal" d="M{LABELS + goal * scale:.1f} {top - 2}v{BAR + 4}"/>'
    yield _text(LABELS + bar.reach * scale + 7, middle, bar.said, "")


def _text(x: float, y: float, text: str, kind: str, more: str = "") -> str:
    said = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{said}{more}>{escape(text)}</text>'
