"""The demo run: documents in, reserved deliveries out, and a table that proves it.

Safe to repeat and to interrupt: what is stored stays stored, and the same documents again change
nothing.
"""

import base64
import time

from . import orders, report, world

BATCH = 25


def main(env, share=1.0, after_batch=None):
    """Make the demo's world, take in its orders, process them and print what came of it.

    :param share: how many of the ordinary orders (for tests)
    :param after_batch: called after each batch of documents that is stored (for tests)
    :return: 0, or 1 where an order is lost or a total is not the shop's
    """
    channels = world.ensure(env)
    base = world.base_date(env)
    env.cr.commit()
    # The orders come in with the rights of a person, not with those of the system.
    env = env(user=env.ref("base.user_admin"))
    channels = {code: channel.with_env(env) for code, channel in channels.items()}
    streams = orders.build(base, share)
    tally = {code: dict.fromkeys(("received", *report.OUTCOMES), 0) for code in channels}
    notes = []
    started = time.monotonic()
    for code, stream in streams.items():
        take_in(channels[code], stream, tally[code], after_batch)
        notes += take_in_files(channels[code], stream, tally[code])
        take_in_refunds(channels[code], stream)
    stored = time.monotonic()
    processed = dict.fromkeys(("accepted", "confirmed"), 0)
    for channel in channels.values():
        counts = channel.process_orders()
        for outcome in processed:
            processed[outcome] += counts[outcome]
        env.cr.commit()
    done = time.monotonic()
    env.invalidate_all()
    speed = {
        "stored": sum(row["received"] for row in tally.values()) / max(stored - started, 0.001),
        "processed": processed["accepted"] / max(done - stored, 0.001),
        "accepted": processed["accepted"],
        "seconds": done - started,
    }
    good = report.show(env, channels, streams, tally, speed, notes)
    return 0 if good else 1


def take_in(channel, stream, tally, after_batch=None):
    """Hand the documents of one shop to its channel, batch by batch."""
    for start in range(0, len(stream.documents), BATCH):
        results = channel.import_orders(stream.documents[start : start + BATCH])
        channel.env.cr.commit()
        count(tally, results)
        if after_batch:
            after_batch()


def take_in_files(channel, stream, tally):
    """Import the files of one shop. :return: list of notes for the reader"""
    if not stream.files:
        return []
    if not hasattr(channel, "import_file"):
        # Without the connectors there is nobody who reads files: their orders come as documents.
        count(tally, channel.import_orders(stream.filed))
        channel.env.cr.commit()
        return [f"{channel.name}: module ecom_connectors is missing, its file came as documents"]
    notes, imports = [], channel.env["ecom.import"]
    for name, content in stream.files:
        known = imports.search([("channel_id", "=", channel.id), ("file_name", "=", name)])
        known.filtered(lambda record: record.state != "done").unlink()  # of a run that was killed
        result = channel.import_file(name, base64.b64encode(content).decode())
        if known.exists() and result["state"] == "done":
            # The same file again has changed nothing, so it is no import to remember.
            imports.browse(result["import_id"]).unlink()
        channel.env.cr.commit()
        for outcome in report.OUTCOMES:
            tally[outcome] += result[outcome]
            tally["received"] += result[outcome]
        if result["state"] != "done" or result["rejected"]:
            notes.append(f"FAILED: {channel.name}: {name}: {result['message']} {result['errors']}")
    return notes


def take_in_refunds(channel, stream):
    """Hand over the refunds of one shop. They are no orders: the report counts them apart."""
    channel.import_orders(stream.refunds)
    channel.env.cr.commit()


def count(tally, results):
    for result in results:
        tally["received"] += 1
        tally[result["outcome"]] += 1
