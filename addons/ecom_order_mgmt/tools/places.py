"""Where places are, for small maps: larger cities and logistics hubs, else the country. Pure.

Rounded to a tenth of a degree: enough for a sketch of a route, no address can be told from it.
"""

import functools
import re
import unicodedata

# City, country, latitude, longitude.
_CITIES = """
Berlin DE 52.5 13.4|Hamburg DE 53.6 10.0|Munich DE 48.1 11.6|Muenchen DE 48.1 11.6|Cologne DE 50.9 7.0
Koeln DE 50.9 7.0|Frankfurt DE 50.1 8.7|Leipzig DE 51.3 12.4|Halle DE 51.5 12.0|Bonn DE 50.7 7.1
Dortmund DE 51.5 7.5|Essen DE 51.5 7.0|Duesseldorf DE 51.2 6.8|Hanover DE 52.4 9.7|Hannover DE 52.4 9.7
Bremen DE 53.1 8.8|Nuremberg DE 49.5 11.1|Nuernberg DE 49.5 11.1|Stuttgart DE 48.8 9.2|Dresden DE 51.1 13.7
Kassel DE 51.3 9.5|Mannheim DE 49.5 8.5|Freiburg DE 48.0 7.8|Rostock DE 54.1 12.1|Erfurt DE 51.0 11.0
Ruedersdorf DE 52.5 13.8|Boernicke DE 52.6 12.9|Neustrelitz DE 53.4 13.1|Krefeld DE 51.3 6.6|Aschaffenburg DE 50.0 9.1
Paris FR 48.9 2.4|Lyon FR 45.8 4.8|Marseille FR 43.3 5.4|Lille FR 50.6 3.1|Bordeaux FR 44.8 -0.6
Toulouse FR 43.6 1.4|Nantes FR 47.2 -1.6|Strasbourg FR 48.6 7.7|Nice FR 43.7 7.3|Rennes FR 48.1 -1.7
Orleans FR 47.9 1.9|Montpellier FR 43.6 3.9|Roissy FR 49.0 2.5|London GB 51.5 -0.1|Manchester GB 53.5 -2.2
Birmingham GB 52.5 -1.9|Glasgow GB 55.9 -4.3|Edinburgh GB 56.0 -3.2|Leeds GB 53.8 -1.5|Bristol GB 51.5 -2.6
Liverpool GB 53.4 -3.0|Cardiff GB 51.5 -3.2|Belfast GB 54.6 -5.9|Coventry GB 52.4 -1.5|Dublin IE 53.3 -6.3
Cork IE 51.9 -8.5|Madrid ES 40.4 -3.7|Barcelona ES 41.4 2.2|Valencia ES 39.5 -0.4|Seville ES 37.4 -6.0
Zaragoza ES 41.7 -0.9|Bilbao ES 43.3 -2.9|Lisbon PT 38.7 -9.1|Porto PT 41.2 -8.6|Rome IT 41.9 12.5
Milan IT 45.5 9.2|Turin IT 45.1 7.7|Naples IT 40.9 14.3|Bologna IT 44.5 11.3|Florence IT 43.8 11.3
Venice IT 45.4 12.3|Bergamo IT 45.7 9.7|Palermo IT 38.1 13.4|Amsterdam NL 52.4 4.9|Rotterdam NL 51.9 4.5
Utrecht NL 52.1 5.1|Eindhoven NL 51.4 5.5|Tilburg NL 51.6 5.1|Venlo NL 51.4 6.2|Brussels BE 50.9 4.4
Antwerp BE 51.2 4.4|Liege BE 50.6 5.6|Ghent BE 51.1 3.7|Luxembourg LU 49.6 6.1|Vienna AT 48.2 16.4
Wien AT 48.2 16.4|Graz AT 47.1 15.4|Linz AT 48.3 14.3|Salzburg AT 47.8 13.0|Zurich CH 47.4 8.5
Geneva CH 46.2 6.1|Basel CH 47.6 7.6|Bern CH 46.9 7.4|Warsaw PL 52.2 21.0|Krakow PL 50.1 19.9
Poznan PL 52.4 16.9|Wroclaw PL 51.1 17.0|Gdansk PL 54.4 18.6|Lodz PL 51.8 19.5|Prague CZ 50.1 14.4
Brno CZ 49.2 16.6|Bratislava SK 48.1 17.1|Budapest HU 47.5 19.0|Bucharest RO 44.4 26.1|Sofia BG 42.7 23.3
Athens GR 38.0 23.7|Zagreb HR 45.8 16.0|Ljubljana SI 46.1 14.5|Belgrade RS 44.8 20.5|Copenhagen DK 55.7 12.6
Aarhus DK 56.2 10.2|Stockholm SE 59.3 18.1|Gothenburg SE 57.7 12.0|Malmo SE 55.6 13.0|Oslo NO 59.9 10.8
Bergen NO 60.4 5.3|Helsinki FI 60.2 24.9|Tallinn EE 59.4 24.8|Riga LV 56.9 24.1|Vilnius LT 54.7 25.3
Kyiv UA 50.5 30.5|Moscow RU 55.8 37.6|Istanbul TR 41.0 29.0|Ankara TR 39.9 32.9|Dubai AE 25.3 55.3
Tel Aviv IL 32.1 34.8|Riyadh SA 24.7 46.7|Cairo EG 30.0 31.2|Johannesburg ZA -26.2 28.0|Cape Town ZA -33.9 18.4
Nairobi KE -1.3 36.8|Lagos NG 6.5 3.4|Casablanca MA 33.6 -7.6|New York US 40.7 -74.0|Newark US 40.7 -74.2
Brooklyn US 40.7 -73.9|Jamaica US 40.7 -73.8|Boston US 42.4 -71.1|Philadelphia US 40.0 -75.2|Baltimore US 39.3 -76.6
Washington US 38.9 -77.0|Atlanta US 33.7 -84.4|Miami US 25.8 -80.2|Orlando US 28.5 -81.4|Tampa US 28.0 -82.5
Jacksonville US 30.3 -81.7|Charlotte US 35.2 -80.8|Nashville US 36.2 -86.8|Memphis US 35.1 -90.0|Louisville US 38.3 -85.8
Indianapolis US 39.8 -86.2|Cincinnati US 39.1 -84.5|Columbus US 40.0 -83.0|Cleveland US 41.5 -81.7|Detroit US 42.3 -83.0
Chicago US 41.9 -87.6|Milwaukee US 43.0 -87.9|Minneapolis US 45.0 -93.3|Saint Louis US 38.6 -90.2|Kansas City US 39.1 -94.6
Dallas US 32.8 -96.8|Fort Worth US 32.8 -97.3|Houston US 29.8 -95.4|Austin US 30.3 -97.7|San Antonio US 29.4 -98.5
New Orleans US 30.0 -90.1|Denver US 39.7 -105.0|Salt Lake City US 40.8 -111.9|Phoenix US 33.4 -112.1|Las Vegas US 36.2 -115.1
Los Angeles US 34.1 -118.2|Beverly Hills US 34.1 -118.4|San Diego US 32.7 -117.2|Oakland US 37.8 -122.3|Berkeley US 37.9 -122.3
San Francisco US 37.8 -122.4|San Jose US 37.3 -121.9|Sacramento US 38.6 -121.5|Portland US 45.5 -122.7|Seattle US 47.6 -122.3
Anchorage US 61.2 -149.9|Honolulu US 21.3 -157.9|Charleston US 32.8 -79.9|Pittsburgh US 40.4 -80.0|Hartford US 41.8 -72.7
Toronto CA 43.7 -79.4|Mississauga CA 43.6 -79.6|Montreal CA 45.5 -73.6|Ottawa CA 45.4 -75.7|Vancouver CA 49.3 -123.1
Calgary CA 51.0 -114.1|Edmonton CA 53.5 -113.5|Winnipeg CA 49.9 -97.1|Quebec CA 46.8 -71.2|Halifax CA 44.6 -63.6
Moncton CA 46.1 -64.8|Mexico City MX 19.4 -99.1|Monterrey MX 25.7 -100.3|Guadalajara MX 20.7 -103.3|Sao Paulo BR -23.6 -46.6
Rio de Janeiro BR -22.9 -43.2|Brasilia BR -15.8 -47.9|Curitiba BR -25.4 -49.3|Buenos Aires AR -34.6 -58.4|Santiago CL -33.4 -70.7
Bogota CO 4.7 -74.1|Lima PE -12.0 -77.0|Beijing CN 39.9 116.4|Shanghai CN 31.2 121.5|Guangzhou CN 23.1 113.3
Shenzhen CN 22.5 114.1|Hangzhou CN 30.3 120.2|Yiwu CN 29.3 120.1|Ningbo CN 29.9 121.6|Nanjing CN 32.1 118.8
Suzhou CN 31.3 120.6|Wuhan CN 30.6 114.3|Chengdu CN 30.7 104.1|Chongqing CN 29.6 106.6|Xian CN 34.3 108.9
Tianjin CN 39.1 117.2|Zhengzhou CN 34.7 113.6|Xiamen CN 24.5 118.1|Dongguan CN 23.0 113.7|Qingdao CN 36.1 120.4
Ganzhou CN 25.8 114.9|Changsha CN 28.2 113.0|北京 CN 39.9 116.4|上海 CN 31.2 121.5|广州 CN 23.1 113.3
深圳 CN 22.5 114.1|杭州 CN 30.3 120.2|义乌 CN 29.3 120.1|宁波 CN 29.9 121.6|南京 CN 32.1 118.8
苏州 CN 31.3 120.6|武汉 CN 30.6 114.3|成都 CN 30.7 104.1|重庆 CN 29.6 106.6|西安 CN 34.3 108.9
天津 CN 39.1 117.2|郑州 CN 34.7 113.6|厦门 CN 24.5 118.1|东莞 CN 23.0 113.7|青岛 CN 36.1 120.4
赣州 CN 25.8 114.9|长沙 CN 28.2 113.0|合肥 CN 31.8 117.2|济南 CN 36.7 117.0|福州 CN 26.1 119.3
Hong Kong HK 22.3 114.2|Taipei TW 25.0 121.6|Tokyo JP 35.7 139.7|Osaka JP 34.7 135.5|Nagoya JP 35.2 136.9
Seoul KR 37.6 127.0|Incheon KR 37.5 126.7|Singapore SG 1.4 103.8|Kuala Lumpur MY 3.1 101.7|Bangkok TH 13.8 100.5
Hanoi VN 21.0 105.8|Ho Chi Minh City VN 10.8 106.7|Manila PH 14.6 121.0|Jakarta ID -6.2 106.8|Mumbai IN 19.1 72.9
Delhi IN 28.7 77.1|New Delhi IN 28.6 77.2|Bangalore IN 13.0 77.6|Chennai IN 13.1 80.3|Karachi PK 24.9 67.0
Sydney AU -33.9 151.2|Melbourne AU -37.8 145.0|Brisbane AU -27.5 153.0|Perth AU -32.0 115.9|Adelaide AU -34.9 138.6
Auckland NZ -36.8 174.8|Wellington NZ -41.3 174.8|Christchurch NZ -43.5 172.6
"""

