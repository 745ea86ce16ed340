"""The three demo shops and the two warehouses. Plain data."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Shop:
    """One demo channel."""

    code: str
    prefix: str  # in front of order numbers
    name: str
    currency: str
    included: bool
    warehouse: str
    tz: str

    @property
    def zone(self):
        return ZoneInfo(self.tz)


WEB = Shop("lumen-oak", "WEB", "Lumen & Oak", "USD", False, "RNO", "America/Los_Angeles")
MARKET = Shop("bazaar-eu", "BAZ", "Bazaar EU", "EUR", True, "RTM", "Europe/Amsterdam")
QINGMU = Shop("qingmu", "QM", "青木生活", "CNY", True, "RNO", "Asia/Shanghai")
SHOPS = (WEB, MARKET, QINGMU)

WAREHOUSES = {
    "RNO": {
        "name": "Reno",
        "address": {
            "name": "Reno Warehouse",
            "street": "4900 Distribution Parkway",
            "city": "Reno",
            "zip": "89506",
            "state": "NV",
            "country": "US",
        },
    },
    "RTM": {
        "name": "Rotterdam",
        "address": {
            "name": "Rotterdam Warehouse",
            "street": "Waalhaven Zuidzijde 21",
            "city": "Rotterdam",
            "zip": "3089 JH",
            "country": "NL",
        },
    },
}

# code, name, percent, included in the price
TAXES = (
    ("us_tx", "Sales tax 8.25%", "8.25", False),
    ("us_ca", "Sales tax 7.25%", "7.25", False),
    ("nl_high", "VAT 21% included", "21", True),
    ("de_high", "VAT 19% included", "19", True),
    ("nl_low", "VAT 9% included", "9", True),
    ("de_low", "VAT 7% included", "7", True),
    ("cn_high", "VAT 13% included", "13", True),
    ("cn_low", "VAT 6% included", "6", True),
)
RATES = {"EUR": "0.92", "CNY": "7.1"}  # units of the currency for one US dollar
