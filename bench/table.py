"""Tables of figures: a title, a row for each server, what qvtd must reach beside its own figure."""

WIDTH = 30


def figure(value, digits):
    return "-" if value is None else f"{value:.{digits}f}"


def print_title(title, *columns):
    print(f"\n{title}")
    print(f"{'':{WIDTH}}" + "".join(f"{column:>{max(12, len(column) + 2)}}" for column in columns), flush=True)


def print_row(name, columns, *cells, note=""):
    """Cells are text, in the order of the columns."""
    padded = "".join(f"{cell:>{max(12, len(column) + 2)}}" for column, cell in zip(columns, cells))
    print(f"{name:{WIDTH}}{padded}{'  ' + note if note else ''}".rstrip(), flush=True)


def print_missing(sentences):
    """Rows for those who are not in the table."""
    for sentence in sentences:
        print(sentence, flush=True)


def at_most(goal, measured, unit):
    """The goal, and by how much it is missed."""
    if measured <= goal:
        return f"must <= {goal:g} {unit}: met"
    return f"must <= {goal:g} {unit}: over, x {measured / goal:.2f}"


def beside(name, goal, measured, peer_goal, peer):
    """The same as a share of a peer in this run and in the table of goals: that does not drift with the machine."""
    return "" if peer is None else f"; {measured / peer:.2f} x {name}, goal {goal / peer_goal:.2f}"


def at_least(goal, measured, unit):
    if measured >= goal:
        return f"must >= {goal:g} {unit}: met"
    return f"must >= {goal:g} {unit}: under, x {measured / goal:.2f}"
