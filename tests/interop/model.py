"""A loss that workers import."""

import os
import signal
import time
from pathlib import Path

import numpy as np


def squares(theta, x, y):
    s = 0.0
    for i in range(x.shape[0]):
        s += (theta[0] * x[i] + theta[1] - y[i]) ** 2
    return s


class Slow:
    """A shard that takes its time, and once takes its worker with it."""

    def __init__(self, x, y, note):
        self.x, self.y, self.note = x, y, note

    def __call__(self):
        if self.note and not Path(self.note).exists():
            Path(self.note).write_text("dying")
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.05)
        return self.x, self.y


def expected(theta, x, y):
    r = theta[0] * x + theta[1] - y
    return np.sum(r**2), np.array([np.sum(2 * r * x), np.sum(2 * r)])
