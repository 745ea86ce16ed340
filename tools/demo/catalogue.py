"""What the demo shops sell. Plain data; prices in US dollars before tax."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import product

FINISH = ("Finish", (("Natural", "NAT"), ("Smoked", "SMK"), ("Black", "BLK")))
SIZE = ("Size", (("S", "S"), ("M", "M"), ("L", "L")))
LIGHT = ("Light", (("Warm 2700 K", "27"), ("Neutral 4000 K", "40")))
COLOUR = ("Colour", (("Moss", "MOS"), ("Sand", "SND"), ("Ink", "INK"), ("Rust", "RST")))
SCENT = ("Scent", (("Cedar", "CED"), ("Fig", "FIG"), ("Tea", "TEA")))

# code, name, name in Chinese, price, weight in kg, kind of goods, attributes
_ROWS = (
    ("LO-LAMP-DESK", "Oak Desk Lamp", "橡木台灯", "89.00", 1.8, "lighting", (FINISH, LIGHT)),
    ("LO-LAMP-FLOOR", "Arc Floor Lamp", "弧形落地灯", "219.00", 7.5, "lighting", (FINISH,)),
    ("LO-LAMP-WALL", "Half Moon Wall Light", "半月壁灯", "74.50", 1.1, "lighting", (LIGHT,)),
    ("LO-LAMP-PEND", "Paper Pendant", "纸艺吊灯", "59.90", 0.9, "lighting", (SIZE,)),
    ("LO-LAMP-NIGHT", "Pebble Night Light", "鹅卵石夜灯", "24.95", 0.3, "lighting", ()),
    ("LO-LAMP-CLIP", "Clip Reading Light", "夹式阅读灯", "29.95", 0.4, "lighting", ()),
    ("LO-BULB-G95", "Globe Bulb G95", "球形灯泡", "12.49", 0.1, "lighting", (LIGHT,)),
    ("LO-BULB-A60", "Filament Bulb A60", "灯丝灯泡", "7.99", 0.1, "lighting", (LIGHT,)),
    ("LO-CORD-LINEN", "Linen Lamp Cord 3 m", "亚麻灯线3米", "16.75", 0.2, "lighting", ()),
    ("LO-DIM-ROTARY", "Rotary Dimmer", "旋钮调光器", "34.00", 0.2, "lighting", ()),
    ("LO-TRAY-OAK", "Oak Serving Tray", "橡木托盘", "42.00", 1.2, "home", (SIZE,)),
    ("LO-BOARD-CUT", "End-Grain Cutting Board", "端纹砧板", "68.00", 2.4, "home", ()),
    ("LO-BOWL-TURN", "Turned Bowl", "车旋木碗", "37.20", 0.7, "home", (FINISH,)),
    ("LO-STOOL-STEP", "Two-Step Stool", "两步凳", "96.00", 4.1, "home", (FINISH,)),
    ("LO-SHELF-PEG", "Peg Shelf", "挂钩层板", "58.00", 2.2, "home", (FINISH,)),
    ("LO-HOOK-SET3", "Coat Hooks, Set of 3", "衣帽钩三件套", "19.99", 0.3, "home", ()),
    ("LO-FRAME-A4", "Picture Frame A4", "A4相框", "21.50", 0.6, "home", ()),
    ("LO-FRAME-A3", "Picture Frame A3", "A3相框", "28.50", 0.9, "home", ()),
    ("LO-CLOCK-WALL", "Quiet Wall Clock", "静音挂钟", "64.00", 1.0, "home", ()),
    ("LO-BOX-DESK", "Desk Organiser", "桌面收纳盒", "33.33", 0.8, "home", ()),
    ("LO-STAND-PHONE", "Phone Stand", "手机支架", "14.00", 0.2, "home", ()),
    ("LO-STAND-LAP", "Laptop Riser", "笔记本支架", "52.00", 1.5, "home", ()),
    ("LO-COAST-SET6", "Coasters, Set of 6", "杯垫六件套", "18.60", 0.4, "home", ()),
    ("LO-BENCH-HALL", "Hall Bench", "玄关长凳", "249.00", 14.0, "home", ()),
    ("LO-THROW-WOOL", "Wool Throw", "羊毛毯", "79.00", 1.1, "textile", (COLOUR,)),
    ("LO-CUSH-LINEN", "Linen Cushion", "亚麻靠垫", "31.00", 0.5, "textile", (COLOUR,)),
    ("LO-APRON", "Workshop Apron", "工装围裙", "39.90", 0.4, "textile", (COLOUR,)),
    ("LO-TOWEL-WAF", "Waffle Towel", "华夫格毛巾", "22.00", 0.4, "textile", (COLOUR,)),
    ("LO-RUG-RUN", "Runner Rug", "走廊地毯", "119.00", 3.6, "textile", ()),
    ("LO-CURT-HALF", "Half Curtain", "半帘", "27.80", 0.5, "textile", ()),
    ("LO-CANDLE", "Soy Candle", "大豆蜡烛", "17.50", 0.4, "care", (SCENT,)),
    ("LO-OIL-WOOD", "Wood Care Oil 250 ml", "木蜡油250毫升", "13.95", 0.3, "care", ()),
    ("LO-SOAP-BAR", "Olive Soap Bar", "橄榄皂", "5.25", 0.1, "care", (SCENT,)),
    ("LO-BRUSH-DUST", "Dust Brush", "除尘刷", "11.10", 0.2, "care", ()),
    ("LO-BOOK-LIGHT", "Book: Living with Light", "书：与光同住", "34.95", 1.0, "book", ()),
    ("LO-BOOK-OAK", "Book: One Oak, Forty Things", "书：一棵橡树", "26.00", 0.8, "book", ()),
    ("LO-CARD-SET12", "Note Cards, Set of 12", "便签卡十二张", "9.80", 0.2, "book", ()),
    ("LO-TOKEN", "Wooden Game Token", "木质游戏币", "0.35", 0.01, "home", ()),
    ("LO-TOOL-SET", "Pocket Tool Set", "口袋工具组", "47.00", 0.9, "home", ()),
    ("LO-VASE-GLASS", "Blown Glass Vase", "吹制玻璃花瓶", "44.40", 1.3, "home", ()),
)

KIT = ("LO-KIT-READ", "Reading Corner Set", "阅读角套装", "129.00", 2.4, "lighting")
# sku and quantity of what the set is made of, where sets are taken apart (module mrp)
KIT_PARTS = (("LO-LAMP-DESK-NAT-27", 1), ("LO-BULB-A60-27", 2), ("LO-BOOK-LIGHT", 1))
SOLD_OUT = ("LO-BENCH-HALL",)  # ordered all the same: deliveries that wait for stock


@dataclass(frozen=True)
class Item:
    """One sellable variant."""

    sku: str
    template: str
    name: str
    name_zh: str
    usd: Decimal
    goods: str

    @property
    def eur(self):
        """Price in euro with VAT, as a marketplace would round it: xx.90 or xx.95."""
        return max(
            (self.usd * Decimal("1.13")).quantize(Decimal(1)) - Decimal("0.05"), Decimal("0.45")
        )

    @property
    def cny(self):
        """Price in yuan with VAT, whole where it is not tiny."""
        price = self.usd * Decimal("7.9")
        return price.quantize(Decimal(1)) if price > 20 else price.quantize(Decimal("0.1"))


def templates():
    """:return: list of (code, name, price, weight, goods, attributes), the set included"""
    rows = [(code, name, price, *rest) for code, name, _zh, price, *rest in _ROWS]
    code, name, _zh, price, weight, goods = KIT
    return [*rows, (code, name, price, weight, goods, ())]


def variants(code, attributes):
    """:return: list of (sku, value names) of a template's variants"""
    result = []
    for values in product(*(values for _name, values in attributes)):
        sku = "-".join([code, *(suffix for _name, suffix in values)])
        result.append((sku, tuple(name for name, _suffix in values)))
    return result


def items():
    """:return: list of every :class:`Item`, in a fixed order"""
    kit = (*KIT, ())
    result = []
    for code, name, name_zh, price, _weight, goods, attributes in (*_ROWS, kit):
        for sku, values in variants(code, attributes):
            suffix = f" ({', '.join(values)})" if values else ""
            result.append(Item(sku, code, name + suffix, name_zh + suffix, Decimal(price), goods))
    return result
