"""Mails in character sets that nobody knows are read all the same."""

import email
import email.policy

from hypothesis import given
from hypothesis import strategies as st
from loader import load_tools

load_tools("ecom_aftersales")
from ecom_aftersales_tools import mail_charset  # noqa: E402


def read(content, charset):
    raw = b"Subject: x\nContent-Type: text/plain; charset=%s\n\n%s" % (charset, content)
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    mail_charset.mend_charsets(message)
    return message.get_content().strip()


def test_bytes_decide():
    assert read("Grüße, 订单".encode(), b"x-unknown") == "Grüße, 订单"
    assert read("Grüße".encode("iso-8859-1"), b"x-unknown") == "Grüße"
    assert read("Grüße".encode(), b"hex") == "Grüße"
    assert read("Grüße".encode(), b"undefined") == "Grüße"


def test_what_is_known_stays():
    assert read("订单".encode("gb2312"), b"gb2312") == "订单"


@given(st.binary(max_size=200), st.from_regex(rb"[a-z0-9\-]{1,12}", fullmatch=True))
def test_every_mail_is_read(content, charset):
    assert isinstance(read(content.replace(b"\r", b"").replace(b"\n", b""), charset), str)
