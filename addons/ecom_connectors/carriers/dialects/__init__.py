"""Answers in forms that carriers spoke before their present interfaces: USPS Web Tools, FedEx's SOAP
services, UPS's XML, Canada Post's two XML interfaces, Stamps.com, Shipwire and others.

Brokers and proxies still answer so. karrio reads the present interfaces only: what it cannot read
is tried here. Nothing is raised for any body; what nobody knows is an outcome of its own.
"""

from ..result import Answer, Message
from . import canadapost, fedex, others, ups, usps
from .reading import Reading, document_of, name_of

UNKNOWN = "unknown_dialect"

# Name of the document's element, or the key of a JSON object -> its reader.
READERS = {
    **canadapost.READERS, **fedex.READERS, **others.READERS, **usps.READERS, **ups.READERS,
}  # fmt: skip


def read(body):
    """:param body: bytes or text that a carrier answered
    :return: :class:`Reading`; its `dialect` is None for what nobody knows"""
    document = document_of(body)
    name = name_of(document)
    for reader in READERS.get(name, ()):
        try:
            reading = reader(document)
        except Exception as error:  # noqa: BLE001 - nothing escapes: half a document is an outcome
            return _unknown(f"{name}: {type(error).__name__}: {error}"[:300])
        if reading:
            return reading
    return _unknown(name or "neither XML nor JSON")


def _unknown(what):
    return Reading(None, "unknown", Answer((), (Message(UNKNOWN, what),), "unknown"))
