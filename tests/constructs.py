"""Constructs of the language beyond loops and arrays, for random programs: `try`, dicts, lists, functions inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.program import Line

if TYPE_CHECKING:
    from tests.generator import Generator, Scope

CAUGHT = ("ValueError", "ZeroDivisionError", "(ValueError, IndexError)", "Exception", "RuntimeError")


def attempt(g: Generator, scope: Scope) -> list[Line]:
    """A `try` whose body may raise, with handlers for some of it, in one that catches the rest."""
    inner = scope.inner()
    body: list[Line] = []
    for _ in range(g.rnd.randint(1, 3)):
        body += risky(g, inner) if g.rnd.random() < 0.6 else g.statement(inner)
    lines = [Line("try:", tuple(body))]
    for kind in g.rnd.sample(CAUGHT[:3], g.rnd.randint(0, 2)):
        lines.append(Line(f"except {kind}:", g.block(scope.inner(), 2)))
    lines.append(Line("except Exception:", g.block(scope.inner(), 2)))
    if g.rnd.random() < 0.3:
        lines.append(Line("else:", g.block(inner, 2)))
    return lines


def risky(g: Generator, scope: Scope) -> list[Line]:
    """A statement that raises for some values."""
    target = g.rnd.choice(scope.floats)
    one = g.rnd.choice(list(scope.integers)) if scope.integers else "n"
    array, shape = g.rnd.choice(list(scope.arrays.items()))
    rest = "".join(f", {g.index(scope, length)}" for length in shape[1:])
    return [
        Line(text)
        if not text.startswith("if")
        else Line(text, (Line(f"raise {g.rnd.choice(('ValueError', 'RuntimeError'))}({target})"),))
        for text in (
            g.rnd.choice(
                (
                    f"{target} = 0.3 * math.log({g.expr(scope, 1)})",
                    f"{target} = math.sqrt({g.expr(scope, 1)}) * {target}",
                    f"{target} = {target} * (0.5 / ({one} - {g.rnd.randint(0, 3)}))",
                    f"{target} = np.sin({array}[{one} + {g.rnd.randint(0, shape[0])}{rest}])",
                    f"{target} = math.acos({g.expr(scope, 1)} * 1.5)",
                    f"if {g.condition(scope)}:",
                )
            ),
        )
    ]


def dict_of(g: Generator, scope: Scope) -> list[Line]:
    """A dict, whose items are variables from there on."""
    name = g.new("d")
    keys = ("p", "q", "r")[: g.rnd.randint(1, 3)]
    items = ", ".join(f'"{key}": np.sin({g.expr(scope, 1)})' for key in keys)
    scope.floats += [f'{name}["{key}"]' for key in keys]
    more = [Line(f'{name}["s"] = {g.atom(scope)}')] if g.rnd.random() < 0.3 else []
    if more:
        scope.floats.append(f'{name}["s"]')
    return [Line(f"{name} = {{{items}}}", kept=True), *more]


def list_of(g: Generator, scope: Scope) -> list[Line]:
    """A list that grows in a loop and is read by number."""
    name, index, total = g.new("l"), g.new("i"), g.new("f")
    inner = scope.inner("for")
    inner.integers[index] = (0, 3)
    inner.fixed.add(index)
    grows = Line(f"{name}.append(np.sin({g.expr(inner, 1)}) * {name}[-1])")
    if g.rnd.random() < 0.4:
        grows = Line(f"if {g.condition(inner)}:", (grows,))
    place = g.rnd.choice(("0", "-1", "n % 2", f"len({name}) - 1"))
    lines = [
        Line(f"{name} = [{g.expr(scope, 1)}, {g.atom(scope)}]", kept=True),
        Line(f"for {index} in range({g.rnd.randint(1, 4)}):", (grows, *g.block(inner, 1))),
        Line(f"{total} = sum({name}) * {name}[{place}] * 0.2", kept=True),
    ]
    scope.floats.append(total)
    return lines


def function_inside(g: Generator, scope: Scope) -> list[Line]:
    """A function defined in the program and called, over a tuple of such at times."""
    name, total = g.new("h"), g.new("f")
    own = g.new("f")
    inner = scope.inner("")
    inner.floats, inner.arrays = [own], {"x": scope.arrays["x"]} if "rebind" not in g.features else {}
    if not inner.arrays:
        text = f"np.sin({own} * {g.number()}) + {own} * {own}"
    else:
        text = f"{own} * x[{g.rnd.randint(0, 2)}] + np.cos({own})"
    define = Line(f"def {name}({own}):", (Line(f"return {text}", kept=True),), kept=True)
    call = f"{name}({g.expr(scope, 1)}) + 0.5 * {name}({g.atom(scope)})"
    if g.rnd.random() < 0.4:
        call = f"sum([k{name}({g.atom(scope)}) for k{name} in ({name}, np.sin, np.cos)])"
    scope.floats.append(total)
    return [define, Line(f"{total} = 0.3 * ({call})", kept=True)]
