"""Processors that do not sleep.

A virtual processor that has nothing to do is given back to its host, and takes up to a millisecond
to return: at each of the four steps of a question whose threads wait for each other. Bare metal is
kept from that by its kernel's settings (idle=poll, or shallow idle states); a virtual machine by
threads that run when nothing else wants to, which is what this is.
"""

import contextlib
import multiprocessing
import os


def spin(processor):
    os.sched_setaffinity(0, {processor})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    while True:
        pass


@contextlib.contextmanager
def awake():
    """All processors of this process, for as long as the block runs."""
    spinning = [multiprocessing.Process(target=spin, args=(processor,), daemon=True)
                for processor in sorted(os.sched_getaffinity(0))]
    for process in spinning:
        process.start()
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.join()
