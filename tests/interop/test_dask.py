"""Sums over shards on a cluster of processes, one of which is killed on the way."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from distributed import Client, LocalCluster

from adcompile import InvalidArgument
from adcompile.interop.dask import value_and_grad_of_sum
from tests.interop.model import Slow, expected, squares

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore")]  # of a cluster that is being killed
THETA = np.array([0.5, -1.0])


@pytest.fixture(scope="module")
def client():
    own = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with own as cluster, Client(cluster) as client:
        yield client


def data(count=20, of=7):
    generator = np.random.default_rng(0)
    return [(generator.normal(size=of), generator.normal(size=of)) for _ in range(count)]


def check(found, shards):
    x, y = (np.concatenate(parts) for parts in zip(*shards, strict=True))
    value, gradient = expected(THETA, x, y)
    assert found[0] == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-12)


@pytest.mark.parametrize("fan", [2, 3, 100])
def test_the_sum_over_shards(client, fan):
    shards = data()
    total = value_and_grad_of_sum(squares, shards, client=client, fan=fan, jit=False)
    check(total(THETA), shards)
    assert total(THETA)[0] == total(THETA)[0]  # to the last bit


def test_a_worker_that_dies_while_it_loads(client, tmp_path):
    shards = data()
    slow = [Slow(*shard, str(tmp_path / "note") if number == 5 else "") for number, shard in enumerate(shards)]
    check(value_and_grad_of_sum(squares, slow, client=client)(THETA), shards)
    assert (tmp_path / "note").exists()


def test_a_worker_that_is_killed_after_its_shards_were_loaded(client):
    shards = data(40)
    total = value_and_grad_of_sum(squares, [Slow(*shard, "") for shard in shards], client=client, jit=False)
    check(total(THETA), shards)
    (victim, *_) = client.run(os.getpid).values()

    def kill():
        time.sleep(0.02)
        os.kill(victim, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    check(total(THETA), shards)
    thread.join()
    check(total(THETA), shards)


def test_what_cannot_be_is_told(client):
    with pytest.raises(InvalidArgument, match="no shards"):
        value_and_grad_of_sum(squares, [], client=client)
    with pytest.raises(InvalidArgument, match="a tuple of arguments, not list"):
        value_and_grad_of_sum(squares, [[1.0]], client=client, retries=0, jit=False)(THETA)
