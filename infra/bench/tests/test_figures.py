"""What is read from wrk and pgbench, and what becomes of it. See README.md for how to run it."""

import contextlib
import io
import types
import unittest
from dataclasses import replace

from stint_bench import BenchError, pgbench, report, wrk
from stint_bench.bare import BareAsync, ensure_as_large
from stint_bench.contenders import BARE_ASYNC, BARE_HTTP, BEFORE, BY_COOKIE, PGBENCH, STINT_ON_POSTGRES, Browsers, Service
from stint_bench.ledger import FIRST_JOB, Ledger, entry_id, job_id
from stint_bench.measure import Result, measure
from stint_bench.options import workload
from stint_bench.pgbench import text
from stint_bench.postgres import load_sql
from stint_bench.sample import Sample, delays, percentile, ratios, spread
from stint_bench.service import AnswerSizes
from stint_bench.workloads import CAPTURE, WORKLOADS

WRK = """Running 2s test @ http://127.0.0.1:8080
  2 threads and 64 connections
Requests/sec:  50000.00
BENCH {"requests": 100000, "microseconds": 2000000, "p50": 1250, "p99": 4500, "refused": 0, "broken": 0}
"""
PGBENCH_SUMMARY = """pgbench (15.14)
transaction type: multiple scripts
number of transactions actually processed: 3000
number of failed transactions: 0 (0.000%)
latency average = 0.8 ms
initial connection time = 12.345 ms
tps = 1500.000000 (without initial connection time)
"""


def sample(rate: float, p50: float = 1.0, **costs) -> Sample:
    return Sample(requests=int(rate), seconds=1.0, p50=p50, p99=2.0, **costs)


class Wrk(unittest.TestCase):
    def test_a_result_is_read(self):
        read = wrk.parse(WRK)
        self.assertEqual((read.rate, read.p50, read.p99), (50_000, 1.25, 4.5))

    def test_a_refused_request_fails_the_run(self):
        with self.assertRaisesRegex(BenchError, "^7 of 100000 requests were refused"):
            wrk.parse(WRK.replace('"refused": 0', '"refused": 7'))

    def test_a_broken_request_fails_the_run(self):
        with self.assertRaisesRegex(BenchError, "1 broke off"):
            wrk.parse(WRK.replace('"broken": 0', '"broken": 1'))

    def test_no_result_fails_the_run(self):
        for output in ("", WRK.replace("BENCH", "bench"), WRK.replace('"requests": 100000', '"requests": 0')):
            with self.assertRaises(BenchError):
                wrk.parse(output)


class PgbenchOutput(unittest.TestCase):
    def test_a_result_is_read_with_latencies_from_every_thread_s_log(self):
        logs = ["0 1 900 0 1 1\n1 1 100 0 1 1\n", "2 1 500 0 1 1\n"]
        read = pgbench.parse(PGBENCH_SUMMARY, logs)
        self.assertEqual((read.requests, read.rate, read.p50, read.p99), (3000, 1500, 0.5, 0.9))

    def test_a_failed_transaction_fails_the_run(self):
        with self.assertRaisesRegex(BenchError, "^2 of pgbench's transactions failed"):
            pgbench.parse(PGBENCH_SUMMARY.replace("failed transactions: 0", "failed transactions: 2"), ["0 1 9 0 1 1"])

    def test_no_result_fails_the_run(self):
        for summary, logs in (("", ["0 1 9 0 1 1"]), (PGBENCH_SUMMARY, []), (PGBENCH_SUMMARY, [""])):
            with self.assertRaises(BenchError):
                pgbench.parse(summary, logs)


class Figures(unittest.TestCase):
    def test_ratios_are_taken_within_a_round(self):
        # The machine became twice as slow after the first round; the ratio did not change.
        self.assertEqual(ratios([sample(200), sample(100)], [sample(100), sample(50)]), spread([2.0, 2.0]))

    def test_a_missing_round_is_not_glossed_over(self):
        with self.assertRaises(ValueError):
            ratios([sample(200)], [sample(100), sample(50)])

    def test_the_median_comes_with_its_extremes(self):
        shown = spread([3.0, 1.0, 2.0, 9.0])
        self.assertEqual((shown.median, shown.least, shown.most), (2.5, 1.0, 9.0))

    def test_delays_are_taken_within_a_round(self):
        self.assertEqual(delays([sample(1, 0.5), sample(1, 0.7)], [sample(1, 0.25), sample(1, 0.2)]).median, 0.375)

    def test_delays_can_be_above_several_limits_one_after_the_other(self):
        self.assertEqual(delays([sample(1, 0.75)], [sample(1, 0.25)], [sample(1, 0.125)]).median, 0.375)

    def test_a_percentile_is_a_figure_that_was_seen(self):
        hundred = [float(n) for n in range(1, 101)]
        self.assertEqual((percentile(hundred, 0.5), percentile(hundred, 0.99), percentile([7.0], 0.99)), (50, 99, 7))


