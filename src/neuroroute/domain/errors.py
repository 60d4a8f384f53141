"""Every way a prompt can fail, as a tree. No HTTP in it.

NeuroRouteError
├── PromptRejected             the caller must change the request
│   ├── UnknownModel           …it names a model that is not there
│   ├── NotCarried             …it says what the model's language cannot say, and wants nothing left out
│   ├── LanguageNotSpoken      …it names a model whose provider has no word for what is asked
│   ├── OtherEmbeddingSpace    …it names a model to stand in for one whose embeddings are no like
│   ├── NothingFits            …it asks for more than any one model has
│   ├── PolicyUnknown          …it names a policy that is not there
│   └── PromptTooLong          …its text exceeds what this installation admits
├── CallerRefused              the caller may not
│   ├── CallerForbidden        …whoever it is: its key does not open this
│   │   └── ModelNotAllowed    …or may not have this model
│   └── CallerThrottled        …for now: its key's limit is reached, `retry_after` says how long
├── StateUnavailable           the database does not answer: try again, `retry_after` says when
├── NotStored                  there is nothing of that name
├── NameTaken                  there is something of that name already
├── NoEligibleModel            no enabled model could be asked
├── AllCandidatesFailed        every model that was tried failed; carries each failure
└── ProviderFailed             one provider let us down
    ├── ProviderRefused        …this request, and will again (400, 413, 422): no fail-over from the first one asked
    ├── ProviderMisconfigured  …our key or card is wrong (401, 404, any other 4xx): fail over, alert
    ├── ProviderThrottled      …for now (429, or our own bound): fail over, `retry_after` says how long
    └── ProviderUnavailable    …for now (5xx, time-out, connection, nonsense): fail over
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

MAX_TOLD = 128
"""Characters of a caller's own words that an error, and so a log line, repeats."""
MAX_FIELDS = 20
"""Names of fields that an error lists."""


class NeuroRouteError(Exception):
    """Anything NeuroRoute raises on purpose."""


class PromptRejected(NeuroRouteError):
    """The caller must change the request."""


class UnknownModel(PromptRejected):
    """The caller names a model that is not in the catalogue or not enabled."""

    def __init__(self, model: str) -> None:
        super().__init__(f"Model {model[:MAX_TOLD]} not available")
        self.model = model


class NotCarried(PromptRejected):
    """The caller wants nothing left out, and the model's provider speaks a language that cannot say it all."""

    def __init__(self, fields: Sequence[str]) -> None:
        told = ", ".join([field[:MAX_TOLD] for field in fields[:MAX_FIELDS]])
        super().__init__(f"The model's provider speaks another language, which cannot carry: {told}")
        self.fields = tuple(fields)
        """Paths in the caller's request; at least one."""


class LanguageNotSpoken(PromptRejected):
    """The caller names a model whose provider speaks a language that has no word for what is asked."""

    def __init__(self, model: str, *, dialect: str, speakers: Sequence[str]) -> None:
        """`speakers` are the models that the caller may name instead."""
        named = ", ".join(speakers[:MAX_FIELDS]) + (" and others" if len(speakers) > MAX_FIELDS else "")
        super().__init__(
            f"Model {model[:MAX_TOLD]} cannot be asked this: its provider does not speak {dialect}'s language. "
            + (f"Models that can: {named}" if speakers else "No model that may be asked can")
        )
        self.model = model


class OtherEmbeddingSpace(PromptRejected):
    """The caller names a model to stand in for another, and their embeddings cannot be compared."""

    def __init__(self, model: str, *, instead_of: str) -> None:
        super().__init__(
            f"Model {model[:MAX_TOLD]} cannot stand in for {instead_of[:MAX_TOLD]}: by the catalogue their embeddings "
            "are not of one embedding_space"
        )
        self.model = model


