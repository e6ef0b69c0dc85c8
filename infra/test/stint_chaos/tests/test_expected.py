"""What pings come to, and how a ledger that differs is told; the examples are those of docs/capture.md."""

import sys
import unittest
from datetime import date, datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[4]
sys.path.append(str(ROOT / "infra/bench"))

from stint_chaos.expected import Ledger, Ping, Token, differences, ledger_of, minutes_by_day  # noqa: E402
from stint_chaos.fleet import request, rfc3339  # noqa: E402

UTC = ZoneInfo("UTC")
DAY = date(2026, 11, 20)


def at(text: str, day: int = 20) -> int:
    hour, minute, *second = (int(part) for part in text.split(":"))
    moment = datetime(2026, 11, day, hour, minute, *second, tzinfo=timezone.utc)
    return int(moment.timestamp()) * 1_000_000


def minutes(*times: int, zone: ZoneInfo = UTC) -> dict[date, int]:
    """Of one job."""
    signs = [(time, str(number), "job") for number, time in enumerate(times)]
    return {day: count for (_, day), count in minutes_by_day(signs, 900, zone).items()}


def of_jobs(*signs: tuple[str, str]) -> dict[str, int]:
    """Minutes by job on `DAY`."""
    signs = [(at(time), str(number), job) for number, (job, time) in enumerate(signs)]
    return {job: count for (job, day), count in minutes_by_day(signs, 900, UTC).items() if day == DAY}


class Derived(unittest.TestCase):
    def test_neighbours_less_than_the_gap_apart_prove_the_time_between(self):
        self.assertEqual(minutes(at("9:00"), at("9:10"), at("9:24")), {DAY: 24})
        self.assertEqual(minutes(at("9:00"), at("9:10"), at("9:25")), {DAY: 10})
        self.assertEqual(minutes(at("9:00"), at("9:25"), at("9:12")), {DAY: 25})

    def test_a_day_is_rounded_once_and_without_a_minute_there_is_none(self):
        self.assertEqual(minutes(at("9:00:00"), at("9:00:40"), at("14:00:00"), at("14:00:30")), {DAY: 1})
        self.assertEqual(minutes(at("9:00:00"), at("9:00:59")), {})
        self.assertEqual(minutes(at("9:00")), {})

    def test_the_time_between_two_jobs_is_the_earlier_ones(self):
        self.assertEqual(of_jobs(("A", "9:00"), ("B", "9:04"), ("A", "9:10")), {"A": 4, "B": 6})
        self.assertEqual(of_jobs(("A", "9:00"), ("A", "9:10"), ("B", "9:04")), {"A": 4, "B": 6})
        self.assertEqual(of_jobs(("A", "9:00"), ("B", "9:20"), ("B", "9:30")), {"B": 10})
        times = [("AB"[place % 2], f"{9 + place * 4 // 60}:{place * 4 % 60:02}") for place in range(31)]
        self.assertEqual(of_jobs(*times), {"A": 60, "B": 60})
        self.assertEqual(of_jobs(("A", "23:52"), ("B", "23:58"), ("B", "23:59")), {"A": 6, "B": 1})

    def test_local_midnight_divides(self):
        self.assertEqual(minutes(at("23:50"), at("0:02", day=21)), {DAY: 10, date(2026, 11, 21): 2})
        berlin = ZoneInfo("Europe/Berlin")
        self.assertEqual(minutes(at("22:50"), at("23:02"), zone=berlin), {DAY: 10, date(2026, 11, 21): 2})

    def test_a_day_has_at_most_its_minutes(self):
        long_day = ZoneInfo("Europe/Berlin")  # 2026-10-25 has 25 hours
        midnight = int(datetime(2026, 10, 25, tzinfo=long_day).timestamp()) * 1_000_000
        signs = [midnight + minute * 60_000_000 for minute in range(0, 25 * 60 + 1, 10)]
        signs = [(sign, "", "job") for sign in signs]
        self.assertEqual(minutes_by_day(signs, 900, long_day), {("job", date(2026, 10, 25)): 1440})


class Ledgers(unittest.TestCase):
    def setUp(self):
        token, other = Token("secret", "job", "UTC", 900), Token("other", "job", "UTC", 900)
        self.pings = [
            ("a", Ping(token, "1", minutes=30)),
            ("b", Ping(token, "2", at=at("9:00"))),
            ("c", Ping(token, "3", at=at("9:05"))),
            ("d", Ping(other, "4", at=at("9:10"))),
        ]

    def test_streams_are_apart_and_totals_are_sums(self):
        ledger = ledger_of(self.pings, {"Job": "job", "Idle": "idle"})
        self.assertEqual(ledger.totals, {"job": 35, "idle": 0})
        self.assertEqual(dict(ledger.entries), {("a", "job", 30): 1})
        self.assertEqual(dict(ledger.derived), {("job", "2026-11-20", 5): 1})

    def test_pings_of_several_jobs_count_for_theirs(self):
        token = Token("secret", None, "UTC", 900)
        pings = [
            ("a", Ping(token, "1", at=at("9:00"), project="Job")),
            ("b", Ping(token, "2", at=at("9:05"), project="Idle")),
            ("c", Ping(token, "3", minutes=7, project="Idle")),
        ]
        self.assertEqual(ledger_of(pings, {"Job": "job", "Idle": "idle"}).totals, {"job": 5, "idle": 7})

    def test_what_agrees_has_no_differences(self):
        self.assertEqual(differences(ledger_of(self.pings, {"Job": "job"}), ledger_of(self.pings[::-1], {"Job": "job"})), [])

    def test_a_lost_ping_and_a_double_one_are_told(self):
        expected = ledger_of(self.pings, {"Job": "job"})
        lost = differences(expected, ledger_of(self.pings[1:], {"Job": "job"}))
        self.assertEqual(lost[0], "pings, missing: 1, such as ('a', 'logged')")
        self.assertEqual(lost[-1], "total of job job: 5 instead of 35")
        doubled = differences(expected, ledger_of([*self.pings, self.pings[0]], {"Job": "job"}))
        self.assertEqual(doubled[1], "entries, too much: 1, such as ('a', 'job', 30)")
        self.assertEqual(len(differences(expected, Ledger(totals={"job": 35}))), 3)


class Requests(unittest.TestCase):
    def test_a_ping_says_the_same_in_the_query_and_in_the_body(self):
        ping = Ping(Token("s", "job", "UTC", 900), "sender 1 0", at=at("9:00") + 5, minutes=7)
        self.assertEqual(rfc3339(ping.at), "2026-11-20T09:00:00.000005Z")
        self.assertEqual(
            request(ping, as_body=False)[:2],
            ("GET", "/ping/s?id=sender%201%200&minutes=7&at=2026-11-20T09%3A00%3A00.000005Z"),
        )
        self.assertEqual(
            request(ping, as_body=True)[2], '{"id": "sender 1 0", "minutes": 7, "at": "2026-11-20T09:00:00.000005Z"}'
        )


if __name__ == "__main__":
    unittest.main()