class Tables(unittest.TestCase):
    def setUp(self):
        w1 = WORKLOADS["W1"]
        self.results = [
            Result(w1, BARE_HTTP, [sample(4000, service_cpu=0.4, peak_memory=2**20)]),
            Result(w1, PGBENCH, [sample(2000, 0.2, database_cpu=1.0)]),
            Result(w1, BARE_ASYNC, [sample(1600, 0.25, service_cpu=0.32, database_cpu=0.8, peak_memory=2**22)]),
            Result(w1, STINT_ON_POSTGRES, [sample(1000, 0.3, service_cpu=0.5, database_cpu=0.25, peak_memory=2**25)]),
        ]

    def test_a_row_shows_figures_costs_and_ratios(self):
        self.assertEqual(
            report.throughput_table(self.results).splitlines()[-1],
            "| W1 read a job | Stint on Postgres | 1,000 | 0.30 | 2.00 | 32.0 | 5.00 | 2.50 "
            "| 0.50 (0.50 to 0.50) | 0.62 (0.62 to 0.62) | 0.250 (0.250 to 0.250) |",
        )

    def test_what_means_nothing_is_a_dash(self):
        self.assertEqual(
            report.throughput_table(self.results).splitlines()[-3],
            "| W1 read a job | pgbench | 2,000 | 0.20 | 2.00 | – | – | 5.00 | – | – | – |",
        )

    def test_bare_async_is_held_against_the_limits_and_not_against_itself(self):
        self.assertEqual(
            report.throughput_table(self.results).splitlines()[-2],
            "| W1 read a job | bare async | 1,600 | 0.25 | 2.00 | 4.0 | 2.00 | 5.00 "
            "| 0.80 (0.80 to 0.80) | – | 0.400 (0.400 to 0.400) |",
        )

    def test_what_was_not_measured_has_no_column(self):
        del self.results[2]
        self.assertNotIn("bare async", report.throughput_table(self.results) + report.latency_table(self.results))
        self.assertIn("to the database alone | to bare HTTP |", report.throughput_table(self.results))

    def test_latency_is_shown_above_the_database_alone_and_bare_async(self):
        self.assertEqual(
            report.latency_table(self.results).splitlines()[-1],
            "| W1 read a job | Stint on Postgres | 0.300 | 2.000 | 0.100 (0.100 to 0.100) | 0.050 (0.050 to 0.050) |",
        )

    def test_an_earlier_build_is_what_the_new_one_is_held_against(self):
        w1 = self.results[0].workload
        earlier = Result(w1, STINT_ON_POSTGRES + BEFORE, [sample(800)])
        self.assertEqual(
            report.before_table([*self.results, earlier]).splitlines()[-1],
            "| W1 read a job | Stint on Postgres | 800 | 1,000 | 1.25 (1.25 to 1.25) |",
        )

    def test_a_cookie_is_held_against_the_token_of_the_same_service(self):
        w1 = self.results[0].workload
        by_cookie = Result(w1, STINT_ON_POSTGRES + BY_COOKIE, [sample(950)])
        self.assertEqual(
            report.browsers_table([*self.results, by_cookie]).splitlines()[-1],
            "| W1 read a job | Stint on Postgres | 1,000 | 950 | 0.95 (0.95 to 0.95) |",
        )

    def test_json_holds_the_table_s_figures_and_every_sample(self):
        stint = report.as_json(self.results)[-1]
        self.assertEqual(stint["summary"]["to_database"], {"median": 0.5, "least": 0.5, "most": 0.5})
        self.assertEqual(stint["summary"]["to_async"], {"median": 0.625, "least": 0.625, "most": 0.625})
        self.assertEqual([each["rate"] for each in stint["samples"]], [1000])


