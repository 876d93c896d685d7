"""The routes of recipes."""

from sqlalchemy import Connection

from edgemeter.wire.base import Sha256
from edgemeter.wire.recipes import ResetRecipe
from edgemeter_server.access import audit
from edgemeter_server.http.caller import Admin
from edgemeter_server.http.routes import Router
from edgemeter_server.recipes.resetting import reset
from edgemeter_server.services import ServicesOf

router = Router(prefix="/v1/recipes", tags=["campaigns"])


@router.post("/{sha256}/reset")
async def reset_recipe(services: ServicesOf, caller: Admin, sha256: Sha256) -> ResetRecipe:
    """Forgets which file the first agent built of a recipe, and deletes what was measured of it.

    For a first build that was wrong: the next report says anew what the file is. Upgrade the agent first.
    """

    def work(connection: Connection) -> ResetRecipe:
        done = reset(connection, sha256)
        now_us = services.clock.now_us(connection)
        audit.record(connection, now_us, "recipe.reset", done.model_dump(), token_id=caller.token_id)
        return done

    return await services.database.write(work)
