"""The queue: Celery tasks that call the library, and the processes that keep a machine at work."""

from workers.app import app

__all__ = ["app"]
