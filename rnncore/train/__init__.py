"""Training: from a recipe and a file to a folder of checkpoints and a feed of events.

loop          the training loop, a generator of events
run           what a run is made of while it trains, and how it goes on from a checkpoint
folder        the folder on disk: the lock, the feed, what the run was resolved to
checkpoint    whole or not at all
optimizer, schedule, precision, evaluate, diagnostics, baselines     one thing each
"""
