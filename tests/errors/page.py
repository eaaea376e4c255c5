"""`docs/errors.md`: what is refused, by code, from the tests' refusals.  `python -m tests.errors.page` writes it."""

from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "errors.md"
_HEAD = """# Errors by code

Written by `python -m tests.errors.page` from the tests' own refusals. A function is read as a whole, and all that is in
the way is told at once: `Unsupported` for what is not of the language, `InvalidArgument` for an argument of ours that
cannot be used; both are `AdcompileError`. An `InternalError` is a fault of adcompile: please report it.
"""


def page() -> str:
    """The text of the page."""
    by_code: dict[str, list[str]] = {}
    for path in sorted((HERE / "expected").glob("*.txt")):
        kind, *rest = path.read_text().rstrip("\n").split("\n")
        for part in "\n".join(rest).split("\n\n"):
            code = part.partition(":")[0] if kind == "Unsupported" else kind
            by_code.setdefault(code, []).append(part)
    parts = [_HEAD]
    for code in sorted(by_code, key=lambda code: (code[0].isupper(), code)):
        examples = "\n\n".join(dict.fromkeys(by_code[code]))
        parts.append(f"## {code}\n\n```text\n{examples}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
