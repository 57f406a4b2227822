"""A person who connects an account: answers from a list, and a browser without windows."""

from urllib.parse import urljoin

import requests

from syndication.networks.login import granted, returned

REDIRECT = "http://127.0.0.1:8765/"


class Person:
    """Says what `answers` hold for what they are asked; `said` is what they were told."""

    def __init__(self, **answers):
        self.answers = {name.replace("_", " "): answer for name, answer in answers.items()}
        self.said, self.visited = [], []

    def say(self, words):
        self.said.append(words)

    def ask(self, what, *, hidden=False):
        assert hidden == any(word in what for word in ("secret", "token"))
        return self.answers[what]

    def own_client(self):
        return None

    def redirect(self, *, own=False, at=""):
        return REDIRECT

    def visit(self, url, name, value):
        """Follow the server's redirects with its cookies, until they lead back to us."""
        self.visited.append(url)
        with requests.Session() as browser:
            while not url.startswith(REDIRECT):
                answer = browser.get(url, allow_redirects=False, timeout=10)
                assert answer.is_redirect, answer.text
                url = urljoin(url, answer.headers["Location"])
        return granted(returned(url, name, value))


class Willing(Person):
    """One whom no server asks anything: they come back with the code at once."""

    def visit(self, url, name, value):
        self.visited.append(url)
        return {"code": "the-code-of-the-browser", name: value}