class NothingFits(PromptRejected):
    """No model that may be asked has all that the request takes, within its limits."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        """`reasons`: why not, by model."""
        told = [f"{model}: {reason}" for model, reason in list(reasons.items())[:MAX_FIELDS]]
        left = [f"and {len(reasons) - MAX_FIELDS} more"] if len(reasons) > MAX_FIELDS else []
        super().__init__("\n".join(["No model can answer this request.", *told, *left]))
        self.reasons = reasons


class PolicyUnknown(PromptRejected):
    """No policy of that name chooses models here."""

    def __init__(self, name: str, *, known: Sequence[str]) -> None:
        super().__init__(f"There is no policy `{name[:MAX_TOLD]}`. There are: {', '.join(known)}")


class PromptTooLong(PromptRejected):
    """The text exceeds what this installation admits."""

    def __init__(self, *, characters: int, limit: int) -> None:
        super().__init__(f"The prompt has {characters} characters; at most {limit} are admitted")
        self.characters = characters
        self.limit = limit


class CallerRefused(NeuroRouteError):
    """The caller did not show a key that opens this."""


class CallerForbidden(CallerRefused):
    """The caller is known, and its key does not open this."""


class ModelNotAllowed(CallerForbidden):
    """The caller names a model that its key may not have answer."""

    def __init__(self, model: str) -> None:
        super().__init__(f"This key may not use model {model[:MAX_TOLD]}: GET /models lists those that it may")
        self.model = model


class CallerThrottled(CallerRefused):
    """The caller's key has no request left for now."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds."""


class StateUnavailable(NeuroRouteError):
    """What is stored can be neither read nor written for now. The text names no address and no statement."""

    retry_after = 1.0
    """Seconds."""


class NotStored(NeuroRouteError):
    """There is nothing of that name."""


class NameTaken(NeuroRouteError):
    """There is something of that name already."""


class NoEligibleModel(NeuroRouteError):
    """No enabled model could be asked."""


class ProviderWords(Struct, frozen=True, kw_only=True):
    """What a provider says of its failure: for the caller whose request it is about, never for a log or a record."""

    type: str | None = None
    code: str | None = None
    param: str | None = None
    message: str | None = None


class ProviderFailed(NeuroRouteError):
    """A provider did not answer, or stopped in the middle. The text is ours, never the provider's."""

    outcome = "failed"
    """One word for records and metrics."""

    def __init__(self, message: str, *, status: int | None = None, words: ProviderWords | None = None) -> None:
        super().__init__(message)
        self.status = status
        """The provider's HTTP status, when it gave one."""
        self.words = words
        """Its own, when it gave some that may be told."""


class ProviderRefused(ProviderFailed):
    """The provider will refuse this request again."""

    outcome = "refused"


class ProviderMisconfigured(ProviderFailed):
    """The provider does not accept our key, or does not know the model."""

    outcome = "misconfigured"


class ProviderThrottled(ProviderFailed):
    """The provider limits our rate, or we do: all connections that it may have are in use."""

    outcome = "throttled"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = 429,
        retry_after: float | None = None,
        words: ProviderWords | None = None,
    ) -> None:
        super().__init__(message, status=status, words=words)
        self.retry_after = retry_after
        """Seconds, when the provider said."""


class ProviderUnavailable(ProviderFailed):
    """The provider is down, slow, unreachable, or talks nonsense."""

    outcome = "unavailable"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        timed_out: bool = False,
        retry_after: float | None = None,
        words: ProviderWords | None = None,
    ) -> None:
        super().__init__(message, status=status, words=words)
        self.timed_out = timed_out
        self.retry_after = retry_after
        """Seconds, when the provider said."""


class AllCandidatesFailed(NeuroRouteError):
    """Every model that was tried failed. `failures` are in the order of trying, at least one."""

    def __init__(self, failures: Sequence[ProviderFailed]) -> None:
        super().__init__(f"All models failed. Original error: {failures[0]}")
        self.failures = tuple(failures)
