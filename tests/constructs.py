"""Constructs of the language beyond loops and arrays, for random programs: `try`, dicts, lists, functions inside,
complex numbers."""

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


def of_complex(g: Generator, scope: Scope, depth: int = 2) -> str:
    """A complex expression: sums, products and functions that are analytic, and conjugates, which are not."""

    def e() -> str:
        return of_complex(g, scope, depth - 1)

    atoms = [lambda: g.rnd.choice(scope.complexes)] * bool(scope.complexes)
    atoms += [lambda: f"complex({g.atom(scope)}, {g.atom(scope)})", lambda: f"({g.atom(scope)} + 1j * {g.atom(scope)})"]
    if scope.rows:
        atoms.append(lambda: item_of(g, scope))
    if depth == 0:
        return g.rnd.choice(atoms)()
    options = [
        *atoms[:2],
        lambda: f"({e()} * {e()})",
        lambda: f"({e()} + {e()})",
        lambda: f"({e()} - {g.expr(scope, 1)})",
        lambda: f"np.exp(1j * {g.expr(scope, 1)})",
        lambda: f"np.sin(0.3 * {e()})",
        lambda: f"np.exp(0.3 * {e()})",
        lambda: f"np.sqrt({e()} + 3.0)",
        lambda: f"np.log({e()} + 4.0j)",
        lambda: f"{g.rnd.choice(atoms)()} ** {g.rnd.choice((2, 3))}",
        lambda: f"{e()} / ({e()} + 3.0)",
        lambda: f"np.conj({e()})",
        lambda: f"({e()}).conjugate()",
    ]
    if "branches" in g.features:
        options.append(lambda: f"({e()} if {g.condition(scope)} else {e()})")
    return g.rnd.choice(options)()


def item_of(g: Generator, scope: Scope) -> str:
    """An item of an array of complex numbers."""
    name, length = g.rnd.choice(list(scope.rows.items()))
    return f"{name}[{g.index(scope, length)}]"


def complex_number(g: Generator, scope: Scope) -> list[Line]:
    """A complex number, new or another for a name, kept small."""
    text = of_complex(g, scope)
    tame = g.rnd.choice((f"np.sin({text}) * 0.3", f"0.4 * {text}", f"{text} / (1.0 + abs({of_complex(g, scope, 1)}))"))
    if scope.complexes and g.rnd.random() < 0.6:
        name = g.rnd.choice(scope.complexes)
        return [Line(g.rnd.choice((f"{name} = {tame}", f"{name} += {tame}", f"{name} *= {tame}")))]
    name = g.new("z")
    line = Line(f"{name} = {tame}")
    scope.complexes.append(name)
    return [line]


def complex_array(g: Generator, scope: Scope) -> list[Line]:
    """An array of complex numbers: made, or one item, a part or all of it written."""
    if not scope.rows or g.rnd.random() < 0.3:
        name, shape = g.rnd.choice([(n, s) for n, s in scope.arrays.items() if len(s) == 1] or [("x", (6,))])
        new = g.new("c")
        text = g.rnd.choice((f"np.zeros({shape[0]}, dtype=complex)", f"{name} + 1j * np.sin({name})",
                             f"np.exp(1j * {name}) * {of_complex(g, scope, 1)}"))  # fmt: skip
        scope.rows[new] = shape[0]
        return [Line(f"{new} = {text}")]
    name, length = g.rnd.choice(list(scope.rows.items()))
    value, place = of_complex(g, scope, 1), g.index(scope, length)
    text = g.rnd.choice(
        (
            f"{name}[{place}] = 0.5 * {value}",
            f"{name}[{place}] += 0.2 * {value}",
            f"{name}[{place}] *= np.exp(1j * {g.expr(scope, 1)})",
            f"{name}[1:] = {name}[:-1] * np.conj({name}[1:])",
            f"{name}[::-1] = -{name}",
            f"{name}[:] = np.sin({name}) * 0.5",
            f"{name} = np.conj({name}) * {value} * 0.3",
        )
    )
    return [Line(text)]


def real_of_complex(g: Generator, scope: Scope) -> list[Line]:
    """A real number of complex ones."""
    text = of_complex(g, scope)
    row = g.rnd.choice(list(scope.rows)) if scope.rows else f"(x * {text})"
    value = g.rnd.choice(
        (
            f"0.3 * abs({text})",
            f"0.3 * ({text}).real",
            f"0.3 * np.imag({text})",
            f"0.1 * np.abs({text}) ** 2",
            f"0.1 * np.sum(np.abs({row}) ** 2)",
            f"0.1 * np.sum({row}.real * {row}.imag)",
            f"0.1 * np.vdot({row}, {row} * {text}).real",
        )
    )
    target = g.new("f") if g.rnd.random() < 0.4 else g.rnd.choice(scope.floats)
    if target not in scope.floats:
        scope.floats.append(target)
    return [Line(f"{target} = np.sin({value})")]
