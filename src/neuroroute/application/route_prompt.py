"""The one thing NeuroRoute does: answer a prompt with the model that fits it, and say why."""

from collections.abc import Sequence
from hashlib import blake2b
from time import monotonic, perf_counter, time
from typing import final

import msgspec

from neuroroute.application.answer import Answer, Keep
from neuroroute.application.choose_model import ChooseModel
from neuroroute.application.draft import Draft, ending
from neuroroute.application.ports import CachedAnswer, HealthBoard, LedgerRoom, ModelCatalog, ResponseCache
from neuroroute.application.records import Records
from neuroroute.domain.completion import Completion
from neuroroute.domain.errors import (
    AllCandidatesFailed,
    CallerRefused,
    NeuroRouteError,
    NotCarried,
    PromptRejected,
    ProviderFailed,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
    StateUnavailable,
)
from neuroroute.domain.model import ModelCard
from neuroroute.domain.prompt import Prompt
from neuroroute.domain.record import Attempt, Outcome
from neuroroute.domain.request import CacheUse, RoutingRequest
from neuroroute.domain.routing import RoutingDecision

_encode = msgspec.json.Encoder().encode  # integers of any size, as callers may write them
_encode_sets = msgspec.msgpack.Encoder(order="deterministic").encode
"""A set has another order in each process."""


