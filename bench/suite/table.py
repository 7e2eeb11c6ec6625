"""Tables of medians with their spread."""

import statistics


def spread(values, form="{:,.0f}", unit=""):
    """"12 (10–15)": the median and the range."""
    unit = " " + unit if unit else ""
    middle = form.format(statistics.median(values)) + unit
    if len(values) == 1:
        return middle
    return f"{middle} ({form.format(min(values))}–{form.format(max(values))})"


def ratio(ours, theirs):
    """The median of the ratios of runs that lay side by side."""
    return statistics.median(a / b for a, b in zip(ours, theirs))


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def size_name(size):
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= unit and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} B"
