"""Where countries and their regions lie: rough centres (latitude, longitude) in degrees.

Good enough to tell a near warehouse from a far one. Keys are ISO 3166 country codes, country and
state codes as Odoo writes them (``US-CA``), or country and first digit of the postal code
(``DE#8``).
"""

import math

_EARTH_RADIUS_KM = 6371.0

_COUNTRIES = """
AD 42.5 1.5|AE 24.0 54.0|AF 33.9 67.7|AG 17.1 -61.8|AL 41.1 20.1|AM 40.2 45.0|AO -12.3 17.5
AR -34.6 -62.0|AT 47.6 14.1|AU -31.0 145.0|AZ 40.3 47.7|BA 44.2 17.8|BB 13.2 -59.5|BD 23.8 90.3
BE 50.7 4.6|BF 12.3 -1.7|BG 42.7 25.3|BH 26.0 50.5|BI -3.4 29.9|BJ 9.6 2.3|BN 4.5 114.7
BO -17.0 -65.0|BR -18.0 -47.0|BS 24.7 -77.8|BT 27.4 90.4|BW -22.2 23.8|BY 53.5 28.0|BZ 17.2 -88.7
CA 47.5 -80.0|CD -3.0 23.6|CF 6.6 20.5|CG -0.8 15.2|CH 46.8 8.2|CI 7.6 -5.6|CL -34.0 -71.0
CM 5.7 12.7|CN 32.5 113.0|CO 4.6 -74.1|CR 9.9 -84.1|CU 22.0 -79.5|CV 15.1 -23.6|CY 35.0 33.2
CZ 49.8 15.5|DE 51.1 10.0|DJ 11.7 42.6|DK 55.9 10.5|DM 15.4 -61.4|DO 18.8 -70.2|DZ 35.5 3.0
EC -1.4 -78.8|EE 58.7 25.5|EG 29.8 31.2|ER 15.4 38.9|ES 40.2 -3.6|ET 8.9 39.5|FI 62.0 25.8
FJ -17.8 178.0|FR 46.8 2.5|GA -0.6 11.8|GB 52.8 -1.6|GD 12.1 -61.7|GE 42.0 43.5|GH 7.0 -1.2
GM 13.4 -15.4|GN 10.4 -10.9|GQ 1.6 10.4|GR 38.5 23.3|GT 14.9 -90.7|GW 12.0 -15.0|GY 6.0 -58.6
HK 22.3 114.2|HN 14.7 -86.9|HR 45.4 16.2|HT 18.9 -72.5|HU 47.2 19.4|ID -6.5 108.0|IE 53.2 -7.5
IL 31.9 34.9|IN 21.5 78.5|IQ 33.1 44.1|IR 34.0 52.0|IS 64.5 -20.5|IT 43.2 12.0|JM 18.1 -77.2
JO 31.6 36.3|JP 35.9 138.2|KE -0.7 37.2|KG 41.9 74.2|KH 12.3 104.9|KR 36.6 127.8|KW 29.3 47.8
KZ 47.0 68.0|LA 18.2 103.9|LB 33.9 35.8|LI 47.2 9.5|LK 7.2 80.4|LR 6.5 -9.4|LS -29.5 28.2
LT 55.2 24.0|LU 49.7 6.1|LV 56.9 24.6|LY 31.5 15.0|MA 32.8 -6.8|MC 43.7 7.4|MD 47.1 28.5
ME 42.7 19.3|MG -19.3 46.8|MK 41.6 21.7|ML 14.0 -6.0|MM 20.0 96.0|MN 47.5 105.0|MO 22.2 113.5
MR 18.5 -12.5|MT 35.9 14.4|MU -20.3 57.6|MV 3.7 73.2|MW -13.8 34.0|MX 21.0 -101.0|MY 3.6 102.0
MZ -18.5 35.5|NA -21.8 17.0|NE 14.5 7.5|NG 8.6 7.5|NI 12.7 -85.6|NL 52.2 5.3|NO 60.5 9.5
NP 28.1 84.1|NZ -39.5 174.5|OM 22.3 57.5|PA 8.7 -79.9|PE -10.0 -76.3|PG -6.5 145.0|PH 13.5 122.0
PK 30.5 70.5|PL 51.9 19.1|PR 18.2 -66.4|PS 31.9 35.2|PT 39.7 -8.2|PY -24.5 -57.0|QA 25.3 51.2
RO 45.8 25.0|RS 44.2 20.8|RU 55.5 42.0|RW -2.0 29.9|SA 24.2 45.0|SC -4.7 55.5|SD 15.0 31.5
SE 59.0 15.5|SG 1.4 103.8|SI 46.1 14.8|SK 48.7 19.5|SL 8.5 -11.8|SM 43.9 12.5|SN 14.5 -15.0
SO 4.0 45.5|SR 5.6 -55.2|SS 7.3 30.0|SV 13.8 -88.9|SY 34.9 37.5|SZ -26.5 31.5|TD 12.0 16.5
TG 8.6 0.9|TH 14.5 100.9|TJ 38.6 70.0|TM 38.5 59.0|TN 35.5 9.6|TR 39.5 32.5|TT 10.5 -61.3
TW 24.2 120.9|TZ -6.2 35.5|UA 49.0 31.3|UG 1.0 32.4|US 38.5 -92.0|UY -34.0 -56.0|UZ 40.5 66.5
VA 41.9 12.5|VE 9.5 -67.5|VN 16.0 106.5|XK 42.6 20.9|YE 15.3 45.0|ZA -28.5 27.0|ZM -14.0 27.8
ZW -18.9 29.9
"""

