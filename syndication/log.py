"""Log lines: a fixed phrase for machines to count, then its facts as JSON for people to read."""

import json
import logging
from datetime import UTC, datetime

_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}

# At DEBUG the first three write tokens, codes and whole answers into their lines; alembic tells of itself at INFO.
_TALKATIVE = ("requests_oauthlib", "oauthlib", "urllib3", "alembic")


class Lines(logging.Formatter):
    """One line a record: time, level, logger, phrase, facts."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        facts = {name: value for name, value in record.__dict__.items() if name not in _PLAIN}
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = f"{when} {record.levelname} {record.name}: {record.getMessage()}"
        if facts:
            line += " " + json.dumps(facts, ensure_ascii=False, default=str)
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def start_logging(level: int = logging.INFO) -> None:
    """From now on this process writes `Lines` to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
