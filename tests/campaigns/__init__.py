"""Campaigns: every place at which durable may be interrupted, one after the other, on each database.

`points` has what can go wrong at one place; `stage` the world that it goes wrong in; `scenarios` what is
played there; `crash` (S), `pause` (P), `races` (X), `machine` (H), `mutants` (M) and `chaos` (C) are the
campaigns. `python -m tests.campaigns` plays them; the tests beside it play samples.
"""
