"""A module with modes that are set by contexts, for tests."""

import functools
from contextlib import contextmanager

_MODE = "usual"
_SCALE = 1.0
_LOG = []


@functools.cache
def valid(word, words=("usual", "fast", "slow")):
    if word not in words:
        raise ValueError(f"no mode {word}")
    return word.lower()


def set_mode(word):
    global _MODE
    _MODE = valid(word)


class mode:
    """Sets the mode."""

    def __init__(self, word=None):
        self._word = _MODE if word is None else word
        self._before = _MODE

    def __enter__(self):
        set_mode(self._word)
        return self

    def __exit__(self, *args):
        set_mode(self._before)


@contextmanager
def scaled(by):
    """Sets the scale."""
    global _SCALE
    before = _SCALE
    _SCALE = _SCALE * by
    try:
        yield
    finally:
        _SCALE = before


@contextmanager
def leaking(by):
    global _SCALE
    _SCALE = by
    yield


@contextmanager
def logging(word):
    _LOG.append(word)
    try:
        yield
    finally:
        _LOG.append("end")


class swallowing(mode):
    def __exit__(self, *args):
        set_mode(self._before)
        return True


def power(x):
    if _MODE == "fast":
        return x * x * _SCALE
    return x * x * x * _SCALE


def twice(f, x):
    return f(x) + f(2.0 * x)


class Model:
    @property
    def scale(self):
        return _SCALE


MODEL = Model()


class Made:
    def __init__(self):
        self.scale = _SCALE
