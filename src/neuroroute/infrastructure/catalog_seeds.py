"""What an empty database begins with: the default models, and the many that are known."""

from pathlib import Path

from neuroroute.application.stores import CatalogStore
from neuroroute.domain.catalog import Catalog
from neuroroute.domain.catalog_plan import CatalogMisfit, plan
from neuroroute.domain.errors import StateUnavailable
from neuroroute.infrastructure.catalog_defaults import DEFAULTS
from neuroroute.infrastructure.catalog_file import Written, read_catalog
from neuroroute.infrastructure.data import DATABASE

SEEDS_NAME = "seeds"
"""Under which they are applied, once: what an administrator deletes of them stays deleted."""


class CatalogNotApplied(StateUnavailable):
    """The catalogue file does not fit to what is stored; it is tried again, as either may change."""


def seeds() -> Catalog:
    """The three defaults, enabled, and then the others, which are not (database/seeds/README.md)."""
    return plan(DEFAULTS, read_catalog(DATABASE / "seeds" / "catalog.json").catalog, prune=False).result


async def seed(store: CatalogStore, written: Written | None, *, by: str) -> None:
    """Load the seeds if they never were, then what `NEUROROUTE_CATALOG` says if it never was. Safe in many processes.

    Raises:
        CatalogNotApplied: it does not fit to what is stored.
        StateUnavailable: the database does not answer.
    """
    if not (await store.known()).providers:
        await store.apply_once(seeds(), name=SEEDS_NAME, by=by)
    if written is not None:
        try:
            await store.apply_once(written.catalog, name=written.digest, by=by)
        except CatalogMisfit as misfit:
            raise CatalogNotApplied(str(written.misfitting(misfit))) from misfit


def check_catalog(path: Path) -> None:
    """Whether the file can be applied to what an empty database begins with: it has to fit by itself.

    Raises:
        CatalogFileError: it cannot be read, is wrong, or names what is nowhere.
    """
    written = read_catalog(path)
    try:
        plan(seeds(), written.catalog, prune=False)
    except CatalogMisfit as misfit:
        raise written.misfitting(misfit) from None
