# SPDX-FileCopyrightText: The Lambent Authors
# SPDX-License-Identifier: Apache-2.0
"""A shop's order handler, the demo's Python function. Standard library only.

Event (all optional): work (size of the CPU work, 10 is some 100 ms), stock_url (a slow server to ask),
then ("hang" or "crash": what happens after the work, to be seen as a timeout or a death).
The answer holds how long each named function ran, by the function's own clock, in milliseconds.
"""
# Heavy on purpose: an import list that grew over the years is what makes cold starts slow.
import asyncio  # noqa: F401
import concurrent.futures  # noqa: F401
import email.message  # noqa: F401
import http.server  # noqa: F401
import json
import multiprocessing.pool  # noqa: F401
import os
import signal
import sqlite3  # noqa: F401
import time
import unittest.mock  # noqa: F401
import urllib.request
import xml.dom.minidom  # noqa: F401


class Timed:
    """Adds the time its block takes to `spent`; a block, not a decorator, adds no frame."""

    def __init__(self, spent, name):
        self.spent, self.name = spent, name

    def __enter__(self):
        self.start = time.perf_counter()

    def __exit__(self, *_):
        self.spent[self.name] = self.spent.get(self.name, 0) + (time.perf_counter() - self.start) * 1000


def handler(event, context):
    spent = {}
    with Timed(spent, "handler"):
        order = parse_order(event, spent)
        total = process_order(order, spent)
        stock = fetch_stock(event.get("stock_url"), spent)
        if event.get("then") == "hang":
            wait_for_payment()
        if event.get("then") == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
    return {"request": context.aws_request_id, "total": total, "stock": stock, "spent_ms": spent}


def parse_order(event, spent):
    with Timed(spent, "parse_order"):
        items = [{"sku": n, "price": 100 + n % 37, "count": 1 + n % 5} for n in range(200)]
        for _ in range(int(event.get("work", 10)) * 4):
            items = json.loads(json.dumps(items))
        return {"items": items, "work": int(event.get("work", 10))}


def process_order(order, spent):
    with Timed(spent, "process_order"):
        total = price_items(order, spent)
        return total + checksum(b"order" * 400, order["work"], spent) % 7


def price_items(order, spent):
    with Timed(spent, "price_items"):
        total = 0
        for _ in range(order["work"] * 150):
            for item in order["items"]:
                total += item["price"] * item["count"]
        return total - apply_discounts(order, spent)


def apply_discounts(order, spent):
    with Timed(spent, "apply_discounts"):
        discount = 0
        for step in range(order["work"] * 120):
            for item in order["items"]:
                discount = (discount + item["price"] * (step % 10)) % 1009
        return discount


def checksum(content, rounds, spent):
    with Timed(spent, "checksum"):
        value = 17
        for _ in range(rounds * 20):
            for byte in content:
                value = (value * 31 + byte) & 0xFFFFFFFF
        return value


def fetch_stock(url, spent):
    with Timed(spent, "fetch_stock"):
        if not url:
            return None
        with urllib.request.urlopen(url) as answer:
            return json.load(answer)


def wait_for_payment():
    time.sleep(3600)
