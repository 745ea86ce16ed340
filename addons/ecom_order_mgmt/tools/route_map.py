"""A parcel's way as a small drawing: numbers for an inline SVG, no outside calls. Pure."""

import math
from typing import NamedTuple

WIDTH, HEIGHT, MARGIN = 640, 260, 42


class Stop(NamedTuple):
    """One place of a route, oldest first."""

    label: str
    latitude: float | None = None
    longitude: float | None = None


def merge_stops(stops):
    """:return: stops without repetitions of the place before"""
    merged = []
    for stop in stops:
        if not merged or (stop.label, stop[1:]) != (merged[-1].label, merged[-1][1:]):
            merged.append(stop)
    return merged


def draw(stops):
    """:return: dict: width, height, `points` (x, y, label, anchor, last), `lines` (curves from
    place to place as SVG paths), `grid` (x1, y1, x2, y2); or None: less than two places that
    anybody could find on a map"""
    known = [stop for stop in merge_stops(stops) if stop.latitude is not None]
    places = {(stop.latitude, stop.longitude) for stop in known}
    if len(places) < 2:
        return None
    project, grid = _projection(places)
    points, seen = [], {}
    for stop in known:
        x, y = project(stop.latitude, stop.longitude)
        key = (round(x), round(y))
        if key not in seen:
            seen[key] = len(points)
            points.append(
                {
                    "x": round(x, 1),
                    "y": round(y, 1),
                    "label": stop.label,
                    "anchor": _anchor(x),
                    "dx": {"start": 10, "middle": 0, "end": -10}[_anchor(x)],
                    "last": False,
                }
            )
    way = [seen[tuple(map(round, project(s.latitude, s.longitude)))] for s in known]
    points[way[-1]]["last"] = True
    _place_labels(points)
    lines = [_curve(points[a], points[b]) for a, b in zip(way, way[1:], strict=False) if a != b]
    return {"width": WIDTH, "height": HEIGHT, "points": points, "lines": lines, "grid": grid}


def _projection(places):
    latitudes = [math.radians(latitude) for latitude, _longitude in places]
    longitudes = _unwrap([longitude for _latitude, longitude in places])
    shift = min(longitudes.values())

    def mercator(latitude):
        latitude = max(-1.48, min(1.48, latitude))
        return math.log(math.tan(math.pi / 4 + latitude / 2))

    ys = [mercator(latitude) for latitude in latitudes]
    xs = [math.radians(longitude - shift) for longitude in longitudes.values()]
    span_x, span_y = max(max(xs), 1e-4), max(max(ys) - min(ys), 1e-4)
    scale = min((WIDTH - 2 * MARGIN) / span_x, (HEIGHT - 2 * MARGIN) / span_y)
    left = (WIDTH - span_x * scale) / 2
    top = (HEIGHT - (max(ys) - min(ys)) * scale) / 2

    def project(latitude, longitude):
        x = left + math.radians(longitudes[longitude] - shift) * scale
        return x, top + (max(ys) - mercator(math.radians(latitude))) * scale

    degrees = math.degrees((WIDTH - 2 * MARGIN) / scale)
    step = next((s for s in (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30) if degrees / s <= 8), 45)
    pixels = math.radians(step) * scale
    offset = left % pixels
    grid = [
        (round(x, 1), 0, round(x, 1), HEIGHT)
        for x in (offset + pixels * i for i in range(int(WIDTH / pixels) + 1))
    ]
    grid += [
        (0, round(y, 1), WIDTH, round(y, 1))
        for y in (top % pixels + pixels * i for i in range(int(HEIGHT / pixels) + 1))
    ]
    return project, grid


def _unwrap(longitudes):
    """Across the date line the short way: {longitude: longitude that may exceed 180}."""
    low, high = min(longitudes), max(longitudes)
    if high - low <= 180:
        return {value: value for value in longitudes}
    return {value: value + 360 if value < 0 else value for value in longitudes}


def _anchor(x):
    if x < WIDTH * 0.3:
        return "start"
    return "end" if x > WIDTH * 0.7 else "middle"


def _place_labels(points):
    """Labels above or below their dot, so that near ones do not lie on each other."""
    taken = []
    for point in sorted(points, key=lambda point: not point["last"]):
        width = 7 * len(point["label"]) + 4
        start = point["x"] + point["dx"]
        start -= {"start": 0, "middle": width / 2, "end": width}[point["anchor"]]
        options = (-12, 22, -28, 38)
        for dy in options:
            box = (start, point["y"] + dy - 12, start + width, point["y"] + dy + 3)
            inside = box[1] > 0 and box[3] < HEIGHT
            if inside and not any(_overlap(box, other) for other in taken):
                point["dy"], point["show"] = dy, True
                taken.append(box)
                break
        else:
            # Too crowded: the list beside the map names it.
            point["dy"], point["show"] = options[0], False


def _overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _curve(start, end):
    mid_x, mid_y = (start["x"] + end["x"]) / 2, (start["y"] + end["y"]) / 2
    lift = min(40, math.hypot(end["x"] - start["x"], end["y"] - start["y"]) / 5)
    control_y = max(6, mid_y - lift)
    return f"M{start['x']} {start['y']} Q{mid_x:.1f} {control_y:.1f} {end['x']} {end['y']}"
