"""How a worker takes leave of a nudge, also where Redis has gone away meanwhile."""

from celery.worker.request import Request
from kombu.transport.virtual import QoS


class NudgeRequest(Request):  # type: ignore[misc]
    """A nudge in a worker's hands.

    Celery counts a nudge whose end Redis could not be told as still at work, and takes no other in its place: a worker
    whose hands were full when Redis went away stayed deaf for good (seen 2026-11, Celery 5.6.3 with kombu 5.6.2).
    """

    def acknowledge(self) -> None:
        """Say that it is done."""
        super().acknowledge()
        self._let_go()

    def reject(self, requeue: bool = False) -> None:
        """Say that it was not done."""
        super().reject(requeue)
        self._let_go()

    def _let_go(self) -> None:
        if not self.message.acknowledged:
            QoS.ack(self.message.channel.qos, self.message.delivery_tag)