_COUNTRIES = (
    "AE 24 54|AR -38 -64|AT 47.5 14.5|AU -25 134|BE 50.8 4.5|BG 42.8 25.5|BR -10 -53|CA 56 -96|CH 46.8 8.2|CL -33 -71"
    "|CN 35 104|CO 4 -73|CY 35.1 33.2|CZ 49.8 15.5|DE 51.2 10.4|DK 56 10|EE 58.7 25.5|EG 27 30|ES 40.2 -3.6|FI 63 26"
    "|FR 46.6 2.5|GB 54 -2.5|GR 39 22|HK 22.3 114.2|HR 45.2 15.5|HU 47.2 19.4|ID -2 118|IE 53.2 -8|IL 31.4 35|IN 22 79"
    "|IS 65 -18.5|IT 42.8 12.8|JP 36.5 138|KE 0.5 38|KR 36.4 127.8|LT 55.3 23.9|LU 49.8 6.1|LV 56.9 24.9|MA 32 -6"
    "|MT 35.9 14.4|MX 23.6 -102.5|MY 4 102|NG 9 8|NL 52.2 5.4|NO 62 10|NZ -41.5 172.8|PE -9 -75|PH 12.5 122.5|PK 30 69"
    "|PL 52.1 19.4|PT 39.6 -8|RO 45.9 25|RS 44 21|RU 58 60|SA 24 45|SE 62 16|SG 1.4 103.8|SI 46.1 14.8|SK 48.7 19.5"
    "|TH 15 101|TR 39 35|TW 23.7 121|UA 49 31.4|US 39.5 -98.5|VN 16 107.5|ZA -29 25"
)


