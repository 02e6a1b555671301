"""The Celery application: three queues, each served by workers of its own role.

A message here is only a wake-up. What is to be done stands in the database, who does it is decided there by a lease,
and a lost message costs seconds: beat repeats the wake-ups. Hence early acknowledgement (the default), no results,
and messages that expire.
"""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

import kombu
from celery import Celery
from celery.app.amqp import AMQP
from django.conf import settings


class _Connection(kombu.Connection):
    """Looks for a Redis that is away every second or two, not ever more rarely up to every half minute."""

    def ensure_connection(self, *args, **kwargs):
        return super().ensure_connection(*args, **{"interval_start": 0.5, "interval_max": 2, **kwargs})


class _AMQP(AMQP):
    Connection = _Connection


app = Celery("unroll", broker=settings.REDIS_URL, amqp=_AMQP)
app.conf.update(
    task_ignore_result=True,
    task_default_queue="ingest",
    task_routes={
        "jobs.training.*": {"queue": "training"},
        "jobs.ingest.*": {"queue": "ingest"},
        "jobs.reaper.*": {"queue": "ingest"},
        "jobs.inference.*": {"queue": "inference"},
    },
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # Redis may be away for as long as it likes
    broker_transport_options={"socket_connect_timeout": 2, "socket_keepalive": True},
    worker_hijack_root_logger=False,
    timezone="UTC",
    beat_schedule={
        "wake the trainers": {"task": "jobs.training.work", "schedule": 5.0, "options": {"expires": 5}},
        "wake the readers": {"task": "jobs.ingest.work", "schedule": 5.0, "options": {"expires": 5}},
        "reap": {"task": "jobs.reaper.reap", "schedule": 5.0, "options": {"expires": 5}},
        "sweep": {"task": "jobs.reaper.sweep", "schedule": 60.0, "options": {"expires": 60}},
    },
    imports=("jobs.training", "jobs.ingest", "jobs.inference", "jobs.reaper"),
)
