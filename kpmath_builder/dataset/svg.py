"""Two kinds of pictures as SVG, written by hand: equal numbers make equal bytes, and no plotting library is needed."""

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape as escape_markup

from kpmath_builder.text import shown

__all__ = ["bars", "heat_map"]

_ROW, _LABEL, _CHARACTER = 20, 12, 6.6
_COLOURS = ("#2a6f97", "#c9d6df")
"""Of the first and the second series; told apart without colour too, by lightness."""


def bars(title: str, rows: Sequence[tuple[str, Sequence[int]]], series: Sequence[str]) -> str:
    """Return horizontal bars, one a row, the series stacked; the total stands at the end of each."""
    left, width = _label_width(label for label, _ in rows), 420
    longest = max((sum(values) for _, values in rows), default=0) or 1
    parts = []
    for place, (label, values) in enumerate(rows):
        y = 60 + place * _ROW
        parts.append(_text(left - 8, y + 14, label, "end"))
        x = float(left)
        for value, colour in zip(values, _COLOURS, strict=False):
            length = width * value / longest
            parts.append(_box((x, y + 3), (length, _ROW - 6), colour, f"{label}: {value:,}"))
            x += length
        parts.append(_text(x + 6, y + 14, f"{sum(values):,}"))
    keys = zip(series, _COLOURS, strict=False) if len(series) > 1 else ()
    for place, (name, colour) in enumerate(keys):
        parts += [
            _box((left + 130 * place, 34), (12, 12), colour, name),
            _text(left + 18 + 130 * place, 44, name),
        ]
    return _picture(title, left + width + 70, 70 + len(rows) * _ROW, parts)


def heat_map(title: str, labels: Sequence[str], values: Sequence[Sequence[float]], legend: str) -> str:
    """Return a square map, darker where a value is larger; columns are the rows' labels by their numbers."""
    left, top = _label_width(f"{label} 00" for label in labels), 70
    largest = max((value for row in values for value in row), default=0.0) or 1.0
    parts = [_text(left, 44, f"{legend}; the darkest square is {largest:.2f}")]
    for i, label in enumerate(labels):
        parts.append(_text(left - 8, top + i * _ROW + 14, f"{label} {i + 1}", "end"))
        parts.append(_text(left + i * _ROW + _ROW / 2, top - 6, str(i + 1), "middle"))
        for j, other in enumerate(labels):
            value = values[i][j]
            caption = f"{label} × {other}: {value:.2f}"
            parts.append(
                _box(
                    (left + j * _ROW, top + i * _ROW), (_ROW - 1, _ROW - 1), _shade(value / largest), caption
                )
            )
    width = left + max(len(labels) * _ROW, 360) + 20
    return _picture(title, width, top + len(labels) * _ROW + 10, parts)


def _picture(title: str, width: float, height: float, parts: Sequence[str]) -> str:
    heading = f'<text x="10" y="20" font-size="15" font-weight="bold">{escape(title)}</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" font-family="sans-serif" font-size="{_LABEL}" role="img">\n'
        f'<title>{escape(title)}</title>\n<rect width="100%" height="100%" fill="#ffffff"/>\n{heading}\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _box(corner: tuple[float, float], size: tuple[float, float], colour: str, caption: str) -> str:
    (x, y), (width, height) = corner, size
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {place} fill="{colour}"><title>{escape(caption)}</title></rect>'


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def escape(text: str) -> str:
    """Return a text as XML allows it: without control characters and half characters, whatever a topic is called."""
    return escape_markup(shown(text))


def _label_width(labels: Iterable[str]) -> int:
    return int(max((len(label) for label in labels), default=0) * _CHARACTER) + 20


def _shade(share: float) -> str:
    """Return white for 0, dark blue for 1."""
    return "#" + "".join(f"{round(255 + (dark - 255) * share):02x}" for dark in (0x1B, 0x4B, 0x72))
