"""Numbers of things and of bytes, in words."""


def size(count: int) -> str:
    """A number of bytes for people."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def counted(number: int, noun: str) -> str:
    """A number of things, in words: `1 file`, `2 files`."""
    return f"{number} {noun}{'s' * (number != 1)}"
