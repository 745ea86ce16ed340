"""Orders as files: what a shop's back office exports, one row per line. Pure Python.

The marketplace writes a German CSV with semicolons and decimal commas, the shop in yuan a workbook
with Chinese headings. Both say less than a canonical document, but never something else.
"""

import csv
import io
from datetime import datetime

import xlsxwriter

from . import shops

# heading, what of the order or of the line stands below it
MARKET_COLUMNS = (
    ("Bestellnummer", "number"),
    ("Bestelldatum", "placed_at"),
    ("Währung", "currency"),
    ("Kundennummer", "customer_id"),
    ("Kunde", "customer"),
    ("E-Mail", "email"),
    ("Empfänger", "recipient"),
    ("Straße", "street"),
    ("PLZ", "zip"),
    ("Ort", "city"),
    ("Land", "country"),
    ("Artikelnummer", "sku"),
    ("Bezeichnung", "name"),
    ("Menge", "quantity"),
    ("Einzelpreis", "unit_price"),
    ("Rabattbetrag", "discount"),
    ("MwSt %", "rate"),
    ("Versandkosten", "shipping"),
    ("Gesamtrabatt", "order_discount"),
    ("Gesamtbetrag", "total"),
    ("Zahlungsstatus", "payment_state"),
)
QINGMU_COLUMNS = (
    ("订单编号", "number"),
    ("下单时间", "placed_at"),
    ("币种", "currency"),
    ("买家ID", "customer_id"),
    ("买家姓名", "customer"),
    ("收件人", "recipient"),
    ("联系手机", "phone"),
    ("省份", "state"),
    ("城市", "city"),
    ("区", "district"),
    ("收货地址", "street"),
    ("邮编", "zip"),
    ("国家", "country"),
    ("商家编码", "sku"),
    ("商品名称", "name"),
    ("数量", "quantity"),
    ("单价", "unit_price"),
    ("税率", "rate"),
    ("运费", "shipping"),
    ("订单优惠", "order_discount"),
    ("订单金额", "total"),
    ("支付状态", "payment_state"),
    ("买家留言", "message"),
)
NUMBERS = {"quantity", "unit_price", "discount", "rate", "shipping", "order_discount", "total"}


def write(shop, documents):
    """:return: (file name, content) of the shop's export of `documents`"""
    if shop is shops.MARKET:
        return "bazaar-orders.csv", _csv(documents)
    return "qingmu-orders.xlsx", _xlsx(documents)


def _rows(documents, zone):
    for document in documents:
        address, customer = document["shipping_address"], document["customer"]
        lines = document["lines"]
        head = {
            "number": document["number"],
            "placed_at": datetime.fromisoformat(document["placed_at"]).astimezone(zone),
            "currency": document["currency"],
            "customer_id": customer["external_id"],
            "customer": customer["name"],
            "email": customer.get("email", ""),
            "recipient": address["name"],
            **{key: address.get(key, "") for key in ("street", "zip", "city", "state", "country")},
            "district": address.get("district", ""),
            "phone": address.get("phone", ""),
            "shipping": _one(line["unit_price"] for line in lines if _kind(line) == "shipping"),
            "order_discount": _one(
                discount["amount"]
                for discount in document.get("discounts", ())
                if discount.get("borne_by", "shop") == "shop"
            ),
            "total": document["total"],
            "payment_state": "paid",
            "message": document.get("buyer_message", ""),
        }
        for line in lines:
            if _kind(line) == "product":
                rates = [tax["rate"] for tax in line.get("taxes", ())]
                yield head | {
                    "sku": line["sku"],
                    "name": line["name"],
                    "quantity": line["quantity"],
                    "unit_price": line["unit_price"],
                    "discount": line.get("discount", ""),
                    "rate": _one(rates),
                }


def _kind(line):
    return line.get("kind", "product")


def _one(values):
    """:return: the only one of `values`, or an empty text"""
    values = list(values)
    if len(values) > 1:
        raise ValueError(f"a table has one column for {values}")
    return values[0] if values else ""


def _csv(documents):
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerow(heading for heading, _field in MARKET_COLUMNS)
    for row in _rows(documents, shops.MARKET.zone):
        row["placed_at"] = row["placed_at"].strftime("%d.%m.%Y %H:%M")
        writer.writerow(
            row[field].replace(".", ",") if field in NUMBERS else row[field]
            for _heading, field in MARKET_COLUMNS
        )
    return stream.getvalue().encode("utf-8-sig")


def _xlsx(documents):
    stream = io.BytesIO()
    # A fixed time of making: the same orders are the same file, byte for byte.
    book = xlsxwriter.Workbook(
        stream, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}
    )
    book.set_properties({"created": datetime(2026, 1, 1)})
    sheet = book.add_worksheet("订单")
    sheet.write_row(0, 0, [heading for heading, _field in QINGMU_COLUMNS])
    for index, row in enumerate(_rows(documents, shops.QINGMU.zone), start=1):
        for column, (_heading, field) in enumerate(QINGMU_COLUMNS):
            value = row[field]
            if field == "placed_at":
                sheet.write_datetime(index, column, value.replace(tzinfo=None))
            elif field in NUMBERS and value:
                sheet.write_number(index, column, float(value))
            else:
                sheet.write_string(index, column, value)
    book.close()
    return stream.getvalue()