_REGIONS = """
US-AL 32.8 -86.8|US-AK 62.5 -150.0|US-AZ 33.6 -111.9|US-AR 34.9 -92.4|US-CA 35.8 -119.5
US-CO 39.4 -105.1|US-CT 41.5 -72.8|US-DE 39.4 -75.5|US-DC 38.9 -77.0|US-FL 27.9 -81.6
US-GA 33.3 -83.9|US-HI 21.2 -157.6|US-ID 43.8 -115.5|US-IL 41.2 -88.6|US-IN 40.0 -86.2
US-IA 41.9 -93.0|US-KS 38.5 -96.5|US-KY 37.8 -85.4|US-LA 30.6 -91.4|US-ME 44.4 -69.8
US-MD 39.2 -76.8|US-MA 42.3 -71.4|US-MI 42.8 -84.3|US-MN 45.2 -93.6|US-MS 32.6 -89.6
US-MO 38.5 -92.2|US-MT 46.7 -111.0|US-NE 41.2 -97.5|US-NV 37.0 -115.9|US-NH 43.1 -71.5
US-NJ 40.4 -74.4|US-NM 34.8 -106.4|US-NY 41.5 -74.6|US-NC 35.6 -79.4|US-ND 47.4 -99.3
US-OH 40.2 -82.7|US-OK 35.6 -96.9|US-OR 44.8 -122.6|US-PA 40.5 -77.1|US-RI 41.7 -71.5
US-SC 34.0 -81.0|US-SD 44.2 -99.0|US-TN 35.8 -86.4|US-TX 31.0 -97.4|US-UT 40.4 -111.9
US-VT 44.1 -72.8|US-VA 37.8 -78.0|US-WA 47.4 -121.9|US-WV 38.8 -80.8|US-WI 43.7 -89.0
US-WY 42.7 -107.0
CA-AB 52.0 -113.8|CA-BC 49.5 -122.5|CA-MB 50.0 -97.3|CA-NB 46.3 -66.2|CA-NL 48.3 -54.5
CA-NS 44.9 -63.5|CA-NT 62.5 -114.4|CA-NU 64.0 -80.0|CA-ON 43.9 -79.5|CA-PE 46.3 -63.2
CA-QC 46.0 -72.9|CA-SK 51.5 -105.8|CA-YT 60.8 -135.1
CN-BJ 40.0 116.4|CN-TJ 39.2 117.3|CN-HE 38.3 115.5|CN-SX 37.5 112.3|CN-NM 41.5 112.5
CN-LN 41.5 123.0|CN-JL 43.7 126.0|CN-HL 46.5 127.3|CN-SH 31.2 121.5|CN-JS 32.3 119.6
CN-ZJ 29.4 120.4|CN-AH 31.9 117.2|CN-FJ 25.8 118.3|CN-JX 27.8 115.8|CN-SD 36.3 118.2
CN-HA 34.3 113.7|CN-HB 30.9 113.3|CN-HN 27.6 112.2|CN-GD 23.1 113.4|CN-GX 23.4 108.6
CN-HI 19.6 110.0|CN-CQ 29.7 106.9|CN-SC 30.4 104.2|CN-GZ 26.7 106.8|CN-YN 24.9 101.9
CN-XZ 29.7 91.1|CN-SN 34.5 108.7|CN-GS 35.8 104.2|CN-QH 36.6 101.6|CN-NX 37.8 106.2
CN-XJ 43.6 86.0
AU-NSW -33.5 150.5|AU-VIC -37.6 144.9|AU-QLD -26.0 152.3|AU-SA -34.7 138.7|AU-WA -31.9 116.2
AU-TAS -42.2 147.0|AU-NT -13.5 131.5|AU-ACT -35.3 149.1
BR-SP -23.0 -47.0|BR-RJ -22.7 -43.2|BR-MG -19.7 -44.2|BR-RS -29.7 -52.0|BR-PR -25.0 -50.5
BR-SC -27.2 -49.5|BR-BA -13.0 -39.5|BR-PE -8.3 -35.8|BR-CE -4.2 -39.0|BR-DF -15.8 -47.9
BR-GO -16.6 -49.4|BR-PA -2.0 -48.8|BR-AM -3.1 -60.0|BR-ES -20.0 -40.5|BR-MT -15.0 -56.0
IN-MH 19.0 74.5|IN-DL 28.6 77.2|IN-KA 13.8 76.5|IN-TN 11.3 78.5|IN-UP 27.0 80.8
IN-WB 23.2 88.1|IN-GJ 22.6 71.8|IN-TS 17.6 79.0|IN-TG 17.6 79.0|IN-RJ 26.6 74.5
DE#0 51.1 12.9|DE#1 52.9 12.9|DE#2 53.7 9.5|DE#3 51.9 9.8|DE#4 51.6 7.1|DE#5 50.4 7.2
DE#6 49.7 8.5|DE#7 48.5 8.9|DE#8 48.0 11.3|DE#9 49.8 11.2
FR#0 44.2 5.6|FR#1 44.6 2.2|FR#2 47.6 1.2|FR#3 45.0 0.6|FR#4 46.9 1.3|FR#5 49.0 3.6
FR#6 47.0 5.0|FR#7 48.1 2.6|FR#8 47.0 2.6|FR#9 48.8 2.4
IT#0 41.6 12.6|IT#1 44.9 8.2|IT#2 45.5 9.5|IT#3 45.7 11.9|IT#4 44.4 11.2|IT#5 43.5 11.0
IT#6 42.9 13.8|IT#7 40.8 16.6|IT#8 40.2 15.2|IT#9 37.7 14.3
ES#0 41.5 1.0|ES#1 39.5 -4.0|ES#2 40.8 -3.8|ES#3 40.5 -5.5|ES#4 40.6 -2.0|ES#5 41.6 -0.9
"""


def _parse(text):
    places = {}
    for entry in text.replace("\n", "|").split("|"):
        if entry.strip():
            key, latitude, longitude = entry.split()
            places[key] = float(latitude), float(longitude)
    return places


_PLACES = _parse(_COUNTRIES) | _parse(_REGIONS)


def locate(country, state=None, postal_code=None):
    """:return: (latitude, longitude) of the smallest region that is known, or None"""
    country = (country or "").upper()
    for key in (
        f"{country}-{state.upper()}" if state else None,
        f"{country}#{postal_code.strip()[:1]}" if postal_code and postal_code.strip() else None,
        country,
    ):
        if key in _PLACES:
            return _PLACES[key]
    return None


def distance(one, other):
    """:return: kilometres along the earth between two (latitude, longitude), or None where one of
    them is not known

    >>> round(distance((52.5, 13.4), (48.1, 11.6)))
    505
    """
    if not one or not other:
        return None
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, place)) for place in (one, other))
    root = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * _EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(root)))
