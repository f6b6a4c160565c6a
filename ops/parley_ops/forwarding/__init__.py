"""Lines of all parts' logs, sent to a collector on another machine as they come: syslog over TLS (RFC 5424, 5425).

What was sent can be changed here no more, and is read and judged where several machines' lines come together. A collector that is
away holds nothing up: lines wait in their files, for as long as those are kept.
"""
