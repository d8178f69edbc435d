"""What a rule finds."""
import collections

# rule, path and subject are what tests/tidy/exceptions.txt names; measure is what must not grow.
Breach = collections.namedtuple("Breach", "rule path line subject measure text")
