"""What networks tell of their rate limits, in the headers that each of them uses."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.models import Window
from syndication.networks import NETWORKS, connector
from syndication.networks.rates import LONGEST_PAUSE, number, resets_in, trio
from syndication.networks.transport import Answer


def told(network, headers, kind="posts"):
    return list(connector(network).windows(Answer(200, headers, b"{}"), kind))


def in_an_hour(form):
    moment = datetime.now(UTC) + timedelta(hours=1)
    return {"iso": moment.isoformat(), "unix": str(int(moment.timestamp())), "left": "3600"}[form]


@pytest.mark.parametrize(
    ("network", "prefix", "form"),
    [
        ("mastodon", "x-ratelimit-", "iso"),
        ("mastodon", "x-ratelimit-", "unix"),
        ("bluesky", "ratelimit-", "unix"),
        ("x", "x-rate-limit-", "unix"),
        ("pinterest", "x-ratelimit-", "left"),
    ],
)
def test_the_three_usual_headers_are_read_in_each_form(network, prefix, form):
    """Limit, remaining and reset, the reset as a time or as seconds left, are one limit of what was asked."""
    headers = {f"{prefix}limit": "300", f"{prefix}remaining": "17", f"{prefix}reset": in_an_hour(form)}
    (window,) = told(network, headers)
    assert window[:3] == ("posts", 17, 300)
    assert 3500 < window.seconds <= 3601
    assert not window.app


def test_x_tells_of_the_account_and_of_the_app():
    """The day's posts of the app count for all its accounts, those of the account for it alone."""
    day = {f"x-{whose}-limit-24hour-{name}": value for whose in ("user", "app") for name, value in
           (("limit", "100"), ("remaining", "0"), ("reset", in_an_hour("unix")))}  # fmt: skip
    assert [(one.name, one.app) for one in told("x", day)] == [("day", False), ("day", True)]


def test_tumblr_and_reddit_tell_of_the_app():
    """Both count all requests of an app; Reddit tells the used ones in place of the limit, in fractions."""
    span = {"x-ratelimit-perhour-limit": "1000", "x-ratelimit-perhour-remaining": "3"}
    (hour,) = told("tumblr", {**span, "x-ratelimit-perhour-reset": "90"})
    assert hour == Window("hour", 3, 1000, 90.0, app=True)
    (ten,) = told(
        "reddit",
        {"x-ratelimit-used": "4", "x-ratelimit-remaining": "996.0", "x-ratelimit-reset": "300"},
    )
    assert ten == Window("requests", 996, 1000, 300.0, app=True)


def test_meta_tells_percents_and_minutes():
    """The fullest of three measures counts; without a time to regain access it is looked at again soon."""
    busy = {"178": [{"call_count": 93, "total_time": 20, "estimated_time_to_regain_access": 0}]}
    app = {"call_count": 100, "total_cputime": 3, "estimated_time_to_regain_access": 7}
    headers = {"x-business-use-case-usage": json.dumps(busy), "x-app-usage": json.dumps(app)}
    business, whole = told("facebook", headers)
    assert business == Window("business", 7, 100, 900.0, app=False)
    assert whole == Window("app", 0, 100, 420.0, app=True)


def test_pinterests_list_of_limits_is_read_by_its_first():
    """Its limit is followed by others, with their windows and names."""
    limit = '60, 100;w=1;name="safety_net", 60;w=60;name="org"'
    headers = {"x-ratelimit-limit": limit, "x-ratelimit-remaining": "59", "x-ratelimit-reset": "12"}
    assert told("pinterest", headers) == [Window("posts", 59, 60, 12.0)]


WILD = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["nan", "-1", "inf", "-inf", "1e999", "9" * 400, "٣", "0x10", "9999-12-31T23:59:59Z", "1,2"]
    ),
    st.integers().map(str),
)


@given(st.sampled_from(sorted(NETWORKS)), st.data())
def test_hostile_headers_are_harmless(network, data):
    """Whatever a server writes there, a limit is a sane count and rests nobody for longer than a day."""
    names = [
        *(f"{prefix}{part}" for prefix in ("x-ratelimit-", "ratelimit-", "x-rate-limit-", "x-ratelimit-perday-")
          for part in ("limit", "remaining", "reset", "reset-after", "used")),
        "x-app-usage", "x-business-use-case-usage",
    ]  # fmt: skip
    headers = data.draw(st.dictionaries(st.sampled_from(names), WILD, max_size=4))
    for window in told(network, headers):
        assert window.remaining >= 0
        assert window.limit is None or window.limit >= 0
        assert 0 <= window.seconds <= LONGEST_PAUSE


@pytest.mark.parametrize("value", ["nan", "-1", "inf", "1e999", "", "many", None])
def test_a_number_that_is_none_tells_nothing(value):
    """A limit whose count cannot be read is not remembered."""
    assert number(value) is None
    headers = {"x-remaining": str(value), "x-reset": "60"}
    assert trio("x-").read(headers, "posts") is None


@pytest.mark.parametrize("value", ["nan", "-1", "inf", "1e999", "1e11", "", "soon"])
def test_a_reset_that_is_no_time_tells_nothing(value):
    """Neither that the limit has begun anew, nor that it never will."""
    assert resets_in(value) is None


def test_a_reset_in_years_is_taken_for_a_day():
    """A clock that is set wrong at a server costs a day at the most."""
    assert resets_in("2039-01-01T00:00:00Z") == LONGEST_PAUSE
    assert resets_in("2001-01-01T00:00:00Z") == 0
