"""What a carrier wrote, made fit for a page that anybody with the link can read. Pure."""

import re

_PHONE = re.compile(r"(?<![\w-])(?!\d{4}-\d\d-\d\d\b)\+?\(?\d[\d*()/ .-]{5,}[\d*]\)?(?![\w-])")
_MAIL = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.]+\b")
# "Signed by: J. SMITH", "签收人：保安室", "快递员 刘**".
_SIGNED = re.compile(
    r"(\b(?:signed (?:for )?by|received by|left with|recipient|courier|driver|signé par|remis à|"
    r"unterschrieben von|empfangen von|empfänger)\b\s*[:.]?\s*|(?:签收人|收件人|快递员|派件员|代收)\s*[:：]?\s*)"
    r"[^,，。;；【】\[\]()\n]{1,60}",
    re.IGNORECASE,
)
HIDDEN = "…"


def public_text(text, secrets=()):
    """:param secrets: names, streets, numbers of the people concerned
    :return: text without them, without telephone numbers, addresses and who signed"""
    text = _SIGNED.sub(lambda match: match[1] + HIDDEN, text or "")
    text = _MAIL.sub(HIDDEN, text)
    text = _PHONE.sub(HIDDEN, text)
    for secret in sorted({s.strip() for s in secrets if s and len(s.strip()) > 1}, key=len)[::-1]:
        # Each buyer has other secrets: an expression is made only where it may find something.
        if secret.isascii() and text.isascii() and secret.lower() not in text.lower():
            continue
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", HIDDEN, text, flags=re.IGNORECASE)
    return text


def secrets_of(name, *lines):
    """:return: what must not be read of a person: the whole name, its words, whole lines"""
    words = [word for word in re.split(r"[\s,.]+", name or "") if len(word) > 2]
    return {name or "", *words, *(line or "" for line in lines)} - {""}
