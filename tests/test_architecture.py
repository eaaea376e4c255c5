"""The floors of the house: imports go down only, lazy ones included; each foreign library has its one door."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "adcompile"
MODULES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 400  # lines; a file that nears it is asking for a second idea to be named

# From the roof to the ground.  Rooms on one floor do not know each other.
FLOORS = [
    {"__main__"},
    {"cli"},
    {"adcompile"},
    {"interop"},
    {"api"},
    {"explain"},
    {"pipeline"},
    {"normal", "transform", "optimise", "backend"},
    {"analysis"},
    {"chain"},
    {"frontend"},
    {"rules"},
    {"ir"},
    {"errors", "runtime", "special", "lapack"},
    {"memory", "indices", "fourier", "schedule", "blas"},
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}

DOORS = {
    "libcst": {"frontend"},
    "numba": {
        "backend", "runtime", "memory", "indices", "fourier", "schedule", "special", "lapack", "blas",
        "analysis.typing", "cli.doctor", "interop.scipy", "interop.xla",
    },
    "click": {"cli"},
    "rich": {"cli"},
    "pygments": {"explain"},
    "llvmlite": {"backend", "runtime", "memory", "special", "interop.xla"},
    "scipy": {"special", "rules.special", "normal.written_special", "normal.distributions", "api.sparse", "interop"},
}


def dotted(path: Path) -> str:
    """The name of a module below the package: `analysis.typing`; the empty name is the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def room(module: str) -> str:
    return module.split(".")[0] or "adcompile"


def imports(source: str, module: str) -> Iterator[tuple[int, str]]:
    """Line and absolute name of every import in a file, wherever it stands.  `from a import b` may name `a.b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: a relative import"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def own(imported: str) -> str | None:
    """The name below the package of what is imported, if it is ours: its `__version__` counts as errors do."""
    first, _, rest = imported.partition(".")
    if first != "adcompile":
        return None
    return rest if room(rest) in FLOOR else "adcompile"


def upward(source: str, module: str) -> list[str]:
    """The imports of a file that do not go down."""
    here = room(module)
    found = []
    for line, imported in imports(source, module):
        target = own(imported)
        if target is not None and room(target) != here and FLOOR[room(target)] <= FLOOR[here]:
            found.append(f"{module or 'adcompile'}:{line} imports {imported}")
    return found


def through_walls(source: str, module: str) -> list[str]:
    """The imports of foreign libraries outside of the rooms that have a door for them."""
    found = []
    for line, imported in imports(source, module):
        allowed = DOORS.get(imported.split(".")[0])
        if allowed is not None and not any(module == door or module.startswith(door + ".") for door in allowed):
            found.append(f"{module or 'adcompile'}:{line} imports {imported}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_every_module_has_a_floor(path):
    assert room(dotted(path)) in FLOOR


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_imports_go_down(path):
    assert upward(path.read_text(), dotted(path)) == []


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_foreign_libraries_have_one_door(path):
    assert through_walls(path.read_text(), dotted(path)) == []


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_no_file_is_long(path):
    assert len(path.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("ir.walk", "from adcompile.rules.registry import rule_for"),
        ("ir.walk", "def f():\n    import adcompile.pipeline"),
        ("normal.ssa", "from adcompile.optimise import optimised"),
        ("errors", "from adcompile import runtime"),
        ("chain", "from adcompile import analysis"),
        ("pipeline", "from adcompile import grad"),
    ],
)
def test_an_import_upward_or_aside_is_found(module, source):
    assert len(upward(source, module)) == 1


def test_an_import_within_a_room_or_down_is_not():
    assert upward("from adcompile.normal.flow import assigned_in\nfrom adcompile.ir import ops", "normal.ssa") == []


@pytest.mark.parametrize(("module", "foreign"), [("ir.show", "libcst"), ("analysis.activity", "numba.core.types")])
def test_a_library_through_a_wall_is_found(module, foreign):
    assert len(through_walls(f"def f():\n    import {foreign}", module)) == 1
