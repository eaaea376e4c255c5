"""`docs/real_code.md`, written from the verdicts: package by package what works, and for the rest the reason.

python -m tests.real_code.report            # writes the page
python -m tests.real_code.report --causes   # prints the reasons, most frequent first, each with examples
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

from tests.real_code.case import Case
from tests.real_code.packages import PACKAGES, cases
from tests.real_code.verdicts import HERE, STORED, Verdict

PAGE = HERE.parent.parent / "docs" / "real_code.md"
HEAD = """# Functions of published packages

{total} functions of {packages} packages of the Python package index, imported as they stand and differentiated without
a change: forward and reverse mode, each entry of each gradient held to a reference (the complex step where the code
carries complex numbers, else extrapolated differences with an error estimate). The functions were chosen by reading the
index of each package and asking which of them somebody would want to differentiate, before any of them was tried; none
has been dropped for what became of it (`tests/real_code/packages` says more). `make test-real` runs all of them without
Numba and half of those that work through Numba. This page is written by `python -m tests.real_code.report`.

A function is counted as *right* if its value and both modes agree with the reference; as *refused* if it raises
`Unsupported`, which names the place and the reason; *wrong* or *crash* would be faults of ours. Where the point lies at
the edge of the domain, differences give no reference for an entry, and the function is *unchecked*.

{table}

{faults}## Why functions are refused

The first reason that each function meets; a function may have several.

{causes}
"""


def load(path: Path) -> dict[str, Verdict]:
    """Verdicts, by the name of the case."""
    found: dict[str, Verdict] = json.loads(path.read_text())
    return found


def cause(verdict: Verdict) -> str:
    """A refusal's first reason, without places and without the names of the user's code."""
    text = re.sub(r" \[[^]]*:\d+\]$", "", verdict[1])
    code, _, message = text.partition(": ")
    match code:
        case "no-rule":
            named = re.search(r"`[^`]*`|(?<=rule for )\w+", message)
            return f"no rule for {named.group(0) if named else 'a function'}"
        case "unknown-function":
            return "a function that is known in the run only"
        case "no-source":
            return "a method, or a function without readable source"
    return message


def table(first: dict[str, Verdict], now: dict[str, Verdict]) -> str:
    """Package, functions, right on the first run, right now, refused, unchecked, faults."""
    lines = [
        "| package | functions | right on the first run | right now | refused | unchecked | wrong or crash |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    sums = [0] * 6
    for package in PACKAGES:
        names = [case.name for case in cases(package)]
        words = Counter(now[name][0] for name in names)
        row = [
            len(names), sum(first[name][0] == "right" for name in names), words["right"], words["refused"],
            words["unchecked"], words["wrong"] + words["crash"],
        ]  # fmt: skip
        sums = [a + b for a, b in zip(sums, row, strict=True)]
        lines.append(f"| {package} | " + " | ".join(map(str, row)) + " |")
    lines.append("| **all** | " + " | ".join(f"**{number}**" for number in sums) + " |")
    return "\n".join(lines)


def causes(now: dict[str, Verdict]) -> list[tuple[str, list[str]]]:
    """Each reason with the functions that it is the first reason of, most frequent first."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, verdict in now.items():
        if verdict[0] == "refused":
            found[cause(verdict)].append(name)
    return sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))


def short(name: str) -> str:
    """A case's name, without the data that an object is made of."""
    module, _, expression = name.partition(":")
    return f"{module}.{re.sub(r'[(].*[)](?=[.]|$)', '(...)', expression)}"


def page(first: dict[str, Verdict], now: dict[str, Verdict]) -> str:
    """The whole page."""
    faults = [f"- `{short(name)}`: {' '.join(v)}" for name, v in now.items() if v[0] in ("wrong", "crash")]
    head = HEAD.format(
        total=len(now),
        packages=len({name.partition(":")[0].partition(".")[0] for name in now}),
        table=table(first, now),
        faults="## Faults\n\n" + "\n".join(faults) + "\n\n" if faults else "",
        causes="\n".join(["| reason | functions |", "|---|--:|", *(f"| {c} | {len(n)} |" for c, n in causes(now))]),
    )
    return head + "\n".join(_package(package, now) for package in PACKAGES)


def _package(package: str, now: dict[str, Verdict]) -> str:
    listed: tuple[Case, ...] = cases(package)
    right = [f"`{short(case.name)}`" for case in listed if now[case.name][0] == "right"]
    rest = [f"| `{short(case.name)}` | {_told(now[case.name])} |" for case in listed if now[case.name][0] != "right"]
    lines = [f"\n## {package}\n"]
    if right:
        lines.append("Right: " + ", ".join(right) + ".\n")
    if rest:
        lines += ["| refused | |", "|---|---|", *rest]
    return "\n".join(lines)


def _told(verdict: Verdict) -> str:
    told = " ".join(verdict[1].split()).replace("|", "\\|")
    return told if verdict[0] == "refused" else f"**{verdict[0]}** {told}"


def main() -> None:
    """Writes the page, or prints the reasons."""
    now = load(STORED)
    if "--causes" in sys.argv:
        for reason, names in causes(now):
            sys.stdout.write(f"| {reason} | {len(names)} | {', '.join(map(short, names[:3]))} |\n")
        return
    PAGE.write_text(page(load(HERE / "first_verdicts.json"), now).rstrip() + "\n")


if __name__ == "__main__":
    main()
