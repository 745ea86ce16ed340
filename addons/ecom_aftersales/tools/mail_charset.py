"""Mails that name a character set which nobody knows are read all the same."""


def mend_charsets(message):
    """Give the parts of a mail whose character set is unknown one that fits their bytes.

    :param message: an ``email.message.Message``; changed in place
    """
    for part in message.walk():
        if part.get_content_maintype() != "text":
            continue
        charset = part.get_content_charset()
        if not charset or _is_known(charset):
            continue
        content = part.get_payload(decode=True) or b""
        part.set_param("charset", "utf-8" if _is_utf8(content) else "iso-8859-1")


def _is_known(charset):
    try:
        # Some that are known, such as "hex", are none of texts.
        b"".decode(charset)
    except (LookupError, ValueError):
        return False
    return True


def _is_utf8(content):
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
