"""Stock for Amazon's listings, one by one or as a file of many (JSON_LISTINGS_FEED). Pure functions."""

import gzip
import json
import zlib

from ..base import as_list, ident
from ..base import listing as base_listing

TYPE = "JSON_LISTINGS_FEED"
CONTENT_TYPE = "application/json; charset=UTF-8"
OPEN = ("IN_QUEUE", "IN_PROGRESS")
_LIMIT = 64 * 1024 * 1024


def listing(item):
    """:param item: of searchListingsItems. What Amazon keeps in its own warehouses shows no stock of
    ours: told one, it would become a listing that the seller ships."""
    summary = next((s for s in as_list(item.get("summaries")) if isinstance(s, dict)), {})
    places = [p for p in as_list(item.get("fulfillmentAvailability")) if isinstance(p, dict)]
    codes = [str(p.get("fulfillmentChannelCode") or "") for p in places]
    ours = [p.get("quantity") for p in places if p.get("fulfillmentChannelCode") == "DEFAULT"]
    kept = any(code.startswith("AMAZON") for code in codes)
    return base_listing(
        item["sku"], listing_id=item["sku"], name=summary.get("itemName"),
        quantity=None if kept or not ours else ours[0] or 0,
        asin=ident(summary.get("asin")), kept_by_platform=kept or None,
    )  # fmt: skip


def patch(quantity):
    """:return: change of one listing"""
    value = [{"fulfillment_channel_code": "DEFAULT", "quantity": quantity}]
    return {
        "productType": "PRODUCT",
        "patches": [{"op": "replace", "path": "/attributes/fulfillment_availability", "value": value}],
    }


def document(seller, items):
    """:return: bytes of the file. A message bears its place among the items, from 1 on."""
    messages = [
        {"messageId": number, "sku": item["key"], "operationType": "PATCH", **patch(item["quantity"])}
        for number, item in enumerate(items, start=1)
    ]
    content = {"header": {"sellerId": seller, "version": "2.0", "issueLocale": "en_US"}, "messages": messages}
    return json.dumps(content, ensure_ascii=False).encode()


def unpack(content, compression=None):
    """:raise ValueError: it is not packed as it says, or is larger than any report"""
    if not compression:
        return content
    if compression != "GZIP":
        raise ValueError(f"unknown compression {compression}")
    try:
        machine = zlib.decompressobj(wbits=31)
        content = machine.decompress(content, _LIMIT)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ValueError(str(error)) from None
    if machine.unconsumed_tail:
        raise ValueError("the report is too large")
    return content


def answers(report, items):
    """:param report: what Amazon says of the file
    :return: {key: None where it was taken, else why not}
    :raise ValueError: the report speaks of the file as a whole, or of none
    """
    if not isinstance(report, dict) or not isinstance(report.get("summary"), dict):
        raise ValueError("no processing report")
    errors, general = {}, []
    for issue in as_list(report.get("issues")):
        if not isinstance(issue, dict) or issue.get("severity") != "ERROR":
            continue
        number, said = issue.get("messageId"), str(issue.get("message") or issue.get("code") or "?")
        if isinstance(number, int) and 1 <= number <= len(items):
            errors.setdefault(items[number - 1]["key"], []).append(said)
        else:
            general.append(said)
    accepted = report["summary"].get("messagesAccepted")
    if general and not errors and not accepted:
        raise ValueError("; ".join(general)[:500])
    result = {item["key"]: None for item in items}
    result.update({key: "; ".join(said) for key, said in errors.items()})
    return result
