"""The catalogue's rows, to and from the domain's types."""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from neuroroute.domain.catalog import Catalog, Kind, KnownModel, KnownProvider
from neuroroute.domain.catalog_plan import CatalogPlan
from neuroroute.domain.model import Ability, Dialect, ModelId, Price, ProviderName, Ranks
from neuroroute.infrastructure.sql.tables import ModelRow, ProviderRow

_WORDS: Final = msgspec.json.Decoder(tuple[str, ...])
_ABILITIES: Final = msgspec.json.Decoder(frozenset[Ability])


class CatalogRows(Struct):
    """All of them, in registry order."""

    providers: Sequence[ProviderRow]
    models: Sequence[ModelRow]

    def catalog(self) -> Catalog:
        return Catalog(tuple(map(_known_provider, self.providers)), tuple(map(_known_model, self.models)))


async def read_rows(session: AsyncSession) -> CatalogRows:
    """Models first: a provider that is added with them in between is then not missed by one of them."""
    models = (await session.scalars(select(ModelRow).order_by(ModelRow.position, ModelRow.id))).all()
    providers = (await session.scalars(select(ProviderRow).order_by(ProviderRow.position, ProviderRow.name))).all()
    return CatalogRows(providers, models)


async def write_changes(session: AsyncSession, rows: CatalogRows, plan: CatalogPlan) -> None:
    """Of `rows`, as they were read in this session. What is new comes last."""
    providers = {row.name: row for row in rows.providers}
    models = {row.id: row for row in rows.models}
    last = max([row.position for row in (*rows.providers, *rows.models)], default=0)
    for position, change in enumerate(plan.changes, last + 1):
        row = models.get(change.name) if change.kind is Kind.MODEL else providers.get(change.name)
        match change.after:
            case None:
                await session.delete(row)
            case KnownProvider() if row is None:
                session.add(ProviderRow(position=position, **_provider_values(change.after)))
            case KnownModel() if row is None:
                session.add(ModelRow(position=position, **_model_values(change.after)))
            case KnownProvider():
                _set(row, _provider_values(change.after))
            case KnownModel():
                _set(row, _model_values(change.after))
    await session.flush()


def _set(row: ProviderRow | ModelRow | None, values: dict[str, object]) -> None:
    for field, value in values.items():
        setattr(row, field, value)


def _known_provider(row: ProviderRow) -> KnownProvider:
    return KnownProvider(
        name=ProviderName(row.name),
        dialect=Dialect(row.dialect),
        base_url=row.base_url,
        api_key_env=row.api_key_env,
        local=row.local,
        max_connections=row.max_connections,
        trusted=row.trusted,
    )


def _provider_values(provider: KnownProvider) -> dict[str, object]:
    return {**msgspec.structs.asdict(provider), "dialect": provider.dialect.value}


def _known_model(row: ModelRow) -> KnownModel:
    price = (
        Price(
            prompt=row.prompt_price,
            completion=row.completion_price,
            cached=row.cached_price,
            cache_write=row.cache_write_price,
        )
        if row.prompt_price is not None and row.completion_price is not None
        else None
    )
    return KnownModel(
        id=ModelId(row.id),
        name=row.name,
        provider=ProviderName(row.provider),
        upstream=row.upstream,
        capabilities=_WORDS.decode(row.capabilities),
        max_tokens=row.max_tokens,
        context_window=row.context_window,
        avg_latency_ms=row.avg_latency_ms,
        price=price,
        ranks=Ranks(speed=row.speed_rank, cost=row.cost_rank, quality=row.quality_rank),
        abilities=_ABILITIES.decode(row.abilities),
        embedding_space=row.embedding_space,
        enabled=row.enabled,
    )


def _model_values(model: KnownModel) -> dict[str, object]:
    price, ranks = model.price, model.ranks
    return {
        "id": model.id,
        "name": model.name,
        "provider": model.provider,
        "upstream": model.upstream,
        "capabilities": msgspec.json.encode(model.capabilities).decode(),
        "max_tokens": model.max_tokens,
        "context_window": model.context_window,
        "avg_latency_ms": model.avg_latency_ms,
        "prompt_price": price and price.prompt,
        "completion_price": price and price.completion,
        "cached_price": price and price.cached,
        "cache_write_price": price and price.cache_write,
        "speed_rank": ranks.speed,
        "cost_rank": ranks.cost,
        "quality_rank": ranks.quality,
        "abilities": msgspec.json.encode(sorted(model.abilities)).decode(),
        "embedding_space": model.embedding_space,
        "enabled": model.enabled,
    }
