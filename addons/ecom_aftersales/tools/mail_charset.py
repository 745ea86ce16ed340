"""Mails that name a character set which nobody knows are read all the same."""


def mend_charsets(message):
    """Give the parts of a mail whose character set is unknown one that fits their bytes.

    :param message: an ``email.message.Message``; changed in place
    """
    for part in message.walk():
        if part.get_content_maintype() != "text":
            continue
        charset = part.get_content_charset()
        content = part.get_payload(decode=True) or b""
        # Some that Python knows, such as "hex", are none of texts.
        if charset and not _can_read(content, charset, "replace"):
            readable = _can_read(content, "utf-8", "strict")
            part.set_param("charset", "utf-8" if readable else "iso-8859-1")


def _can_read(content, charset, errors):
    try:
        # Of nothing at all Python does not ask which character set it is in.
        (content or b"x").decode(charset, errors=errors)
    except (LookupError, ValueError):
        return False
    return True
