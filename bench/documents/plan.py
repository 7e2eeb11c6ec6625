"""What a run of the document benchmarks will do, and about how long that takes.

The rates are round figures from runs of up to 300,000 documents on two busy cores, the first
question's and PostgreSQL's guesses upwards from there: an aid for choosing stages, no measurement.
"""

MAKE_PER_SECOND = 10_000
IMPORT_PER_SECOND = 11_000
FIRST_QUESTION_SECONDS = 0.003  # a machine's, from the disk
QUESTION_SECONDS = 0.002
QUESTION_UNDER_WRITES_SECONDS = 0.005
MACHINES = 8_809
POSTGRES_PER_SECOND = 8_000  # documents: loaded, indexed, analysed
DELETE_PER_SECOND = 4_000


def steps(options, classes):
    """(what, seconds)"""
    questions = options.queries * classes
    for size in options.sizes:
        yield f"{size:,} documents: make", size / MAKE_PER_SECOND
        yield f"{size:,} documents: import", size / IMPORT_PER_SECOND
        yield f"{size:,} documents: every machine once", MACHINES * FIRST_QUESTION_SECONDS
        yield f"{size:,} documents: {questions:,} questions", questions * QUESTION_SECONDS
    yield "the same, processors kept awake", questions * QUESTION_SECONDS
    if not options.no_postgres:
        yield f"{options.full:,} documents: PostgreSQL", options.full / POSTGRES_PER_SECOND
        yield "PostgreSQL: the same questions, at most", options.seconds * classes
    if not options.no_writes:
        yield "questions under writes", questions * QUESTION_UNDER_WRITES_SECONDS
    if not options.no_kill:
        yield "SIGKILL and start", 5
    if not options.no_deletes:
        yield "delete half", options.full / 2 / DELETE_PER_SECOND
        yield "questions after it, twice", 2 * questions * QUESTION_SECONDS


def print_plan(options, classes):
    planned = list(steps(options, classes))
    for what, seconds in planned:
        print(f"{seconds:7.0f} s  {what}")
    print(f"{sum(seconds for _, seconds in planned):7.0f} s  in all, about", flush=True)
