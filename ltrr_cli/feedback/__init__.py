"""LISTEN: what users were shown and did – read from other systems' logs, kept in append-only logs of our own.

`formats.Feedback` reads files and streams, `log.Log` appends and replays, `impressions.Impressions` finds what was
shown by query id. The format on disk is User Behavior Insights 1.3; what a log line adds to it is in `ubi` and `trace`.
Nothing is imported here: a query writes one line, and should not wait for the readers of other systems' logs.
"""