def plain(name):
    """:return: name of a place as it is compared: no accents, case, punctuation"""
    text = unicodedata.normalize("NFKD", name or "")
    text = "".join(char for char in text if not unicodedata.combining(char)).casefold()
    return re.sub(r"[\W_]+", " ", text).strip()


def _read():
    cities = {}
    for item in _CITIES.replace("\n", "|").split("|"):
        if item:
            name, country, latitude, longitude = item.rsplit(" ", 3)
            cities[plain(name), country] = (float(latitude), float(longitude))
    countries = {}
    for item in _COUNTRIES.split("|"):
        country, latitude, longitude = item.split()
        countries[country] = (float(latitude), float(longitude))
    return cities, countries


CITIES, COUNTRIES = _read()
_BY_NAME = {}
for (_name, _country), _point in CITIES.items():
    # A name in two countries tells nothing without the country.
    _BY_NAME[_name] = None if _name in _BY_NAME else _point


@functools.lru_cache(maxsize=4096)
def locate(city, country=""):
    """:return: ((latitude, longitude), whether the city itself was found) or (None, False)"""
    name, country = plain(city), (country or "").upper()
    if name:
        for candidate in dict.fromkeys((name, name.removesuffix("市"), name.split(" ")[0])):
            point = CITIES.get((candidate, country))
            if point is None and not country:
                point = _BY_NAME.get(candidate)
            if point:
                return point, True
    return COUNTRIES.get(country), False