@final
class RoutePrompt:
    """Chooses a model, asks it, and the next when it fails before its first event."""

    def __init__(
        self,
        *,
        catalog: ModelCatalog,
        choose: ChooseModel,
        cache: ResponseCache,
        health: HealthBoard,
        records: Records,
        patience: float,
        ledger: LedgerRoom,
    ) -> None:
        """`patience`: seconds; a time-out sooner than this is the caller's impatience and judges no model."""
        self._catalog = catalog
        self._choose = choose
        self._cache = cache
        self._health = health
        self._records = records
        self._patience = patience
        self._ledger = ledger

    async def __call__(self, request: RoutingRequest, draft: Draft | None = None) -> Answer:
        """Return once a model has started to answer. A `draft` of `request` is for who wants to tell of a failure.

        Until then a failing candidate is passed over for the next one, and failures raise. From then on the answer
        is committed: a failure surfaces while it is read.

        Raises:
            PromptRejected: the caller must change the request, `NotCarried` and `NothingFits` among them.
            ModelNotAllowed: it names a model that its key may not use.
            NoEligibleModel: nothing is enabled.
            ProviderRefused: the first provider asked will not take this request.
            AllCandidatesFailed: each model that was tried failed.
            StateUnavailable: it could not be recorded, so it is not begun.
        """
        if self._ledger.full:
            raise StateUnavailable("The database is away and the spool is full: no prompt is taken that would be lost")
        draft = draft or Draft(request)
        try:
            return await self._answer(request, draft)
        except NeuroRouteError as error:
            # A rejection's text may repeat the caller's, which no record holds.
            rejected = isinstance(error, PromptRejected | CallerRefused)
            told = type(error).__name__ if rejected else str(error)
            self._records.add(draft.finish(Outcome.REJECTED if rejected else Outcome.FAILED, error=told))
            raise
        except BaseException as error:
            outcome, told = ending(error)
            self._records.add(draft.finish(outcome, error=told))
            raise

    async def _answer(self, request: RoutingRequest, draft: Draft) -> Answer:
        key = None
        draft.catalog_version = version = self._catalog.version
        if request.cache is not None:
            key = fingerprint(request, request.cache, f"{version}/{self._choose.policy_of(request)}")
            if (cached := await self._cache.get(key)) and (card := self._card(cached, request)):
                return self._replayed(cached, card, draft)
            if self._catalog.version != version:  # it came meanwhile, and what answers now is not of the one before
                draft.catalog_version, key = self._catalog.version, None
        draft.chosen = chosen = await self._choose(request, id=draft.id)
        self._choose.asked(chosen)
        return await self._first_to_answer(chosen.decision, request, draft, key)

    async def _first_to_answer(
        self, decision: RoutingDecision, request: RoutingRequest, draft: Draft, key: str | None
    ) -> Answer:
        failures: list[ProviderFailed] = []
        providers = self._catalog.providers()
        for card in self._carried(decision, request):
            provider = providers[card.provider]
            events = provider.answer(request.prompt, card, timeout=request.timeout, stall=request.stall)
            began = perf_counter()
            try:
                first = await anext(events, None)
                if first is None:
                    raise ProviderUnavailable("The provider answered nothing")  # noqa: TRY301 - a failure like any other
            except ProviderFailed as failure:
                judged = self._judges(failure, request)
                self._show(draft.failed(card, failure, seconds=perf_counter() - began, judged=judged))
                if isinstance(failure, ProviderRefused) and not failures:
                    raise  # of a fallback it would hide why the first one failed
                failures.append(failure)
            except BaseException as error:
                draft.broke_off(card, error, seconds=perf_counter() - began)
                raise
            else:
                self._show(draft.answered(card, seconds=perf_counter() - began))
                return Answer(
                    card=card,
                    selection=decision.selection,
                    switched=decision.switched,
                    ready=(first,),
                    rest=events,
                    draft=draft,
                    settle=self._settle,
                    keep=self._keeper(key, request.cache, decision, card, draft) if key else None,
                    decision_id=draft.id,
                    dropped=provider.drops(request.prompt),
                )
        raise AllCandidatesFailed(failures)

    def _carried(self, decision: RoutingDecision, request: RoutingRequest) -> Sequence[ModelCard]:
        """The candidates; where the caller wants nothing left out, those whose provider's language can say it all."""
        if not request.strict:
            return decision.candidates
        providers, prompt = self._catalog.providers(), request.prompt
        dropped = [providers[card.provider].drops(prompt) for card in decision.candidates]
        carried = [card for card, fields in zip(decision.candidates, dropped, strict=True) if not fields]
        if not carried:
            raise NotCarried(dropped[0])
        return carried

    def _replayed(self, cached: CachedAnswer, card: ModelCard, draft: Draft) -> Answer:
        return Answer(
            card=card,
            selection=cached.selection,
            switched=None,
            ready=cached.completion.replay(),
            rest=None,
            draft=draft,
            settle=self._settle,
            keep=None,
            cached=cached,
            dropped=self._catalog.providers()[card.provider].drops(draft.request.prompt),
        )

    def _card(self, cached: CachedAnswer, request: RoutingRequest) -> ModelCard | None:
        """Whose answer it was, if it may still be asked: the catalogue or the key may have changed since."""
        if not request.caller.may_ask(cached.model):
            return None
        return next((card for card in self._catalog.cards() if card.id == cached.model), None)

    def _keeper(
        self, key: str, use: CacheUse | None, decision: RoutingDecision, card: ModelCard, draft: Draft
    ) -> Keep | None:
        """Stores the answer under `key` if it is clean and of the model that was chosen as the best."""
        ranking = decision.selection.ranking
        explored = ranking is not None and ranking.foresight is not None and ranking.foresight.explored
        if decision.selection.model != card.id or explored:
            return None

        async def keep(completion: Completion) -> None:
            if completion.is_clean:
                entry = CachedAnswer(
                    model=card.id,
                    selection=decision.selection,
                    completion=completion,
                    latency_ms=round(1000 * draft.provider_seconds),
                )
                await self._cache.put(key, entry, ttl=use.ttl if use else None)

        return keep

    def _judges(self, failure: ProviderFailed, request: RoutingRequest) -> bool:
        """Whether `failure` says anything of the model: a limit of our rate and a caller's own short one do not."""
        if isinstance(failure, ProviderThrottled):
            return False
        timed_out = isinstance(failure, ProviderUnavailable) and failure.timed_out
        return not timed_out or request.timeout >= self._patience

    def _show(self, attempt: Attempt) -> None:
        """Health learns at once, not when the answer ends."""
        health = self._health.of(attempt.model)
        self._health.show(attempt.model, health.after_attempt(attempt, at=time(), now=monotonic()))

    def _settle(self, answer: Answer) -> None:
        failure = answer.failure
        if failure is not None and self._judges(failure, answer.draft.request):
            health = self._health.of(answer.card.id)
            self._health.show(answer.card.id, health.after_failure(str(failure), at=time(), now=monotonic()))
        if answer.cached is None and answer.usage is not None and failure is None:
            self._choose.answered(answer.draft.request, answer.card, answer.usage.prompt_tokens)
        self._records.add(
            answer.draft.finish(
                answer.outcome,
                card=answer.card,
                usage=answer.usage,
                error=answer.error,
                from_cache=answer.cached is not None,
            )
        )


def fingerprint(request: RoutingRequest, use: CacheUse, version: str) -> str:
    """Names everything that can change the answer: who asks, what, of which catalogue, with which wishes."""
    told = (
        version,
        request.caller.id,
        _said(request.prompt),
        _encode_sets(request.requirements),
        request.objective,
        request.strict,
        use.vary,
    )
    return blake2b(_encode(told), digest_size=16).hexdigest()


def _said(prompt: Prompt) -> object:
    """Everything that a model is told: in the caller's own words, where a provider may read those."""
    if prompt.wording is None:
        return prompt.messages, prompt.sampling
    return prompt.wording
