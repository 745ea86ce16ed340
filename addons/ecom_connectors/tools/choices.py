"""Words that files use for a status, a kind or a currency -> the canonical word."""

import unicodedata

from .columns import CHOICES
from .problems import ValueProblem

_WORDS = {
    "type": {
        "order": "order|sale|invoice|订单|销售|bestellung|auftrag|rechnung",
        "refund": "refund|return|credit|credit note|credit memo|cancellation|退款|退货|gutschrift|"
        "erstattung|retoure|storno",
    },
    "status": {
        "open": "open|new|pending|processing|paid|unpaid|unfulfilled|unshipped|on hold|on-hold|"
        "confirmed|waiting|待发货|待付款|买家已付款|等待卖家发货|等待买家付款|未发货|处理中|"
        "offen|neu|bezahlt|in bearbeitung",
        "cancelled": "cancelled|canceled|void|voided|failed|rejected|已取消|取消|交易关闭|已关闭|"
        "storniert|abgebrochen",
        "completed": "completed|complete|done|shipped|delivered|fulfilled|closed|交易成功|已发货|"
        "卖家已发货|已完成|已签收|abgeschlossen|versandt|versendet|geliefert|erledigt",
    },
    "payment_state": {
        "unpaid": "unpaid|pending|open|not paid|no|未付款|待付款|unbezahlt|offen",
        "authorized": "authorized|authorised|已授权|autorisiert",
        "partially_paid": "partially paid|partially_paid|部分付款|teilweise bezahlt",
        "paid": "paid|completed|captured|yes|已付款|已支付|付款成功|bezahlt",
        "partially_refunded": "partially refunded|部分退款|teilweise erstattet",
        "refunded": "refunded|已退款|全额退款|erstattet",
        "voided": "voided|void|cancelled|canceled|已作废|storniert",
    },
    "line.kind": {
        "product": "product|item|goods|商品|产品|artikel|ware",
        "shipping": "shipping|postage|freight|delivery|运费|邮费|versand|versandkosten|porto",
        "gift_wrap": "gift wrap|gift_wrap|wrapping|包装|geschenkverpackung",
        "fee": "fee|charge|surcharge|手续费|服务费|gebühr",
        "cod_fee": "cod fee|cod_fee|货到付款手续费|nachnahmegebühr",
        "duty": "duty|customs|关税|zoll",
        "tip": "tip|小费|trinkgeld",
        "discount": "discount|coupon|voucher|折扣|优惠|rabatt|gutschein",
        "adjustment": "adjustment|rounding|调整|korrektur|anpassung",
    },
}
_CURRENCIES = {
    "€": "EUR", "£": "GBP", "US$": "USD", "HK$": "HKD", "C$": "CAD", "A$": "AUD", "CN¥": "CNY",
    "RMB": "CNY", "人民币": "CNY", "元": "CNY", "₩": "KRW", "₹": "INR", "EURO": "EUR", "美元": "USD",
    "欧元": "EUR", "英镑": "GBP",
}  # fmt: skip
CASH_ON_DELIVERY = ("cod", "cash on delivery", "cashondelivery", "货到付款", "nachnahme")


def _normalised(text):
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


_BY_WORD = {
    path: {_normalised(word): value for value, words in groups.items() for word in words.split("|")}
    for path, groups in _WORDS.items()
}


def parse_choice(path, text):
    """:raise ValueProblem: not_a_choice, with what is possible"""
    word = _normalised(text)
    value = _BY_WORD[path].get(word) or (word if word in CHOICES[path] else None)
    if value is None:
        raise ValueProblem("not_a_choice", choices=", ".join(CHOICES[path]))
    return value


def parse_currency(text):
    """:raise ValueProblem: currency"""
    code = unicodedata.normalize("NFKC", text).strip().upper()
    code = _CURRENCIES.get(code, code)
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise ValueProblem("currency")
    return code


def is_cash_on_delivery(method):
    return _normalised(method) in CASH_ON_DELIVERY
