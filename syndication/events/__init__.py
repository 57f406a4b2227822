"""What a CMS sends -> `PublishEvent`. One file a source: JSON here, `page` for HTML pages, `webhook` for signatures."""

from syndication.events.event import parse_event
from syndication.events.schema import event_schema

__all__ = ["event_schema", "parse_event"]
