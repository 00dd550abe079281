"""Frame-by-frame computer vision without graph or case: pure functions, and small filters with `update(frame)`."""
