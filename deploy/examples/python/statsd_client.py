#!/usr/bin/env python3
"""A service with StatsD names of its own, through the package `statsd`.

    statsd_client.py HOST PORT

The daemon gives the names labels by a mapping file, and takes gauges as Etsy's StatsD does: a sign is a change.
"""
import sys
import time

import statsd


def serve(client: statsd.StatsClient, requests: int) -> None:
    """Answers requests and reports each of them."""
    for number in range(requests):
        client.incr(f"cart.requests.{200 if number % 9 else 500}")
        client.incr("cart.requests.404", 2, rate=0.5)
        client.timing("cart.render_duration", 20 + number % 400)
        client.timing("cart.query_duration", 3 * number, rate=0.1)
        client.incr("debug.noise")
        client.set("visitors", f"visitor {number % 40}")
        with client.timer("ranking.took"):
            time.sleep(0)
    client.gauge("queue", 10)
    client.gauge("queue", -4, delta=True)
    client.gauge("queue", 3, delta=True)
    client.gauge("temperature", -12.5)
    client.decr("refunds", -3)
    # Several lines in one datagram.
    with client.pipeline() as pipe:
        for step in range(50):
            pipe.incr("cart.requests.302", step)
            pipe.timing("cart.pay_duration", step)


def main(host: str, port: int) -> None:
    serve(statsd.StatsClient(host, port, prefix="shop"), 300)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