class Peers(unittest.TestCase):
    sizes = AnswerSizes(job=300, page=17_000, entry=320, batch=35_000)

    def test_an_answer_with_other_digits_is_as_large(self):
        ensure_as_large(self.sizes, AnswerSizes(job=302, page=17_003, entry=320, batch=35_000))

    def test_an_answer_that_leaves_something_out_fails_the_run(self):
        for answer in ("job", "page", "entry", "batch"):
            with self.assertRaisesRegex(BenchError, f"^bare async answers {answer} with 200 bytes instead of "):
                ensure_as_large(self.sizes, replace(self.sizes, **{answer: 200}))


    def test_bare_async_has_the_connections_that_suit_the_workload_best(self):
        class Pressing:
            def press_metered(self, server, workload, connections, seconds, _database_pid):
                return sample({("few", "W1"): 9, ("many", "W1"): 8, ("few", "W2"): 3, ("many", "W2"): 4}[server, workload.key])

        service = Service(STINT_ON_POSTGRES, None, Pressing(), lambda: 0, 1, "")
        peer = BareAsync({0: "few", 16: "many"}, service, 1)
        rates = [peer.run(workload(key), connections, 5).rate for key in ("W1", "W2") for connections in (64, 1)]
        self.assertEqual((rates, peer.writers), ([9, 9, 4, 3], {"W1": 0, "W2": 16}))


class Asking(unittest.TestCase):
    def test_a_browser_asks_with_its_cookie_and_only_what_is_compared(self):
        asked = []

        class Pressing:
            def press_metered(self, _server, workload, connections, seconds, _database_pid, headers):
                asked.append(headers)
                return sample(1)

        class SignedIn:
            def sign_in(self):
                return "Cookie: stint=x"

        service = Service(STINT_ON_POSTGRES, SignedIn(), Pressing(), lambda: 0, 1, "")
        browsers = Browsers(service)
        self.assertEqual([key for key in WORKLOADS if browsers.takes(workload(key))], ["W1", "W3"])
        service.run(workload("W1"), 64, 5)
        browsers.run(workload("W1"), 64, 5)
        self.assertEqual((asked, browsers.name), ([None, ["Cookie: stint=x"]], "Stint on Postgres, by cookie"))

    def test_a_browser_says_that_a_page_of_the_service_asks_for_a_change(self):
        said = []

        class Writing:
            stint = types.SimpleNamespace(sign_in=lambda: "Cookie: stint=x")
            name = ""

            def run(self, _workload, _connections, _seconds, headers):
                said.append(headers)

        Browsers(Writing()).run(workload("W3"), 64, 5)
        self.assertEqual(said, [["Cookie: stint=x", "Sec-Fetch-Site: same-origin"]])


class Rounds(unittest.TestCase):
    def test_contenders_alternate_and_the_order_turns_round(self):
        order = []

        class Noted:
            def __init__(self, name):
                self.name = name

            def takes(self, _):
                return True

            def run(self, _, __, seconds):
                order.append(self.name if seconds == 5 else "warm")
                return sample(1)

        with contextlib.redirect_stderr(io.StringIO()):
            measure([Noted("a"), Noted("b")], [workload("W1")], connections=1, rounds=2, seconds=5)
        self.assertEqual(order, ["warm", "warm", "a", "b", "b", "a"])


class LedgerShape(unittest.TestCase):
    def test_ids_are_uuids_of_version_7_in_order_of_time(self):
        self.assertEqual(job_id(FIRST_JOB + 41).version, 7)
        self.assertLess(entry_id(9), entry_id(10))

    def test_large_jobs_come_first(self):
        sql = load_sql(Ledger(jobs=10, entries=1000, large_jobs=2, entries_per_large_job=400))
        self.assertIn("WHEN n < 800 THEN n % 2", sql)
        self.assertIn("ELSE 2 + n % 8", sql)

    def test_every_workload_has_its_script_and_its_requests(self):
        requests = (pgbench.HERE / "workload.lua").read_text()
        for each in [*WORKLOADS.values(), CAPTURE["P1"], CAPTURE["P2"]]:
            self.assertIn(f"    {each.key} = ", requests)
            for script in each.scripts:
                self.assertTrue(text(script).startswith(r"\set job"))


if __name__ == "__main__":
    unittest.main()
