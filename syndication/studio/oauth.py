"""What `syndicate serve` tells servers that let us in by OAuth: who we are, and where browsers come back to."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from syndication.config import Config
from syndication.networks.atproto import CLIENT_PATH, client_metadata
from syndication.networks.base import RETURN_PATH
from syndication.pipeline.connect import own_client

_BACK = (
    "Copy the whole address of this page, and paste it where `syndicate connect` waits for it.\n"
    "It is good once, and for a minute or so.\n"
)


def oauth_routes(config: Config) -> list[Route]:
    """None where [serve] names no public address. Raises ConfigError if our key cannot be read or made."""
    own = own_client(config)
    if own is None:
        return []
    told = client_metadata(own, config.brand.name)

    async def client(_: Request) -> JSONResponse:
        return JSONResponse(told, headers={"Cache-Control": "public, max-age=600"})

    async def back(_: Request) -> PlainTextResponse:
        # The address holds a code: nobody else is to learn or keep it.
        return PlainTextResponse(
            _BACK, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        )

    return [Route(CLIENT_PATH, client), Route(RETURN_PATH, back)]
