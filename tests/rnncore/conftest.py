"""Property tests take the time they need, and look at the same examples each time."""

from hypothesis import settings

settings.register_profile("unroll", deadline=None, derandomize=True)
settings.load_profile("unroll")
