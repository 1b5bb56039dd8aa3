"""JUDGE: ranking measures, intervals, paired and sequential tests, off-policy estimators."""
