"""The optional glue to OCA's queue_job: its tests on a database of their own.

queue_job is no part of this project. To run this, unpack its wheel somewhere and name the folder
that holds `queue_job`:

    pip download --no-deps odoo-addon-queue_job==19.0.2.4.0.1 && unzip odoo_addon_queue_job-*.whl -d /tmp/qj
    pip install --target /tmp/qj/lib openupgradelib
    ECOM_QUEUE_JOB=/tmp/qj/odoo/addons ECOM_HEAVY=1 .odoo/venv/bin/python -m pytest tests/test_queue_job.py -p no:odoo
"""

import os
from pathlib import Path

import pytest

from tools.dev import db as dev_db
from tools.dev import odoo as dev_odoo
from tools.dev import paths

FOLDER = os.environ.get("ECOM_QUEUE_JOB")
DATABASE = "ecom_queue_job_test"


def test_orders_run_as_jobs(monkeypatch):
    if not FOLDER or not (Path(FOLDER) / "queue_job" / "__manifest__.py").is_file():
        pytest.skip("OCA's queue_job is not here (variable ECOM_QUEUE_JOB); see this file")
    template = dev_db.ensure_template()
    monkeypatch.setenv("PYTHONPATH", str(Path(FOLDER).parents[1] / "lib"))
    log = paths.LOGS / "queue-job.log"
    try:
        dev_db.copy(template, DATABASE)
        code, text = dev_odoo.execute(
            DATABASE,
            f"--addons-path={dev_odoo.addons_path()},{FOLDER}",
            "-i",
            "ecom_queue_job",
            "--test-tags",
            "/ecom_queue_job",
            log=log,
            check=False,
        )
    finally:
        dev_db.drop(DATABASE)
    counts = dev_odoo.test_counts(text)
    assert counts, text[-3000:]
    assert counts[0] >= 7
    assert not counts[1], text[-8000:]
    assert not code
