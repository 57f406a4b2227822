"""A story that changes while its posts are out: what tests of that say again and again."""

from scripted import post

from syndication.config import AccountTable
from syndication.pipeline import accept, prepare_next, run_due


def settle(store, config, clock, rounds=10, seconds=60):
    for _ in range(rounds):
        run_due(store, config)
        clock.move(seconds)


def change(store, config, event, revision=2, summary="The council votes on 50 homes.", **facts):
    accept(store, config, event(kind="update", revision=revision, summary=summary, **facts))
    while prepare_next(store, config):
        pass


def policy(config, word):
    return config.model_copy(update={"accounts": {"desk": AccountTable(correct=word)}})


def said(store, number=1):
    return post(store, number).draft.text
