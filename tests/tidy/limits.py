"""The numbers that the house rules hold against, each with its reason; tidy.py names them in its messages."""

# A function is read at one look: a screen holds about 60 lines.
FUNCTION_LINES = 60

# A file has one subject. In this program the subjects that were really two began at about 400 lines.
FILE_LINES = 400

# Tests repeat themselves on purpose (each case readable alone), so one subject takes about twice the room.
TEST_FILE_LINES = 800

# Seven arguments are about what a reader can hold against a call without counting; beyond, a struct names them.
PARAMETERS = 7

# Two files side by side on a screen of usual width; clang-format's ColumnLimit.
COLUMNS = 120

# A folder's README says what lives there and where to begin. What needs more belongs into docs/ or a header.
README_LINES = 15
