"""Print agent: fetches bought labels from Odoo and prints them. One file, no library.

    ECOM_KEY=... python3 print_agent.py --url https://erp.example.com --warehouse WH \\
        --label-printer zebra --paper-printer office

Runs on any computer that can print with CUPS (``lp``). The key is an API key of a user with
warehouse rights (Preferences → Security → New API Key); the warehouse must be set to "Labels are
printed by a print agent". What was printed is reported; what was not is given out again.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request

RAW = ("zpl", "epl")


def call(url, key, method, timeout=30, **params):
    request = urllib.request.Request(
        f"{url.rstrip('/')}/json/2/ecom.label/{method}",
        data=json.dumps(params).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return json.load(answer)


def command_of(document, label_printer, paper_printer):
    """:return: the command that prints a document from its standard input"""
    on_label = document["kind"] == "label" or document["format"] in RAW
    printer = label_printer if on_label else paper_printer or label_printer
    line = ["lp", "-s", "-t", document["name"]]
    if printer:
        line += ["-d", printer]
    if document["format"] in RAW:
        line += ["-o", "raw"]
    return [*line, "--", "-"]


def print_job(job, label_printer, paper_printer, run=subprocess.run):
    """:return: None, or what went wrong"""
    for document in job["documents"]:
        done = run(
            command_of(document, label_printer, paper_printer),
            input=base64.b64decode(document["data"]),
            capture_output=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            return done.stderr.decode(errors="replace").strip() or f"lp: {done.returncode}"
    return None


def serve_once(options, key, run=subprocess.run):
    """Fetch, print and report what there is. :return: how many labels were printed"""
    printed = 0
    params = {"warehouse": options.warehouse} if options.warehouse else {}
    for job in call(options.url, key, "fetch_print_jobs", **params):
        try:
            error = print_job(job, options.label_printer, options.paper_printer, run)
        except (OSError, subprocess.SubprocessError) as problem:
            error = str(problem)
        report = {"ids": [job["id"]]} | ({"error": error} if error else {})
        call(options.url, key, "report_printed", **report)
        printed += not error
        print(f"{job['key']} {job['shipment']}: {error or 'printed'}", flush=True)
    return printed


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True, help="address of Odoo")
    parser.add_argument("--warehouse", help="short name of the warehouse; default: all")
    parser.add_argument("--label-printer", help="CUPS name; default: the default printer")
    parser.add_argument("--paper-printer", help="for invoices and customs papers")
    parser.add_argument("--every", type=float, default=3, help="seconds between questions")
    parser.add_argument("--once", action="store_true")
    options = parser.parse_args(argv)
    key = os.environ.get("ECOM_KEY")
    if not key:
        sys.exit("Set ECOM_KEY to the API key.")
    while True:
        try:
            serve_once(options, key)
        except (OSError, ValueError, urllib.error.URLError) as error:
            # The line may be down for a while; nothing is lost, the queue waits.
            print(f"cannot ask Odoo: {error}", file=sys.stderr, flush=True)
            if options.once:
                return 1
        if options.once:
            return 0
        time.sleep(options.every)


if __name__ == "__main__":
    sys.exit(main())
