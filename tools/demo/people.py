"""Buyers of the demo shops: invented people at invented addresses. Plain data.

Mail domains are reserved for examples; US numbers lie in the range kept for fiction.
"""

# first name, last name, street, city, zip, state, sales tax in percent
US = (
    ("Maya", "Thornton", "418 Juniper Street", "Austin", "78704", "TX", "8.25"),
    ("Caleb", "Ortega", "92 Mesa Verde Road, Apt 5", "El Paso", "79912", "TX", "8.25"),
    ("Imani", "Brooks", "1507 Pecan Grove", "Houston", "77006", "TX", "8.25"),
    ("Sofia", "Lindqvist", "33 Cannery Row", "Monterey", "93940", "CA", "7.25"),
    ("Dev", "Raman", "720 Folsom Street #12B", "San Francisco", "94107", "CA", "7.25"),
    ("Grace", "O'Malley", "5 Redwood Loop", "Eureka", "95501", "CA", "7.25"),
    ("Hiroshi", "Tanaka", "2211 Sawtelle Boulevard", "Los Angeles", "90064", "CA", "7.25"),
    ("Ruth", "Abernathy", "64 Burnside Lane", "Portland", "97209", "OR", "0"),
    ("Luis", "Zamora", "870 Cascade Avenue", "Bend", "97701", "OR", "0"),
    ("Nora", "Whitfield", "12 Harbor Walk", "Galveston", "77550", "TX", "8.25"),
    ("Theo", "Nguyen", "3049 Almaden Way", "San Jose", "95118", "CA", "7.25"),
    ("Priya", "Kapoor", "1 Civic Plaza, Suite 400", "Dallas", "75201", "TX", "8.25"),
    ("Ben", "Castellano", "77 Vine Hill", "Sonoma", "95476", "CA", "7.25"),
    ("Joanna", "Keller", "640 Mill Creek", "Salem", "97301", "OR", "0"),
    ("Marcus", "Bell", "2900 Lamar Boulevard", "Arlington", "76011", "TX", "8.25"),
    ("Elif", "Demir", "16 Ocean View", "Santa Cruz", "95060", "CA", "7.25"),
)

# first name, last name, street, city, zip, country, VAT in percent, reduced VAT
EU = (
    ("Jörg", "Weißmüller", "Lindenallee 14", "Köln", "50667", "DE", "19", "7"),
    ("Katharina", "Gröning", "Am Alten Speicher 3 b", "Lübeck", "23552", "DE", "19", "7"),
    ("Lars", "Petersen", "Hafenstraße 102", "Kiel", "24103", "DE", "19", "7"),
    ("Ayşe", "Yıldız", "Sonnenallee 211", "Berlin", "12059", "DE", "19", "7"),
    ("Femke", "de Vries", "Prinsengracht 803-II", "Amsterdam", "1017 KB", "NL", "21", "9"),
    ("Daan", "van 't Hof", "Coolsingel 40", "Rotterdam", "3011 AD", "NL", "21", "9"),
    ("Sanne", "Bakker", "Oudegracht 17", "Utrecht", "3511 AB", "NL", "21", "9"),
    ("Ruben", "Smit", "Grote Markt 9", "Groningen", "9712 HN", "NL", "21", "9"),
    ("Mirjam", "Hoekstra", "Wilhelminakade 66", "Rotterdam", "3072 AP", "NL", "21", "9"),
    (
        "Ulrich",
        "Überseer",
        "Kaiserstr. 5, Hinterhaus",
        "Frankfurt am Main",
        "60311",
        "DE",
        "19",
        "7",
    ),
    ("Paula", "Sommerfeld", "Gartenweg 8", "Freiburg", "79098", "DE", "19", "7"),
    ("Thijs", "Jansen", "Vrijthof 31", "Maastricht", "6211 LE", "NL", "21", "9"),
)

# name, province, city, district, street, zip, phone (masked ones come so from the platform)
CN = (
    (
        "王小青",
        "浙江省",
        "杭州市",
        "西湖区",
        "文三路478号华星时代广场A座1203室",
        "310012",
        "+8613800000101",
    ),
    ("李明", "上海市", "上海市", "徐汇区", "漕溪北路18号", "200030", "138****0102"),
    ("张伟", "广东省", "深圳市", "南山区", "科技园南区高新南一道9号", "518057", "+8613800000103"),
    ("陈思远", "北京市", "北京市", "海淀区", "中关村大街27号", "100080", "+8613800000104"),
    ("刘婉婷", "四川省", "成都市", "锦江区", "春熙路南段8号", "610021", "+8613800000105"),
    ("赵子龙", "湖北省", "武汉市", "武昌区", "中北路109号", "430071", "139****0106"),
    ("欧阳晓月", "江苏省", "苏州市", "姑苏区", "平江路61号", "215005", "+8613800000107"),
    ("黄丽华", "福建省", "厦门市", "思明区", "环岛东路1801号", "361008", "+8613800000108"),
    (
        "林建国",
        "广东省",
        "广州市",
        "天河区",
        "体育西路191号中石化大厦B塔",
        "510620",
        "+8613800000109",
    ),
)


def us_buyer(index, *, guest=False):
    """:return: (customer, address, tax rate in percent) of one of the US buyers"""
    first, last, street, city, code, state, rate = US[index % len(US)]
    name = f"{first} {last}"
    mail = f"{first}.{last}".lower().replace("'", "") + "@example.com"
    customer = {"name": name, "email": mail, "language": "en_US"}
    if guest:
        customer["email"] = "guest." + mail
    else:
        customer["external_id"] = f"LO-C{7000 + index % len(US)}"
        customer["phone"] = f"+1 202 555 01{index % len(US):02d}"
    address = {
        "name": name,
        "street": street,
        "city": city,
        "zip": code,
        "state": state,
        "country": "US",
    }
    return customer, address, rate


def eu_buyer(index):
    """:return: (customer, address, VAT rate, reduced rate); the marketplace hides real addresses"""
    first, last, street, city, code, country, rate, reduced = EU[index % len(EU)]
    name = f"{first} {last}"
    customer = {
        "external_id": f"BZ{880000 + 37 * (index % len(EU))}",
        "name": name,
        "email": f"b{880000 + 37 * (index % len(EU))}@buyers.bazaar.example",
    }
    address = {"name": name, "street": street, "city": city, "zip": code, "country": country}
    return customer, address, rate, reduced


def cn_buyer(index):
    """:return: (customer, address)"""
    name, province, city, district, street, code, phone = CN[index % len(CN)]
    customer = {"external_id": f"qm_{61000 + index % len(CN)}", "name": name, "language": "zh_CN"}
    address = {
        "name": name,
        "street": street,
        "district": district,
        "city": city,
        "state": province,
        "zip": code,
        "country": "CN",
        "phone": phone,
    }
    return customer, address
