"""What must hold of a conversation after any fault: acknowledged once, everywhere, in one order."""

from collections import Counter
from collections.abc import Mapping, Sequence

#: (sequence, text) in the order in which a device has it; a text is `AUTHOR NUMBER`, numbers rising.
Rows = Sequence[tuple[int, str]]


def disagreements(histories: Mapping[str, Rows], acknowledged: Mapping[str, int]) -> list[str]:
    """Every way in which the devices' histories break the promise, as sentences."""
    found: list[str] = []
    reference_name, reference = next(iter(histories.items()))
    for name, rows in histories.items():
        found += one_history(name, rows)
        at = {text: sequence for sequence, text in rows}
        missing = [text for text in acknowledged if text not in at]
        moved = [text for text, sequence in acknowledged.items() if at.get(text, sequence) != sequence]
        found += [f"{name} lost {len(missing)} acknowledged messages, such as {missing[0]}"] if missing else []
        found += [f"{name} has {len(moved)} elsewhere than acknowledged, such as {moved[0]}"] if moved else []
        if list(rows) != list(reference):
            found.append(f"{name} and {reference_name} differ")
    return found


def one_history(name: str, rows: Rows) -> list[str]:
    """What is wrong within one device's rows."""
    found = []
    twice = [text for text, count in Counter(text for _, text in rows).items() if count > 1]
    if twice:
        found.append(f"{name} has {len(twice)} messages twice, such as {twice[0]}")
    sequences = [sequence for sequence, _ in rows]
    if sequences != sorted(set(sequences)):
        found.append(f"{name} has its messages out of order")
    numbers: dict[str, int] = {}
    for _, text in rows:
        author, number = text.split()
        if int(number) <= numbers.get(author, int(number) - 1):
            found.append(f"{name} has the messages of {author} out of their order")
            break
        numbers[author] = int(number)
    return found
