"""An explanation as HTML: the function and its derivative side by side, lines that belong together lit together.

Goal: one text without anything from elsewhere, to be opened from disk or shown in a notebook; light or dark as the
reader has it; lines are reached by mouse, finger and keyboard.  Lighting is CSS alone, since notebooks may drop
scripts; a page's own script only keeps a chosen line lit and brings its partner into view.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files
from itertools import count

from pygments.lexers import PythonLexer
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Name, Token, _TokenType

from adcompile.explain import Explanation
from adcompile.explain.loops import LoopFact
from adcompile.explain.places import Code, Line
from adcompile.explain.tapes import Tape

_MARKS = {
    "active": ("•", "active: varies with what the derivative is by"),
    "kept": ("k", "kept: a value of this line is taped"),
    "taped": ("T", "taped: kept for the reverse sweep"),
    "read": ("R", "read back from a tape"),
    "again": ("A", "computed again: a value of the function that the reverse sweep computes instead of keeping it"),
    "adjoint": ("", "an adjoint or a tangent"),
}
_WHAT = {
    "grad": "gradient", "value_and_grad": "value and gradient", "pullback": "pullback", "jvp": "tangent",
    "tangents": "tangents", "primal": "function as it is compiled", "composed": "derivative",
}  # fmt: skip
_LIGHT, _DARK = "default", "github-dark"
_numbers = count(1)  # of fragments: a notebook shows several


def page(explanation: Explanation) -> str:
    """A whole page."""
    title = escape(f"{_WHAT.get(explanation.kind, explanation.kind)} of {explanation.name}")
    script = (files("adcompile.explain") / "page.js").read_text(encoding="utf-8")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n</head>\n<body class="adx-page">\n'
        f"{fragment(explanation)}\n<script>\n{script}</script>\n</body>\n</html>\n"
    )


def fragment(explanation: Explanation) -> str:
    """The same without a page around it, for a notebook."""
    own = f"adx{next(_numbers)}"
    codes = (*explanation.primal, explanation.derivative)
    groups = sorted({line.group for code in codes for line in code.lines if line.group is not None})
    look = (files("adcompile.explain") / "page.css").read_text(encoding="utf-8")
    style = look + _colours(codes) + "".join(_lit(own, group) for group in groups)
    primal = "".join(map(_code, explanation.primal)) or '<p class="none">no source to show</p>'
    parts = [
        _head(explanation),
        f'<div class="sides"><section aria-label="the function"><h3>Function</h3>{primal}</section>'
        f'<section aria-label="the derivative"><h3>Derivative</h3>{_code(explanation.derivative)}</section></div>',
        _legend(codes),
        _variables(explanation),
        _tapes(explanation),
        _loops(explanation.loops),
    ]
    return f'<div class="adx" id="{own}"><style>\n{style}</style>\n{"".join(parts)}</div>'


def _lit(own: str, group: int) -> str:
    """A group is lit while one of its lines is pointed at, has the focus, or was chosen."""
    line = f'[data-g="{group}"]'
    return f"#{own}:has({line}:is(:hover,:focus,.chosen)) {line}{{background:var(--lit);box-shadow:var(--edge)}}\n"


# ------------------------------------------------------------------------------------------ parts
def _head(explanation: Explanation) -> str:
    by = f" by <code>{escape(', '.join(explanation.wrt))}</code>" if explanation.wrt else ""
    types = ", ".join(f"<code>{escape(each)}</code>" for each in explanation.types)
    again = sum("again" in line.marks for line in explanation.derivative.lines)
    total = sum(tape.bytes or 0 for tape in explanation.tapes)
    kept = f"{len(explanation.tapes)} tape{'s' if len(explanation.tapes) != 1 else ''}"
    if explanation.ran and explanation.tapes:
        kept += f" of {size(total)} in all"
    facts = [kept, f"{again} line{'s' if again != 1 else ''} computed again", f"{len(explanation.loops)} loops"]
    what = _WHAT.get(explanation.kind, explanation.kind)
    return (
        f"<header><h2>The {escape(what)} of <code>{escape(explanation.name)}</code>{by}</h2>"
        f'<p>for {types}</p><p class="facts">{" · ".join(facts)}</p></header>'
    )


def _code(code: Code) -> str:
    rows = zip(code.lines, _highlighted("\n".join(line.text for line in code.lines), code.active), strict=True)
    body = "".join(_line(line, html) for line, html in rows)
    return f'<figure><figcaption>{escape(code.title)}</figcaption><div class="code">{body}</div></figure>'


def _line(line: Line, html: str) -> str:
    group = f' data-g="{line.group}" tabindex="0"' if line.group is not None else ""
    shown = [mark for mark in line.marks if _MARKS[mark][0]]
    said = "; ".join(_MARKS[mark][1] for mark in shown)
    marks = "".join(f'<i class="m-{mark}">{_MARKS[mark][0]}</i>' for mark in shown)
    margin = f'<span class="m" title="{escape(said)}">{marks}</span>' if marks else '<span class="m"></span>'
    kinds = " ".join(("l", *line.marks))
    return f'<div class="{kinds}"{group}><span class="n">{line.number}</span>{margin}<code>{html or " "}</code></div>'


def _legend(codes: Iterable[Code]) -> str:
    used = {mark for code in codes for line in code.lines for mark in line.marks if _MARKS[mark][0]}
    items = [f'<li><i class="m-{mark}">{sign}</i> {said}</li>' for mark, (sign, said) in _MARKS.items() if mark in used]
    return f'<ul class="legend">{"".join(items)}<li>Point at a line, or choose it, to see its partners.</li></ul>'


def _variables(explanation: Explanation) -> str:
    active = explanation.activity
    if not active.active:
        return ""
    rows = [("active", active.active), ("not active", active.passive)]
    said = "".join(f"<dt>{name}</dt><dd>{_names(names)}</dd>" for name, names in rows if names)
    return f"<section><h3>Variables</h3><dl>{said}</dl></section>"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"<code>{escape(name)}</code>" for name in names)


def _tapes(explanation: Explanation) -> str:
    if not explanation.tapes:
        said = "None: all that the derivative needs still stands, or is computed again."
        return f"<section><h3>Tapes</h3><p>{said}</p></section>"
    rows = "".join(map(_tape, explanation.tapes))
    total = sum(tape.bytes or 0 for tape in explanation.tapes)
    foot = f'<tfoot><tr><th colspan="4">in all</th><td class="r">{size(total)}</td></tr></tfoot>'
    note = "" if explanation.ran else "<p>Sizes are those of a call: none was given.</p>"
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("tape", "of line", "made as", "shape"))
    return (
        f'<section><h3>Tapes</h3>{note}<table><thead><tr>{heads}<th scope="col" class="r">bytes</th></tr></thead>'
        f"<tbody>{rows}</tbody>{foot if explanation.ran else ''}</table></section>"
    )


def _tape(tape: Tape) -> str:
    cells = [
        f"<code>{escape(tape.name)}</code>",
        str(tape.line or ""),
        f"<code>{escape(tape.made)}</code>",
        f"{tape.shape} {tape.dtype}" if tape.shape is not None else tape.dtype,
    ]
    row = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr{_group(tape.group)}>{row}<td class="r">{"" if tape.bytes is None else size(tape.bytes)}</td></tr>'


def _loops(loops: Iterable[LoopFact]) -> str:
    rows = []
    for loop in loops:
        why = f" Not in one pass with the forward sweep, since {_ticked(loop.why)}." if loop.why else ""
        way = f"{_ticked(loop.way)[:1].upper()}{_ticked(loop.way)[1:]}." if loop.way else ""
        notes = "".join(f"<li>{_ticked(note)}</li>" for note in loop.notes)
        listed = f"<ul>{notes}</ul>" if notes else ""
        rows.append(
            f"<tr{_group(loop.group)}><td>{loop.line}</td><td><code>{escape(loop.text)}</code></td>"
            f"<td>{way}{why}{listed}</td></tr>"
        )
    if not rows:
        return ""
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("line", "loop", "what became of it"))
    body = f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f"<section><h3>Loops</h3><table>{body}</table></section>"


def _group(group: int | None) -> str:
    return f' data-g="{group}"' if group is not None else ""


def _ticked(text: str) -> str:
    """Text with `code` in it."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def size(number: int) -> str:
    """Bytes in the unit that suits them.

    >>> size(40), size(80_000), size(2_400_000)
    ('40 bytes', '80.0 kB', '2.4 MB')
    """
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= one:
            return f"{number / one:.1f} {unit}"
    return f"{number} bytes"


