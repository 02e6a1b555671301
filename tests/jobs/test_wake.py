from __future__ import annotations

import logging
import time

from jobs.wake import wake


def test_a_wake_up_goes_to_the_queue_of_its_role(valkey):
    valkey.client.flushall()
    wake("jobs.training.work")
    assert valkey.client.llen("training") == 1


def test_without_redis_nothing_fails_and_nobody_waits(valkey, caplog):
    wake("jobs.training.work")  # the pool has a connection now, which will be a dead one
    valkey.stop()
    try:
        start = time.monotonic()
        with caplog.at_level(logging.WARNING):
            wake("jobs.training.work")
        assert time.monotonic() - start < 5
        assert "look by themselves" in caplog.text
    finally:
        valkey.start()
    wake("jobs.training.work")
    assert valkey.client.llen("training") >= 1
