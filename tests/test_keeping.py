"""With `cache=True` a later process finds a derivative without the pipeline, and never one that has changed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

import adcompile
from adcompile import grad
from adcompile.api import keeping
from adcompile.api.derivative import Request
from adcompile.backend import records
from adcompile.backend.compile import Options
from adcompile.ir.types import Scalar
from adcompile.rules import registry

MODULE = """
import numpy as np
from numba import njit
from adcompile import grad, hvp, jacobian, value_and_grad, vjp
from middle import scaled

SCALE = 2.0
OPTIONS = object()

def made(k):
    def energy(x, power=2):
        return k * SCALE * scaled(x) ** power
    return energy

energy = made(1.0)
gradient = grad(energy, cache=True)
second = grad(gradient, cache=True)
several = vjp(lambda x: (x * SCALE, x * x), cache=True)
dense = jacobian(lambda x: np.cos(x) * SCALE, cache=True)

@grad(cache=True)
def of_arrays(x, y):
    return np.sum(x * np.sin(y))
"""
MIDDLE = """
from below import lifted

def scaled(x):
    return 3.0 * lifted(x)
"""
BELOW = """
def lifted(x):
    return x
"""
RUN = """
import json, sys
import numpy as np
from adcompile import pipeline
whole, count = pipeline.run, 0
def counted(job):
    global count
    count += 1
    return whole(job)
pipeline.run = counted
import module
value, pullback = module.several(3.0)
given = [module.gradient(3.0), module.second(3.0), *value, pullback((1.0, 1.0)), module.dense(np.ones(2))[1, 1],
         module.of_arrays(np.ones(3), np.ones(3))[0]]