# ------------------------------------------------------------------------------------------ colours
def _highlighted(text: str, active: frozenset[str]) -> Iterator[str]:
    """Each line of a text, its words marked by kind and active variables besides."""
    lines = [""]
    for kind, value in PythonLexer(stripnl=False, ensurenl=False).get_tokens(text):
        names = ["" if value.isspace() else _short(kind)]
        if kind in Name and value in active:
            names.append("v")
        attribute = f' class="{" ".join(filter(None, names))}"' if any(names) else ""
        for number, part in enumerate(value.split("\n")):
            if number:
                lines.append("")
            if part:
                lines[-1] += f"<span{attribute}>{escape(part)}</span>" if attribute else escape(part)
    yield from lines


def _short(kind: _TokenType) -> str:
    while kind not in STANDARD_TYPES and kind.parent is not None:
        kind = kind.parent
    return str(STANDARD_TYPES.get(kind, ""))


def _colours(codes: Iterable[Code]) -> str:
    """The rules for the kinds of words that the code has, for light and for dark."""
    text = "\n".join(line.text for code in codes for line in code.lines)
    kinds = sorted({kind for kind, _ in PythonLexer().get_tokens(text)} - {Token.Text, Token.Text.Whitespace}, key=str)
    light, dark = (_rules(kinds, style) for style in (_LIGHT, _DARK))
    return f"{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


def _rules(kinds: Iterable[_TokenType], style: str) -> str:
    found = ""
    for kind in kinds:
        if name := _short(kind):
            of = get_style_by_name(style).style_for_token(kind)
            weight = "bold" if of["bold"] else "normal"
            colour = f"#{of['color']}" if of["color"] else "inherit"
            slant = "italic" if of["italic"] else "normal"
            found += f".adx .{name}{{color:{colour};font-weight:{weight};font-style:{slant}}}\n"
    return found
