"""The figures of capture, and what is understood of Redis's protocol."""

import io
import unittest

from stint_bench import BenchError, capture_report, redis
from stint_bench.capture import Figures, tokens_sql
from stint_bench.contenders import BARE_HTTP
from stint_bench.drain import Drained, Memory, Rounds
from stint_bench.ledger import Ledger
from stint_bench.measure import Result
from stint_bench.pings import STINT_ON_REDIS, XADD
from stint_bench.sample import Sample
from stint_bench.workloads import CAPTURE


def result(who: str, *samples: tuple[int, float]) -> Result:
    return Result(CAPTURE["P1"], who, [Sample(rate, 1.0, p50, 2.0) for rate, p50 in samples])


class Protocol(unittest.TestCase):
    def test_a_command_is_an_array_of_its_words(self):
        self.assertEqual(redis.command("XADD", "k", b"\x00", 5), b"*4\r\n$4\r\nXADD\r\n$1\r\nk\r\n$1\r\n\x00\r\n$1\r\n5\r\n")

    def test_answers_are_read_whole(self):
        stream = io.BytesIO(b"+PONG\r\n:7\r\n$3\r\na\r\n\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*-1\r\n$-1\r\n")
        read = [redis.answer(stream) for _ in range(5)]
        self.assertEqual(read, [b"PONG", 7, b"a\r\n", [[b"1-0", None]], None])

    def test_an_error_and_an_end_are_errors(self):
        for stream in (b"-LOADING Redis is loading\r\n", b""):
            with self.assertRaises(BenchError):
                redis.answer(io.BytesIO(stream))


class Tables(unittest.TestCase):
    def setUp(self):
        throughput = [result(BARE_HTTP, (100, 1), (50, 1)), result(STINT_ON_REDIS, (60, 1), (40, 1))]
        latency = [result(BARE_HTTP, (9, 0.25)), result(XADD, (9, 0.125)), result(STINT_ON_REDIS, (9, 0.5))]
        worker = [Drained(1000, 1.0, 0.5, 0.2, 2**25), Drained(3000, 2.0, 1.5, 0.2, 2**24)]
        alone = [Drained(2000, 1.0, None, 0.1, None), Drained(2000, 1.0, None, 0.1, None)]
        self.figures = Figures(
            "7", throughput, latency, Rounds(worker, alone), {"SQLite": [1.0, 2.0]},
            Memory(10, 5, 9.0, 2**20, 2**20, 2**30, 2**25, worker[0]),
        )

    def rows(self) -> list[str]:
        return [line for line in capture_report.as_markdown(self.figures, 64).splitlines() if line.startswith("|")]

    def test_every_figure_is_shown_with_its_limit(self):
        rows = self.rows()
        self.assertIn("| Stint on Redis | 50 | 1.00 | 2.00 | – | – | – | 0.70 (0.60 to 0.80) |", rows)
        self.assertIn("| Stint on Redis | 0.500 | 2.000 | 0.125 (0.125 to 0.125) |", rows)
        self.assertIn("| one worker | 1,250 | 32.0 | 5.00 | 1.33 | 0.62 (0.50 to 0.75) |", rows)
        self.assertIn("| SQLite | 2 | 1.0 | 2.0 | 2.0 |", rows)
        self.assertIn("| Redis | 1,024.0 |", rows)

    def test_json_holds_what_the_tables_show(self):
        content = capture_report.as_json(self.figures)
        self.assertEqual(content["to_http"]["least"], 0.6)
        self.assertEqual(content["above_http_and_xadd"]["median"], 0.125)
        self.assertEqual([run["rate"] for run in content["drain"]["worker"]], [1000, 1500])
        self.assertEqual(content["memory"]["drained"]["pings"], 1000)

    def test_what_was_not_asked_for_is_left_out(self):
        self.figures = Figures("7", lags={"SQLite": [1.0]})
        self.assertEqual(len(self.rows()), 3)
        self.assertEqual(capture_report.as_json(self.figures).keys(), {"redis", "lags"})


class Tokens(unittest.TestCase):
    def test_each_job_has_one(self):
        self.assertIn("generate_series(100000000001, 100000000010)", tokens_sql(Ledger(jobs=10, entries=0)))


if __name__ == "__main__":
    unittest.main()
