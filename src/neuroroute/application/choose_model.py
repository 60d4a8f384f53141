"""Which model a prompt goes to, and all that this came from; nobody is asked."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from time import monotonic, time
from typing import Final, Generic, TypeVar, final

import msgspec
from msgspec import Struct

from neuroroute.application.abilities import Abilities
from neuroroute.application.explore import Explorer
from neuroroute.application.ports import Classifier, Conversations, HealthBoard, ModelCatalog, TokenCounter
from neuroroute.domain.classification import Reading
from neuroroute.domain.deciding import decide
from neuroroute.domain.decision import DecisionRecord, Grounds, bounded, plan_of
from neuroroute.domain.errors import PolicyUnknown
from neuroroute.domain.forecast import Circumstances, Warm
from neuroroute.domain.learned_policy import lets_in_by_length
from neuroroute.domain.model import ModelCard, ModelId, NanoUsd
from neuroroute.domain.prompt import Prompt, Role
from neuroroute.domain.request import RoutingRequest
from neuroroute.domain.routing import Foresight, Pin, RoutingDecision, RoutingPolicy

T = TypeVar("T")

LEARNED: Final = "learned"
"""Who says how good an answer is to be means this policy: no other predicts that."""
_CHARACTERS_A_TOKEN: Final = 4
_encode: Final = msgspec.json.Encoder().encode


class Approach(Struct, frozen=True):
    """One way to choose: who reads the prompt, and who ranks the models by what was read."""

    classifier: Classifier
    policy: RoutingPolicy


class Chosen(Struct, frozen=True):
    """A decision, and what is kept of it."""

    decision: RoutingDecision
    record: DecisionRecord


@final
class _Once(Generic[T]):
    """Asks once at most, and remembers."""

    def __init__(self, ask: Callable[[Prompt], T], prompt: Prompt) -> None:
        self._ask = ask
        self._prompt = prompt
        self.answer: T | None = None

    def __call__(self) -> T:
        if self.answer is None:
            self.answer = self._ask(self._prompt)
        return self.answer


@final
class ChooseModel:
    """Brings together what is known of the prompt, the models and the caller, and lets the policy decide."""

    def __init__(
        self,
        *,
        catalog: ModelCatalog,
        approaches: Mapping[str, Approach],
        usual: str,
        shadow: bool,
        tokens: TokenCounter,
        health: HealthBoard,
        abilities: Abilities,
        conversations: Conversations,
        explorer: Explorer,
    ) -> None:
        """`usual` names the approach of whoever says none. With `shadow` the others read the prompt, too, for the
        record: so that another policy can be tried on what was decided.
        """
        self._catalog = catalog
        self._approaches = approaches
        self._usual = usual
        self._shadow = shadow
        self._tokens = tokens
        self._health = health
        self._abilities = abilities
        self._conversations = conversations
        self._explorer = explorer

    def policy_of(self, request: RoutingRequest) -> str:
        """The name of the policy that chooses for it.

        Raises:
            PolicyUnknown: there is none of that name.
        """
        objective, requirements = request.objective, request.requirements
        wished = LEARNED if objective.level is not None or requirements.min_quality is not None else None
        name = request.policy or wished or request.caller.policy or self._usual
        if name not in self._approaches:
            raise PolicyUnknown(name, known=list(self._approaches))
        return name

    async def __call__(self, request: RoutingRequest, *, id: str) -> Chosen:  # noqa: A002 - the decision's
        """The models that would be asked, in order, and why.

        Raises: as `domain.deciding.decide`, and `PolicyUnknown`.
        """
        return self.decide(request, id=id, warm=await self._warm(request))

    def decide(self, request: RoutingRequest, *, id: str, warm: Warm | None = None) -> Chosen:  # noqa: A002
        """As a call, without looking for the conversation that the prompt goes on with."""
        name = self.policy_of(request)
        approach = self._approaches[name]
        at = time()
        cards, told_all = self._cards(request)
        prompt, requirements = request.prompt, request.requirements
        ours = requirements.pin is not Pin.ONLY and not requirements.embeds
        reading, tokens = _Once(approach.classifier.classify, prompt), _Once(self._tokens.count, prompt)
        unfit = self._health.unfit(monotonic())
        circumstances = Circumstances(
            prompt_tokens=tokens()
            if name == LEARNED and ours and lets_in_by_length(cards, requirements)
            else -(-prompt.characters // _CHARACTERS_A_TOKEN),
            latency_ms=self._health.latency_ms(),
            corrections=self._abilities.corrections,
            warm=warm,
            exploration=self._explorer.offer(at) if name == LEARNED and ours else None,
        )
        decision = decide(
            cards,
            caller=request.caller,
            unfit=unfit,
            requirements=requirements,
            objective=request.objective,
            policy=approach.policy,
            classify=reading,
            count=tokens,
            circumstances=circumstances,
        )
        grounds = Grounds(
            caller_models=request.caller.models,
            unfit=unfit,
            requirements=bounded(requirements),
            objective=request.objective,
            circumstances=circumstances,
            reading=reading.answer,
            tokens=tokens.answer,
            told_all=told_all,
        )
        record = DecisionRecord(
            id=id,
            at=at,
            caller=request.caller.id,
            plan=plan_of(decision, grounds, self._catalog.version),
            grounds=grounds,
            shadow=self._shadowed(name, reading.answer, prompt),
        )
        return Chosen(decision, record)

    def asked(self, chosen: Chosen) -> None:
        """The decision is acted on: what it explores is paid for."""
        ranking = chosen.decision.selection.ranking
        if ranking is not None and ranking.foresight is not None and ranking.foresight.explored:
            self._explorer.spend(_surplus(ranking.foresight, ranking.best))

    def answered(self, request: RoutingRequest, card: ModelCard, tokens: int) -> None:
        """`card` answered a prompt of so many `tokens`, which its provider has in its cache now, if it keeps one."""
        if request.requirements.pin is not Pin.ONLY and self.policy_of(request) == LEARNED:
            self._conversations.keep(_conversation(request), Warm(model=card.id, tokens=tokens))

    async def _warm(self, request: RoutingRequest) -> Warm | None:
        if request.requirements.pin is Pin.ONLY or self.policy_of(request) != LEARNED:
            return None
        if all(message.role is not Role.ASSISTANT for message in request.prompt.messages):
            return None
        return await self._conversations.last(_conversation(request))

    def _cards(self, request: RoutingRequest) -> tuple[Sequence[ModelCard], tuple[ModelId, ...] | None]:
        """All; where the choice is ours and nothing may be left out, those that can be told everything, if any can."""
        cards = self._catalog.cards()
        if not request.strict or request.requirements.pin is Pin.ONLY:
            return cards, None
        providers = self._catalog.providers()
        told = [card for card in cards if not providers[card.provider].drops(request.prompt)]
        return (told, tuple([card.id for card in told])) if told else (cards, None)

    def _shadowed(self, name: str, reading: Reading | None, prompt: Prompt) -> Reading | None:
        if not self._shadow or reading is None:
            return None
        other = next((approach for called, approach in self._approaches.items() if called != name), None)
        return None if other is None else other.classifier.classify(prompt)


def _conversation(request: RoutingRequest) -> str:
    """Names it by its caller and its beginning, up to the first word of its user."""
    messages = request.prompt.messages
    first = next((place for place, message in enumerate(messages) if message.role is Role.USER), len(messages))
    return blake2b(_encode((request.caller.id, messages[: first + 1])), digest_size=16).hexdigest()


def _surplus(foresight: Foresight, explored: ModelId) -> NanoUsd:
    costs = {forecast.model: forecast.cost or 0 for forecast in foresight.forecasts}
    return NanoUsd(max(0, costs[explored] - costs[foresight.forecasts[0].model]))
