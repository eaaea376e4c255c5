"""Plain functions to differentiate, grouped by idea; `CASES` is all of them."""

import importlib
import pkgutil

from tests.corpus.registry import CASES, Case

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["CASES", "Case"]
