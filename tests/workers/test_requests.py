"""A worker lets go of a nudge also where Redis has gone away."""

import pytest
from kombu import Connection, Consumer
from machines import Machine, free_port, redis_words, until
from redis import Redis, RedisError


@pytest.fixture
def room(tmp_path, monkeypatch):
    """A newsroom's folder, whose config the workers' app is set up by."""
    (tmp_path / "syndicate.toml").write_text("")
    monkeypatch.setenv("SYNDICATE_CONFIG", str(tmp_path / "syndicate.toml"))
    return tmp_path


def test_a_nudge_whose_end_redis_was_not_told_fills_no_hand(room):
    """What cannot be told is let go of: else the worker takes nothing more, even when Redis is back."""
    from workers.app import app
    from workers.requests import NudgeRequest
    from workers.tasks import draw

    port, taken = free_port(), []
    redis = Machine("redis", redis_words(port, room), room).start()
    try:
        until(lambda: _answers(port), 60, "Redis answers")
        with Connection(f"redis://127.0.0.1:{port}/0") as line:
            app.send_task("workers.draw", queue="draw", connection=line)
            channel = line.channel()
            queue = app.amqp.queues["draw"]
            with Consumer(channel, [queue], on_message=taken.append, prefetch_count=1, accept=["json"]):
                line.drain_events(timeout=5)
            [message] = taken
            request = NudgeRequest(
                message,
                app=app,
                task=draw,
                on_ack=message.ack_log_error,
                connection_errors=line.connection_errors,
            )
            assert not channel.qos.can_consume()
            redis.kill()
            request.acknowledge()
            assert not message.acknowledged
            assert channel.qos.can_consume()
    finally:
        redis.stop()


def _answers(port):
    try:
        return Redis(port=port).ping()
    except RedisError:
        return False
