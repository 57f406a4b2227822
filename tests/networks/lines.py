"""A line to a scripted server, as the tests of the line and of what it runs over open it."""

from syndication.networks.auth import Bearer
from syndication.networks.http import Http, Shape

SECRET = {"access_token": "a-token-nobody-may-see"}


class Made(Shape):
    id: str


def line(url, **settings):
    settings = {"seconds": 3.0, **settings}
    return Http(url, SECRET, Bearer(SECRET["access_token"]), lambda _: None, **settings)


def answer(status=200, body=None, **headers):
    return {"status": status, "headers": headers, "body": {"id": "1"} if body is None else body}