ran = count
assert "def energy_grad" in module.gradient.source
assert count == ran  # the text was at hand
assert "read" in module.gradient.stages
print(json.dumps([ran, list(map(float, given))]))
"""
REST = [6.0, 9.0, 8.0, -2.0 * np.sin(1.0), np.sin(1.0)]  # all but the first two
EXPECTED = [108.0, 36.0, *REST]


class Process:
    """A user's modules, run each time in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = Path(adcompile.__file__).parents[1]
        for name, text in (("module", MODULE), ("middle", MIDDLE), ("below", BELOW)):
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        (self.folder / f"{name}.py").write_text(text)

    def run(self) -> tuple[bool, list[float]]:
        """Whether the pipeline ran, and what the derivatives are."""
        environment = {**os.environ, "ADCOMPILE_CACHE_DIR": str(self.folder / "kept")}
        environment["PYTHONPATH"] = os.pathsep.join([str(self.package), str(self.folder)])
        done = subprocess.run(
            [sys.executable, "-c", RUN], env=environment, cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        count, values = json.loads(done.stdout.splitlines()[-1])
        return bool(count), values

    def expect(self, ran: bool, values: Iterable[float]) -> None:
        found = self.run()
        assert found[0] == ran
        np.testing.assert_allclose(found[1], list(values), rtol=1e-12)

    @property
    def records(self) -> list[Path]:
        return sorted((self.folder / "kept").glob("*.json"))


def test_across_processes_what_did_not_change_is_found_and_what_did_is_made(tmp_path: Path) -> None:
    process = Process(tmp_path)
    process.expect(True, EXPECTED)
    process.expect(False, EXPECTED)

    process.write("below", BELOW.replace("return x", "return 2.0 * x"))  # two calls deep, in another file
    process.expect(True, [432.0, 144.0, *REST])
    process.write("module", MODULE.replace("SCALE = 2.0", "SCALE = 1.0"))
    process.expect(True, [216.0, 72.0, 3.0, 9.0, 7.0, -np.sin(1.0), np.sin(1.0)])
    process.write("module", MODULE.replace("made(1.0)", "made(0.5)"))
    process.expect(True, [216.0, 72.0, *REST])
    process.write("module", MODULE.replace("power=2", "power=1"))
    process.expect(True, [12.0, 0.0, *REST])
    process.write("module", MODULE)
    process.expect(False, [432.0, 144.0, *REST])  # as it was before
    process.write("below", BELOW)
    process.expect(False, EXPECTED)


def test_records_that_are_damaged_or_another_s_are_not_believed(tmp_path: Path) -> None:
    process = Process(tmp_path)
    process.expect(True, EXPECTED)
    whole = {path: path.read_bytes() for path in process.records}
    assert len(whole) == 6  # a vjp has two
    for path, content in whole.items():
        path.write_bytes(content[:-30])
    process.expect(True, EXPECTED)
    process.expect(False, EXPECTED)
    contents = [*whole.values()]
    for path, other in zip(whole, [*contents[1:], contents[0]], strict=True):
        path.write_bytes(other)
    process.expect(True, EXPECTED)
    for path in (tmp_path / "kept").glob("*.py"):
        path.write_text(path.read_text().replace("2.0", "5.0"))
    process.expect(True, EXPECTED)
    process.expect(False, EXPECTED)


def test_another_version_does_not_believe_the_records_of_this_one(tmp_path: Path) -> None:
    process = Process(tmp_path)
    process.expect(True, EXPECTED)
    package = Path(adcompile.__file__).parent
    shutil.copytree(package, tmp_path / "other" / "adcompile", ignore=shutil.ignore_patterns("__pycache__"))
    changed = tmp_path / "other" / "adcompile" / "rules" / "elementwise.py"
    changed.write_text(changed.read_text() + "\n# of another version\n")
    process.package = tmp_path / "other"
    process.expect(True, EXPECTED)
    process.expect(False, EXPECTED)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADCOMPILE_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(keeping, "as_shipped", lambda: True)  # doctests have registered rules in this process
    return tmp_path


def square(x):
    return x * x


def test_each_choice_has_a_record_of_its_own(folder: Path) -> None:
    made = [
        grad(square, cache=True),
        grad(square, cache=True, fastmath=False),
        grad(square, cache=True, boundscheck=True),
        grad(square, cache=True, checkpoint=True),
        grad(square, cache=True, wrt=("x",)),
        adcompile.value_and_grad(square, cache=True),
        adcompile.hessian(square, cache=True),
        adcompile.jacobian(square, cache=True),
        adcompile.jacobian(square, cache=True, mode="forward"),
    ]
    types = [one.types_of(2.0) for one in made] + [made[0].types_of(np.float32(2.0))]
    names = [keeping.name_for(one, kind) for one, kind in zip([*made, made[0]], types, strict=True)]
    assert None not in names
    assert len(set(names)) == len(names)


def test_no_record_where_none_is_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    derivative = grad(square, cache=True)
    types = derivative.types_of(2.0)
    assert keeping.name_for(derivative, types) is not None
    assert keeping.name_for(grad(square), types) is None
    assert keeping.name_for(grad(square, cache=True, jit=False), types) is None
    monkeypatch.setenv("ADCOMPILE_DUMP", "after:read")
    assert keeping.name_for(derivative, types) is None
    monkeypatch.delenv("ADCOMPILE_DUMP")


def test_the_rules_of_a_user_are_part_of_a_record_s_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    derivative = grad(square, cache=True)
    names = [keeping.name_for(derivative, derivative.types_of(2.0))]
    monkeypatch.setattr(keeping, "as_shipped", lambda: False)
    for rules in ((), (square,), (np.sin, square)):
        monkeypatch.setattr(keeping, "added", lambda rules=rules: rules)
        names.append(keeping.name_for(derivative, derivative.types_of(2.0)))
    assert None not in names
    assert len(set(names)) == 3  # nothing that was added is nothing
    monkeypatch.setattr(keeping, "added", lambda: (object(),))
    assert keeping.name_for(derivative, derivative.types_of(2.0)) is None


def test_a_rule_that_was_added_or_changed_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_RULES", dict(registry._shipped[0]))
    monkeypatch.setattr(registry, "_COMPLEX", dict(registry._shipped[1]))
    monkeypatch.setattr(registry, "_CONSTANTS", set(registry._shipped[2]))
    monkeypatch.setattr(registry, "_BODIES", {})
    assert registry.as_shipped()
    registry.constant(square)
    assert not registry.as_shipped()
    registry._CONSTANTS.discard(square)
    assert registry.as_shipped()
    registry.elementwise(np.sin, lambda x, y: np.cos(x))
    assert not registry.as_shipped()


def test_what_changes_while_the_pipeline_runs_is_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["before", "after"])
    monkeypatch.setattr(keeping, "name_for", lambda derivative, arguments: next(names))
    assert grad(square, cache=True)(2.0) == 4.0
    assert not list(folder.glob("*.json"))


def test_a_record_reads_as_it_was_written_or_not_at_all(folder: Path) -> None:
    derivative = grad(square, cache=True)
    assert derivative(2.0) == 4.0
    (path,) = folder.glob("*.json")
    options = derivative.request.options
    found = records.kept(path.stem, options)
    assert found is not None
    assert (found.compiled.source, found.result) == (derivative.source, Scalar("float64"))
    content = json.loads(path.read_text())
    for damaged in ({**content, "result": ["array", "float64", 1]}, {**content, "mark": "no"}, [], None, {}, "text"):
        path.write_text(json.dumps(damaged))
        assert records.kept(path.stem, options) is None
    path.write_bytes(b"\xff\x00")
    assert records.kept(path.stem, options) is None


def test_all_that_was_asked_for_is_part_of_the_name() -> None:
    plain = Request("jvp")
    other = Request("grad", "x", Options(fastmath=True), "forward", 3, True, True, True, (0,))
    for field in fields(Request):
        changed = replace(plain, **{field.name: getattr(other, field.name)})
        assert changed.described() != plain.described(), field.name
