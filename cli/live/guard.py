"""Who may talk to the server: whoever has its token, from a page of its own.

Any web page that the person has open may send requests to 127.0.0.1, and by DNS rebinding even under a name of its
own. So what is asked is looked at before any of it is answered: the host must be this server's own, the origin that
of its own page, and the path must begin with a token that nobody can guess.
"""

import hmac
import ipaddress
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_HTTP_PORT: Final = 80
_WRONG_TOKEN: Final = "This address is not whole. Open the one that posegloss live printed when it started.\n"


class Guard:
    """An ASGI middleware that lets through what has the token, and adds the headers that keep a page to itself.

    Args:
        app: what it guards; sees paths without the token.
        token: the first part of each path.
        host: what the server is bound to.
        port: the server's.
    """

    def __init__(self, app: ASGIApp, token: str, host: str, port: int) -> None:
        self._app, self._token, self._port = app, token, port
        self._names = {"localhost", "127.0.0.1", "[::1]", host.lower()}
        self._any_address = host not in ("localhost", "127.0.0.1", "::1")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = self._refused(scope, headers)
        if scope["type"] == "websocket":
            if refused or headers.get("origin") is None:
                # Before the handshake: it is answered by the status 403.
                await WebSocketClose()(scope, receive, send)
                return
            await self._app(self._without_token(scope), receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(MutableHeaders(scope=message), headers["host"])
            await send(message)

        if refused:
            await refused(scope, receive, send_guarded if "host" in headers else send)
        else:
            await self._app(self._without_token(scope), receive, send_guarded)

    def _refused(self, scope: Scope, headers: Headers) -> Response | None:
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return PlainTextResponse("This server does not have that name.\n", 421)
        if origins and origins != [f"http://{hosts[0]}"]:
            return PlainTextResponse("Pages of other sites may not talk to this server.\n", 403)
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("This server only shows its page.\n", 405)
        first = scope["path"].split("/")[1]
        if not hmac.compare_digest(first.encode(), self._token.encode()):
            return PlainTextResponse(_WRONG_TOKEN, 403)
        return RedirectResponse(f"/{self._token}/") if scope["path"] == f"/{self._token}" else None

    def _is_ours(self, host: str) -> bool:
        name, colon, port = host.lower().rpartition(":")
        if not colon or host.endswith("]"):
            name, port = host.lower(), str(_HTTP_PORT)
        if port != str(self._port):
            return False
        return name in self._names or (self._any_address and _is_address(name.strip("[]")))

    def _without_token(self, scope: Scope) -> Scope:
        prefix = f"/{self._token}"
        return {**scope, "path": scope["path"].removeprefix(prefix), "root_path": ""}

    def _add_headers(self, headers: MutableHeaders, host: str) -> None:
        # The socket by name, too: Safari's 'self' has not always meant it.
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src data: blob:; media-src blob:; "
            f"connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        headers["content-security-policy"] = policy
        headers["permissions-policy"] = "camera=(self), microphone=(), geolocation=()"
        headers["referrer-policy"] = "no-referrer"
        headers["x-content-type-options"] = "nosniff"
        headers["cross-origin-opener-policy"] = "same-origin"
        headers["cross-origin-resource-policy"] = "same-origin"
        headers["cache-control"] = "no-store"


def _is_address(name: str) -> bool:
    """Whether a host is a number: rebinding needs a name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
