"""One call of a gateway that signs as TOP does (Taobao, Pinduoduo): errors come with status 200."""

from ..exceptions import EcomAuthError, EcomDataError, EcomRetryableError
from . import top_sign
from .base import as_dict


def ask(connector, channel, path, secret, params, *, code_key, text_keys, expired, too_fast):
    """Sign the parameters, call, and open the answer.

    :param connector: the handler that asks
    :param dict params: what the gateway is asked, without the signature, which is added
    :param code_key: where an error has its number
    :param text_keys: where it has its words
    :param expired: numbers of errors that mean: the credentials are not valid any more
    :param too_fast: numbers of errors that mean: come again later
    :return: dict, the object inside the answer
    :raise EcomAuthError, EcomRetryableError, EcomDataError: what an error inside it means
    """
    params["sign"] = top_sign.sign(secret, params)
    answer = as_dict(connector._call_json(channel, "POST", path, data=params, signed=False))
    error = as_dict(answer.get("error_response"))
    if error:
        code, env = int(error.get(code_key) or 0), connector.env
        said = " ".join([str(code), *(str(error.get(key) or "") for key in text_keys)]).strip()
        if code in expired:
            raise EcomAuthError(env._("The shop refuses our credentials."), said)
        if code in too_fast:
            raise EcomRetryableError(
                env._("The platform asks for patience."), said, delay=5, counts=False
            )
        raise EcomDataError(env._("The shop refused the request: %(said)s", said=said), said)
    return as_dict(next((v for key, v in answer.items() if key.endswith("_response")), {}))
