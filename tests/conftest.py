"""How hard hypothesis looks: HYPOTHESIS_PROFILE is dev (the default), ci or deep. And that Ctrl-C is heard."""

import os
import signal

from hypothesis import settings

# No deadlines: how long a call takes is the benches' matter, and a busy machine is no failure.
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True, print_blob=True)
settings.register_profile("deep", max_examples=5000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

# A shell starts background jobs deaf to Ctrl-C, and their children inherit that: the tests of interrupts would find
# nothing to interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
