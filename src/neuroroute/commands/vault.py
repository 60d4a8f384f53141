"""`neuroroute vault`: what is encrypted at rest, and by what."""

from collections.abc import Mapping

from neuroroute.commands.stored import stored
from neuroroute.infrastructure.sql.vault_rotation import Rotated


async def rotate_vault(environ: Mapping[str, str]) -> str:
    """What was done, in words. Running services go on meanwhile, and follow within a second.

    Raises:
        NeuroRouteError: a setting or the master key is wrong, or the database does not answer; nothing was changed.
    """
    async with stored(environ) as container:
        return words_of(await container.vault_rotation().rotate(by="cli"))


def words_of(rotated: Rotated) -> str:
    """What a rotation did, and what is left to do."""
    told = [
        f"Providers' keys encrypted anew: {rotated.resealed}.",
        f"Keys of the vault that have changed to the present master key: {rotated.rewrapped}.",
    ]
    if rotated.undecryptable:
        told.append(
            f"Left as they were, since nothing opens them: the keys of {', '.join(map(repr, rotated.undecryptable))}. "
            "Enter them again (POST /api-keys/), or set the master key of then in NEUROROUTE_MASTER_KEY_PREVIOUS and "
            "rotate again."
        )
    if rotated.unopened:
        told.append(
            f"Keys of the vault that belong to another master key: {rotated.unopened}. What they encrypt or hash, such "
            "as client keys, is lost without it: set it in NEUROROUTE_MASTER_KEY_PREVIOUS and rotate again."
        )
    elif not rotated.undecryptable:
        told.append("Everything opens with the present master key: no previous one is needed.")
    return "\n".join(told)
