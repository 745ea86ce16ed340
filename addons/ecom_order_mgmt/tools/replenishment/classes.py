"""ABC classes by turnover, XYZ classes by regularity, and the service level of each."""

from statistics import fmean, pstdev

ABC_CUTS = (0.8, 0.95)
XYZ_CUTS = (0.5, 1.0)
#: Target share of replenishment cycles without a stock-out: what earns most and is easiest to
#: foresee gets most. Values in use in the field (Silver, Pyke and Thomas, "Inventory and
#: Production Management in Supply Chains", 4th ed., chapter 2).
SERVICE_LEVELS = {
    ("A", "X"): 0.98,
    ("A", "Y"): 0.97,
    ("A", "Z"): 0.95,
    ("B", "X"): 0.96,
    ("B", "Y"): 0.95,
    ("B", "Z"): 0.92,
    ("C", "X"): 0.93,
    ("C", "Y"): 0.90,
    ("C", "Z"): 0.85,
}


def abc(values, cuts=ABC_CUTS):
    """Return ``{item: "A" | "B" | "C"}``: items by falling value, A up to the first share of
    the total. The item that crosses a cut still belongs to the better class; an item without
    value is C.

    >>> abc({"x": 80, "y": 15, "z": 5, "dead": 0})
    {'x': 'A', 'y': 'B', 'z': 'C', 'dead': 'C'}
    """
    total = sum(value for value in values.values() if value > 0)
    classes, running = {}, 0.0
    for item, value in sorted(values.items(), key=lambda pair: (-pair[1], str(pair[0]))):
        share = running / total if total else 1.0
        if value <= 0 or share >= cuts[1]:
            classes[item] = "C"
        else:
            classes[item] = "A" if share < cuts[0] else "B"
        running += max(0.0, value)
    return {item: classes[item] for item in values}


def xyz(history, cuts=XYZ_CUTS):
    """Return X (steady), Y or Z (erratic) by the coefficient of variation of the known periods.

    >>> xyz([10, 11, 9, 10]), xyz([0, 0, 0, 12])
    ('X', 'Z')
    """
    known = [value for value in history if value is not None]
    if not known or fmean(known) <= 0:
        return "Z"
    variation = pstdev(known) / fmean(known)
    return "X" if variation < cuts[0] else "Y" if variation < cuts[1] else "Z"


def service_level(abc_class, xyz_class, table=None):
    """Return the target of a class; ``table`` overrides :data:`SERVICE_LEVELS` partly."""
    return {**SERVICE_LEVELS, **(table or {})}[abc_class, xyz_class]


def service_level_by_margin(unit_margin, unit_cost, holding_rate, cycle_days):
    """Return the service level at which one more piece in stock just pays (newsvendor).

    The margin lost by a missing piece against the cost of holding one for a cycle:
    ``cu / (cu + co)`` (Arrow, Harris and Marschak, 1951). Kept between 50 % and 99.5 %.

    >>> round(service_level_by_margin(4.0, 10.0, 0.25, 30), 3)
    0.951
    """
    over = max(0.0, float(unit_cost)) * holding_rate * cycle_days / 365.0
    under = max(0.0, float(unit_margin))
    if under + over <= 0:
        return 0.5
    return min(0.995, max(0.5, under / (under + over)))
