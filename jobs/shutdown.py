"""One flag for all threads of a worker: it is asked to end.

Celery's warm shutdown waits for its jobs, which for a training may be hours. So the jobs look at this flag: trainings
write a checkpoint and go back to the queue, readers give their file back.
"""

from __future__ import annotations

import threading

from celery.signals import worker_shutting_down

stopping = threading.Event()


@worker_shutting_down.connect
def _stop(**_: object) -> None:
    stopping.set()
