"""Whether a conversation stays with the model that has it in its prompt cache."""

from collections.abc import Sequence
from typing import Final

from neuroroute.domain.forecast import Circumstances, Warm, expected_usage
from neuroroute.domain.model import ModelCard
from neuroroute.domain.objective import Option, choose, regret
from neuroroute.domain.routing import Stay

STEADY: Final = 0.02
"""What another model must be predicted to be better by, to be worth a conversation's changing its voice."""
_BILLION: Final = 10**9


def staying(
    chosen: Option, options: Sequence[Option], cards: Sequence[ModelCard], circumstances: Circumstances, exchange: float
) -> Stay | None:
    """Whether a conversation stays with its model. What its cache saves is in its forecast, and so in what is `chosen`.

    It leaves for a model that is better by more than `STEADY`, for a worse one when that is worth more than `STEADY`
    more, and when one is as good for half of what it takes. Judged so that wishing for more quality, or allowing more
    cost, never leads back to a worse model: by those that any limit of cost lets in with it, and never for less than
    what is chosen when it is not let in.
    """
    warm = circumstances.warm
    if warm is None:
        return None
    there = next((option for option in options if option.model == warm.model), None)
    if there is None:
        return None
    beside = [option for option in options if option.most <= there.most]
    before = [option for option in beside if option.most < there.most]
    gain = chosen.quality - there.quality
    if chosen.model == there.model:
        stays = True
    elif any(one.quality >= there.quality and one.spend < there.spend / 2 for one in beside):
        stays = False
    elif gain < 0:
        stays = regret(there, beside, exchange=exchange) <= STEADY
    else:
        stays = gain <= STEADY and (not before or choose(before, exchange=exchange).quality <= there.quality)
    card = next(card for card in cards if card.id == warm.model)
    saves = _saved(card, warm, circumstances.prompt_tokens)
    return Stay(model=warm.model, stays=stays, gain=gain, margin=STEADY, saves_usd=saves)


def _saved(card: ModelCard, warm: Warm, prompt_tokens: int) -> float:
    """Dollars that the cache saves of the next prompt."""
    if card.price is None:
        return 0.0
    cold = card.price.of(expected_usage(prompt_tokens, longest=None))
    return (cold - card.price.of(expected_usage(prompt_tokens, longest=None, cached=warm.tokens))) / _BILLION
