"""What Schemathesis is told beside its configuration: which refusals of a well formed request no schema can foresee."""

import re

import schemathesis
from schemathesis import Case, CheckContext, Response
from schemathesis.checks import CHECKS

_REFUSALS = [
    "No model can answer this request",  # the limits that it sets, or the abilities that it asks for
    "`fallbacks` are for a model that is named",
    "asks for .* and the option `(priority|objective)` for",  # two ways to say one thing
    "`priority` and `objective` both say what to look for",
    "is for the policy `learned`",
    "A plan is made for `messages` or for a `prompt`",
    "Feedback is a `score` or `thumbs`",
    "another language, which cannot carry",  # with `strict`, what a provider has no words for
    "its provider does not speak",  # the language of a model that is named
    "has more than nine decimals",  # a price
    "This is in the past",  # when a key is to end
    "It is after `to`",  # the first day
    "its provider is nowhere|there is no provider yet|only a local openai provider can do without",
    "public|api_key_env is the operator's word|Input should be the one of the path",
]
UNFORESEEN = re.compile("|".join(_REFUSALS))
"""What is well formed and does not fit what is stored, what else is said, or the time."""


@schemathesis.check
def taken_as_documented(ctx: CheckContext, response: Response, case: Case) -> bool | None:
    """As `positive_data_acceptance`, but for what is `UNFORESEEN`."""
    refused = response.headers.get("x-error-code") == ["model_refused"]  # by the provider, whose language is its own
    if response.status_code in {400, 422} and (refused or UNFORESEEN.search(response.text)):
        return None
    return CHECKS.get_one("positive_data_acceptance")(ctx, response, case)
