"""May this buyer return that, until when and how? A pure decision, with its reasons."""

from dataclasses import dataclass, field

# What a policy may look at: (key of the policy, key of the facts, how they must meet)
_CONDITIONS = (
    ("channels", "channel", "in"),
    ("countries", "country", "in"),
    ("reasons", "reason", "in"),
    ("product_tags", "product_tags", "meet"),
    ("partner_tags", "partner_tags", "meet"),
)


@dataclass
class Verdict:
    """:param policy: the policy dict that decided, or None
    :param allowed: may the case be approved?
    :param automatic: may it be approved without a person?
    :param reasons: sentence keys with their values, in the order they were found
    :param rejected: [(policy name, reason key)] of the policies that do not fit
    """

    policy: dict | None = None
    allowed: bool = False
    automatic: bool = False
    reasons: list = field(default_factory=list)
    rejected: list = field(default_factory=list)


def fits(policy, facts):
    """:return: key of the first condition that the facts do not meet, or None"""
    for key, fact, how in _CONDITIONS:
        allowed, value = policy.get(key), facts.get(fact)
        if not allowed:
            continue
        if how == "in" and value not in allowed:
            return key
        if how == "meet" and not set(allowed) & set(value or ()):
            return key
    value = facts.get("value") or 0
    if policy.get("value_min") and value < policy["value_min"]:
        return "value_min"
    if policy.get("value_max") and value > policy["value_max"]:
        return "value_max"
    return None


def decide(policies, facts):
    """The first policy (they come sorted) whose conditions are met decides.

    :param policies: dicts: `name`; conditions `channels, countries, reasons, product_tags,
        partner_tags` (empty: any), `value_min, value_max`; `windows` {resolution: days, None for
        not offered}; `max_cases`; `auto_approve`, `auto_value_max`
    :param dict facts: `resolution, channel, country, reason, product_tags, partner_tags, value,
        cases, shipped, days` (whole days since delivery, None where it is not delivered)
    :return: Verdict
    """
    verdict = Verdict()
    for policy in policies:
        wrong = fits(policy, facts)
        if wrong:
            verdict.rejected.append((policy["name"], wrong))
            continue
        verdict.policy = policy
        break
    else:
        verdict.reasons.append(("no_policy", {}))
        return verdict
    policy = verdict.policy
    window = policy["windows"].get(facts["resolution"])
    days = facts.get("days")
    if not facts.get("shipped"):
        verdict.allowed = True
        verdict.reasons.append(("not_shipped", {}))
    elif window is None:
        verdict.reasons.append(("not_offered", {}))
    elif days is None:
        verdict.allowed = True
        verdict.reasons.append(("not_delivered", {"window": window}))
    elif days > window:
        verdict.reasons.append(("too_late", {"days": days, "window": window}))
    else:
        verdict.allowed = True
        verdict.reasons.append(("in_time", {"days": days, "window": window}))
    if verdict.allowed and policy.get("max_cases") and facts["cases"] >= policy["max_cases"]:
        verdict.allowed = False
        verdict.reasons.append(("too_many", {"cases": facts["cases"], "max": policy["max_cases"]}))
    if verdict.allowed:
        verdict.automatic = bool(policy.get("auto_approve"))
        limit = policy.get("auto_value_max")
        if verdict.automatic and limit and (facts.get("value") or 0) > limit:
            verdict.automatic = False
            verdict.reasons.append(("too_dear", {"value": facts["value"], "max": limit}))
    return verdict
