#!/usr/bin/env python3
"""A model that tells about itself through the package `datadog`, as an application does that has it already.

    datadog_client.py HOST PORT
"""
import random
import sys
import time

from datadog.dogstatsd.base import DogStatsd


def predict(amount: float) -> tuple[str, float]:
    """Stands for the model: a decision and its probability."""
    score = min(0.99, amount / 1000)
    return ("deny" if score > 0.5 else "approve"), score


def serve(statsd: DogStatsd, requests: int) -> None:
    """Answers requests and reports each of them."""
    chance = random.Random(7)
    tags = ["model:fraud", "version:3"]
    for number in range(requests):
        amount = round(chance.expovariate(1 / 300), 2)
        country = chance.choice(["DE", "FR", "US"])
        begin = time.perf_counter()
        decision, score = predict(amount)
        statsd.histogram("model.feature", amount, tags=tags + ["feature:amount"])
        statsd.set("model.feature", country, tags=tags + ["feature:country"])
        statsd.set("model.prediction", decision, tags=tags)
        statsd.distribution("model.score", score, tags=tags)
        statsd.timing("model.latency", (time.perf_counter() - begin) * 1000, tags=tags)

        # Anything else is a metric of its own.
        statsd.increment("shop.requests", tags=["route:/pay", f"country:{country}", "canary"])
        statsd.increment("shop.bytes.read", 100 + number, sample_rate=0.1)
        statsd.gauge("shop.balance", -number / 4)
        statsd.distribution("shop.basket.size", number % 7, tags=["route:/pay"], sample_rate=0.5)
        statsd.set("shop.customers", number % 50)
    statsd.event("deployed", "a new version of the model")
    statsd.service_check("shop.can_pay", DogStatsd.OK)
    # Sends what the client has added up, and ends its thread; flush() would leave that to a later moment.
    statsd.stop()


def main(host: str, port: int) -> None:
    # Packed lines: the client adds up counters, and sends all values of a distribution in one line.
    serve(DogStatsd(host=host, port=port, disable_buffering=False, disable_aggregation=False), 200)
    # One line a value, one datagram a line.
    serve(DogStatsd(host=host, port=port, disable_buffering=True, disable_aggregation=True), 300)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
