#!/usr/bin/env python3
"""A model whose calls are logged as JSON lines by Python's own `logging`: a decorator and a context manager, no package.

    log_calls.py FILE        and        telltale run --tail FILE
"""
import contextlib
import datetime
import functools
import json
import logging
import logging.handlers
import sys
import time

calls = logging.getLogger("predictions")


@contextlib.contextmanager
def logged_call(model: str, version: str, **features):
    """Logs one call: its features, its latency, whether it failed, and whatever the caller adds to the record."""
    now = datetime.datetime.now(datetime.timezone.utc)
    record = {"ts": now.isoformat(), "model": model, "version": version, "status": "success", "features": features}
    begin = time.perf_counter()
    try:
        yield record
    except Exception:
        record["status"] = "error"
        raise
    finally:
        record["latency_ms"] = (time.perf_counter() - begin) * 1000
        calls.info(json.dumps(record, default=str))


def logged(model: str, version: str):
    """Logs every call of a function whose named arguments are the features and whose result is the prediction."""
    def decorate(function):
        @functools.wraps(function)
        def call(**features):
            with logged_call(model, version, **features) as record:
                record["prediction"] = function(**features)
                return record["prediction"]
        return call
    return decorate


def log_to(path: str) -> None:
    """One line a call, in a file that may be rotated; an error of the disk never reaches the model."""
    logging.raiseExceptions = False
    calls.addHandler(logging.handlers.WatchedFileHandler(path))
    calls.setLevel(logging.INFO)
    calls.propagate = False


@logged("fraud", "1")
def decide(amount: float, country: str) -> str:
    """Stands for the model."""
    if amount < 0:
        raise ValueError("a negative amount")
    return "deny" if amount > 500 and country != "DE" else "approve"


def main(path: str) -> None:
    log_to(path)
    for number in range(1_000):
        with contextlib.suppress(ValueError):
            decide(amount=float(number % 100 * 10 - 10), country=["DE", "FR", "US"][number % 3])
    # Where a decorator does not fit: the same with more to say.
    for number in range(200):
        with logged_call("fraud", "2", amount=20.5 + number, country="DE") as record:
            record["prediction"] = "deny" if number > 180 else "approve"


if __name__ == "__main__":
    main(sys.argv[1])
