"""Refunds by Odoo's provider for Stripe, against localstripe (a test tool; GPL, not shipped)."""

import os
import subprocess
import sys
import time

import pytest
import requests

from tools.dev import db as dev_db
from tools.dev import odoo as dev_odoo
from tools.dev import paths
from tools.dev.system import free_port

DATABASE = "ecom_stripe"


@pytest.fixture(scope="module")
def stripe_url():
    pytest.importorskip("localstripe")
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        cwd=paths.LOGS,
    )
    url = f"http://localhost:{port}"
    try:
        for _try in range(100):
            try:
                requests.get(f"{url}/v1/charges", auth=("sk_test_12345", ""), timeout=2)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def test_refunds_through_stripe(ecom_db, stripe_url, monkeypatch):
    monkeypatch.setenv("ECOM_STRIPE_URL", stripe_url)
    dev_db.copy(dev_db.ensure_template(), DATABASE)
    try:
        code, text = dev_odoo.execute(
            DATABASE,
            *("-i", "payment_stripe", "-u", "ecom_aftersales"),
            *("--test-tags", "/ecom_aftersales:TestStripe"),
            f"--http-port={free_port()}",
            log=paths.LOGS / "test-stripe.log",
            check=False,
        )
    finally:
        dev_db.drop(DATABASE)
    assert os.environ["ECOM_STRIPE_URL"] == stripe_url
    tests, failed = dev_odoo.test_counts(text)
    assert not failed and not code, text[-4000:]
    assert tests >= 3
    assert "skipped" not in text
