"""JUDGE: sequential tests, used by learning and by evaluation."""
