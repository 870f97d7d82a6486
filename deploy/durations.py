"""Divides every duration of a Prometheus or Alertmanager file by a factor, so that an hour passes in a minute.

    python3 deploy/durations.py FACTOR < FILE > FILE

Changed are settings that hold a duration (interval, for, keep_firing_for, group_wait, ...) and, in expressions, ranges, subquery
steps and offsets. Names, labels and thresholds stay as they are: the series of window "1h" is then about 1h / FACTOR.
"""
import re
import sys

UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
DURATION = r"(?:\d+(?:ms|[smhdw]))+"
SETTING = re.compile(
    rf"^(\s*(?:- )?(?:\w+_)?(?:interval|for|timeout|wait)\s*:\s*)({DURATION})(\s*)$", re.MULTILINE)
RANGE = re.compile(rf"\[({DURATION})(?::({DURATION}))?\]")
OFFSET = re.compile(rf"(\boffset )({DURATION})")


def milliseconds(text):
    """Length of a duration such as 59m59s999ms."""
    return sum(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+)(ms|[smhdw])", text))


def divided(text, factor, least=1):
    """The duration divided by the factor, at least `least` milliseconds; 0 stays 0."""
    length = milliseconds(text)
    if length:
        length = max(least, length // factor)
    return f"{length // 1000}s" if length % 1000 == 0 else f"{length}ms"


def compress(text, factor):
    """The file with every duration divided. Settings are at least a second, because servers do not work faster."""
    text = SETTING.sub(lambda m: m[1] + divided(m[2], factor, 1000) + m[3], text)
    text = OFFSET.sub(lambda m: m[1] + divided(m[2], factor), text)
    return RANGE.sub(
        lambda m: "[" + divided(m[1], factor) + (":" + divided(m[2], factor) if m[2] else "") + "]", text)


if __name__ == "__main__":
    sys.stdout.write(compress(sys.stdin.read(), int(sys.argv[1])))
