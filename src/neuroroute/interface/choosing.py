"""Requests of `/v1` as they are read: what is asked, and what it comes to for the router."""

from collections.abc import Mapping, Sequence
from typing import Final, final

from litestar.types import Receive

from neuroroute.application.ports import ModelCatalog
from neuroroute.dialects.caller_side import Asked, CallerDialect, InvalidRequest
from neuroroute.dialects.strict_json import read_text_json
from neuroroute.domain.access import Caller
from neuroroute.domain.model import ModelCard, Wire
from neuroroute.domain.objective import BEST, CHEAPEST
from neuroroute.domain.request import CacheUse, RoutingRequest
from neuroroute.domain.routing import Objective, Pin, Priority, Requirements, named
from neuroroute.interface.body import read_body
from neuroroute.interface.caller_watch import CallerWatch
from neuroroute.interface.prompt import Admission
from neuroroute.interface.router_options import FIELD, CacheOption, RouterOptions, take_options
from neuroroute.interface.visit import Visit

AUTO: Final[Mapping[str, Objective]] = {
    "auto": Objective(),
    **{f"auto:{priority}": Objective(priority=priority) for priority in Priority},
    **{f"auto:{level}": Objective(level=float(level)) for level in range(int(CHEAPEST), int(BEST) + 1)},
}
"""The words that leave the choice to us, and what it is to look for."""


@final
class RequestReader:
    """Reads requests in one wire language."""

    def __init__(self, dialect: CallerDialect, *, catalog: ModelCatalog, admission: Admission) -> None:
        self._dialect = dialect
        self._catalog = catalog
        self._admission = admission

    async def read(self, visit: Visit, receive: Receive, watch: CallerWatch) -> tuple[Asked, RoutingRequest]:
        """What is asked, and of whom. `watch` is told how the body comes and when it has come.

        Raises:
            HttpRefusal: the body is too large, ended early, or is not said to be JSON.
            MalformedBody: it is not JSON.
            InvalidRequest: it says what its fields do not allow.
        """
        return self.understand(await self.body(visit, receive, watch), visit)

    async def body(self, visit: Visit, receive: Receive, watch: CallerWatch) -> dict[str, object]:
        """The first half of `read`: the object that the body is."""
        decoded = read_text_json(await read_body(visit, receive, watch, limit=self._admission.max_body))
        if not isinstance(decoded, dict):
            raise InvalidRequest("The body must be a JSON object")
        return decoded  # pyright: ignore[reportUnknownVariableType] - any JSON

    def understand(self, body: dict[str, object], visit: Visit) -> tuple[Asked, RoutingRequest]:
        """The second half: what `body` asks. The router's options are taken out of it.

        Raises:
            InvalidRequest: it says what its fields do not allow.
        """
        options = take_options(body, visit.headers)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in visit.headers.items()]
        asked = self._dialect.read(body, headers)
        return asked, as_request(
            asked,
            options,
            dialect=self._dialect,
            cards=self._catalog.cards(),
            request_id=visit.request_id,
            caller=visit.caller,
            admission=self._admission,
        )


def as_request(
    asked: Asked,
    options: RouterOptions,
    *,
    dialect: CallerDialect,
    cards: Sequence[ModelCard],
    request_id: str,
    caller: Caller,
    admission: Admission,
) -> RoutingRequest:
    """The routing request; `cards` are those that can be asked.

    Raises:
        InvalidRequest: two wishes are said, one that its policy cannot hold to, or fallbacks of no model.
    """
    return RoutingRequest(
        id=request_id,
        surface=dialect.wire.value,
        caller=caller,
        prompt=asked.prompt,
        requirements=_requirements(asked, options, dialect, cards, caller),
        objective=_objective(asked, options),
        timeout=admission.default_timeout if options.timeout is None else options.timeout,
        stall=options.stall_timeout,
        policy=options.policy,
        strict=options.strict,
        cache=_cache_use(options) if admission.cached else None,
    )


def _requirements(
    asked: Asked, options: RouterOptions, dialect: CallerDialect, cards: Sequence[ModelCard], caller: Caller
) -> Requirements:
    pinned = asked.model not in AUTO
    if options.fallbacks and not pinned:
        message = "`fallbacks` are for a model that is named: `auto` chooses who takes over by itself"
        raise InvalidRequest(message, param=f"{FIELD}.fallbacks")
    return Requirements(
        model=_meant(asked.model, cards, caller) if pinned else None,
        pin=Pin.ONLY if pinned else Pin.PREFER,
        fallbacks=tuple([_meant(name, cards, caller) for name in options.fallbacks]),
        capabilities=options.capabilities,
        max_tokens=asked.prompt.sampling.max_tokens,
        abilities=asked.abilities | options.abilities,
        most_tokens=asked.most_tokens,
        max_cost=options.max_cost,
        max_latency_ms=None if options.max_latency_ms is None else int(options.max_latency_ms),
        min_quality=options.min_quality,
        dialect=dialect.only,
        embeds=dialect.wire is Wire.EMBEDDINGS,
    )


def _meant(name: str, cards: Sequence[ModelCard], caller: Caller) -> str:
    """The id of the model that is called so; a name that nobody has stays, and is refused where it is recorded."""
    card = named(cards, name, caller)
    return name if card is None else card.id


def _objective(asked: Asked, options: RouterOptions) -> Objective:
    """The one wish of the request, however it is said."""
    named, said = AUTO.get(asked.model, Objective()), Objective(priority=options.priority, level=options.objective)
    if said.priority is not None and said.level is not None:
        message = "`priority` and `objective` both say what to look for: say one of them"
        raise InvalidRequest(message, param=f"{FIELD}.objective")
    option = "priority" if said.level is None else "objective"
    if Objective() not in (named, said) and named != said:
        message = f"`model` asks for {_told(named)} and the option `{option}` for {_told(said)}: say one of them"
        raise InvalidRequest(message, param=f"{FIELD}.{option}")
    objective = named if said == Objective() else said
    if options.policy == "rules" and (objective.level is not None or options.min_quality is not None):
        option = "min_quality" if options.min_quality is not None else "objective"
        message = f"`{option}` is for the policy `learned`: `rules` predicts no quality. Leave one of them out"
        raise InvalidRequest(message, param=f"{FIELD}.{option}")
    return objective


def _told(wish: Objective) -> str:
    return f"{wish.level:g}" if wish.priority is None else wish.priority.value


def _cache_use(options: RouterOptions) -> CacheUse | None:
    match options.cache:
        case None | "off":
            return None
        case CacheOption(ttl=ttl):
            kept = ttl
        case "on":
            kept = None
    # What may be left out for one caller must not answer another who wants nothing left out.
    return CacheUse(ttl=kept, vary=("strict",) if options.strict else ())
