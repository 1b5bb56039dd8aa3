"""MEASURE: rankings against judgments, replays of logs, simulated users, off-policy estimates, reports."""
