"""Examples of every domain type: plausible where the value matters to nobody, drawn from a fixed seed."""

from typing import Generic, TypeVar

from polyfactory.factories.msgspec_factory import MsgspecFactory

from neuroroute.application.draft import new_id
from neuroroute.application.ports import CachedAnswer
from neuroroute.domain.access import ANYONE, Caller, Scope
from neuroroute.domain.classification import Classification, Features
from neuroroute.domain.completion import Completion, Finished, FinishReason, TextDelta, Usage
from neuroroute.domain.health import CircuitBreaker, HealthStatus, ModelHealth, Tally
from neuroroute.domain.model import Dialect, ModelCard, ModelId, Price, ProviderName, Ranks
from neuroroute.domain.prompt import Message, Prompt, Role, Sampling
from neuroroute.domain.record import Attempt, Outcome, RoutedPrompt
from neuroroute.domain.request import CacheUse, RoutingRequest
from neuroroute.domain.routing import (
    Exclusion,
    Objective,
    Ranking,
    Reasoning,
    Requirements,
    RoutingDecision,
    Selection,
    SelectionMethod,
)

T = TypeVar("T")


class _Seeded(MsgspecFactory[T], Generic[T]):
    __is_base_factory__ = True
    __random_seed__ = 20


class PriceFactory(_Seeded[Price]):
    """$2.50 and $10 per million tokens."""

    prompt = 2_500_000_000
    completion = 10_000_000_000


class RanksFactory(_Seeded[Ranks]):
    __use_defaults__ = True


class UsageFactory(_Seeded[Usage]):
    prompt_tokens = 12
    completion_tokens = 5
    cached_tokens = 0
    cache_write_tokens = 0
    reasoning_tokens = 0
    estimated = False


class TextDeltaFactory(_Seeded[TextDelta]):
    text = "Paris"


class FinishedFactory(_Seeded[Finished]):
    reason = FinishReason.STOP
    native_reason = "stop"
    usage = UsageFactory.build
    model = "some-model-2026"
    stop_sequence = None
    verbatim = b""


class CompletionFactory(_Seeded[Completion]):
    text = "Paris"
    finished = FinishedFactory.build
    reasoning = ""
    tool_calls = ()
    verbatim = ()


class ModelCardFactory(_Seeded[ModelCard]):
    """A priced model of a remote provider that speaks OpenAI's language."""

    id = ModelId("openai")
    name = "gpt-4o"
    provider = ProviderName("openai")
    dialect = Dialect.OPENAI
    upstream = "gpt-4o"
    capabilities = ("basic_chat",)
    max_tokens = 8192
    avg_latency_ms = 1000
    price = PriceFactory.build
    ranks = RanksFactory.build
    abilities = frozenset()
    embedding_space = None


class MessageFactory(_Seeded[Message]):
    role = Role.USER
    content = "What is the capital of France?"


class SamplingFactory(_Seeded[Sampling]):
    max_tokens = 4096
    temperature = 0.7
    top_p = None
    stop = ()


class PromptFactory(_Seeded[Prompt]):
    """A question in no wire language of providers."""

    @classmethod
    def messages(cls):
        return (MessageFactory.build(),)

    sampling = SamplingFactory.build
    streamed = False
    tools = ()
    tool_choice = None
    parallel_tool_calls = None
    json = None
    user = None
    wording = None
    untranslated = ()


class FeaturesFactory(_Seeded[Features]):
    """Nothing is seen but what a test names."""

    @classmethod
    def build(cls, *_, **seen):
        return Features(**(dict.fromkeys(Features.__struct_fields__, 0.0) | seen))


class ClassificationFactory(_Seeded[Classification]):
    source = "rule_based"
    features = FeaturesFactory.build
    keyword_matches = dict


class RequirementsFactory(_Seeded[Requirements]):
    __use_defaults__ = True


class ObjectiveFactory(_Seeded[Objective]):
    __use_defaults__ = True


class ReasoningFactory(_Seeded[Reasoning]):
    keyword_matches = dict
    features = FeaturesFactory.build
    model_scores = dict
    adjusted_scores = dict


class RankingFactory(_Seeded[Ranking]):
    best = ModelId("local")
    confidence = 0.875
    source = "rule_based"
    reasoning = ReasoningFactory.build
    foresight = None
    excluded = ()


class SelectionFactory(_Seeded[Selection]):
    method = SelectionMethod.CLASSIFIER
    model = ModelId("openai")
    required = ()
    ranking = RankingFactory.build


class ExclusionFactory(_Seeded[Exclusion]):
    model = ModelId("local")
    reason = "its last health probe failed"


class RoutingDecisionFactory(_Seeded[RoutingDecision]):
    selection = SelectionFactory.build

    @classmethod
    def candidates(cls):
        return (ModelCardFactory.build(),)

    excluded = ()
    policy = "rules"


class CallerFactory(_Seeded[Caller]):
    id = "team-a"
    opens = frozenset({Scope.CLIENT})
    models = None
    requests_per_minute = None
    policy = None


class CacheUseFactory(_Seeded[CacheUse]):
    __use_defaults__ = True


class RoutingRequestFactory(_Seeded[RoutingRequest]):
    """Anybody's, who waits as long as models may take and does not mind a remembered answer."""

    id = "req_1"
    surface = "prompt"
    caller = ANYONE
    prompt = PromptFactory.build
    requirements = RequirementsFactory.build
    objective = ObjectiveFactory.build
    timeout = 60.0
    stall = None
    policy = None
    strict = False
    cache = CacheUseFactory.build


class AttemptFactory(_Seeded[Attempt]):
    model = ModelId("openai")
    provider = ProviderName("openai")
    outcome = "answered"
    seconds = 0.25
    error = None
    timed_out = False
    judged = True


class RoutedPromptFactory(_Seeded[RoutedPrompt]):
    """Answered by the one that was asked; ended at 12:00 UTC on 15 November 2026."""

    request_id = "req_1"
    surface = "prompt"
    caller = "team-a"
    at = 1_794_744_000.0
    seconds = 0.3
    provider_seconds = 0.25
    overhead_seconds = 0.05
    first_event_seconds = 0.25
    outcome = Outcome.ANSWERED
    error = None
    method = "classifier"
    policy = "rules"
    model = ModelId("openai")
    provider = ProviderName("openai")
    chosen = ModelId("openai")
    usage = UsageFactory.build
    cost = 80_000
    cache_asked = True
    from_cache = False
    streamed = False
    catalog_version = "3f7a"

    @classmethod
    def id(cls):
        return new_id()

    @classmethod
    def attempts(cls):
        return (AttemptFactory.build(),)

    decision = None


class CircuitBreakerFactory(_Seeded[CircuitBreaker]):
    __use_defaults__ = True


class TallyFactory(_Seeded[Tally]):
    __use_defaults__ = True


class ModelHealthFactory(_Seeded[ModelHealth]):
    status = HealthStatus.HEALTHY
    error = None
    checked_at = 1_764_000_000.0
    probe_error = None
    breaker = CircuitBreakerFactory.build
    tally = TallyFactory.build
    pace = None


class CachedAnswerFactory(_Seeded[CachedAnswer]):
    model = ModelId("openai")
    selection = SelectionFactory.build
    completion = CompletionFactory.build
    latency_ms = 412
