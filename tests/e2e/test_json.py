# SPDX-License-Identifier: GPL-2.0-or-later
"""--format json: every line is an object, and says what the target knows to be true."""

import json
import os
import re
import subprocess

from harness import MOONTAP, ROOT, TIMEOUT, TestCase, go_versions, line_of, needs_root, target_path

COUNTED = target_path("counted")
SOURCE = "tests/targets/counted.c"

# Names of all the letters that C permits; and text of whatever bytes.
HOSTILE = r"""
__attribute__((noinline)) int take(const char *t$xt, int \u00fc) {
	__asm__ volatile("" ::"r"(t$xt) : "memory"); return \u00fc; }
int main(void) { return take("\x1b[2J\"\\\n\xff", 3) - 3; }
"""


def objects(text):
    """The records of an output; a line that is no object, or has a name twice, fails."""
    def unique(pairs):
        found = dict(pairs)
        assert len(found) == len(pairs), pairs
        return found
    found = [json.loads(line, object_pairs_hook=unique) for line in text.splitlines()]
    assert all(isinstance(record, dict) for record in found), text
    return found


def of_type(records, kind):
    return [record for record in records if record["type"] == kind]


class Json(TestCase):
    """What needs no tracing."""

    def run_json(self, *arguments, **options):
        done = self.moontap("--format", "json", *arguments, **options)
        return done, objects(done.stdout)

    def test_a_command_s_text_is_a_record(self):
        done, records = self.run_json("--dry-run", "-batch", "-ex", "info line counted",
                                      "-ex", 'echo a\\n\\033"', "-ex", "zzzzzz", "-ex",
                                      "info aggregates", "-ex", "= 1 << 62", COUNTED)
        self.assertEqual([(r["type"], r.get("command")) for r in records], [
            ("output", "info line counted"), ("output", 'echo a\\n\\033"'),
            ("output", "info aggregates"), ("print", None)])
        self.assertRegex(records[0]["text"], r'^Line \d+ of "tests/targets/counted.c" starts .*\.$')
        self.assertNotIn("partial", records[0])
        self.assertEqual((records[1]["text"][:2], records[1]["partial"]), ("a\n", True))
        self.assertEqual(records[2]["text"], "No aggregations.")
        self.assertEqual(records[3], {"type": "print", "text": str(1 << 62)})
        self.assertEqual((done.status, done.stderr),
                         (1, 'moontap: Undefined command: "zzzzzz".  Try "help".\n'))

    def test_a_placed_tracepoint_is_a_record(self):
        _, records = self.run_json("--dry-run", "-batch", "-ex", "break counted if arg[1] > 3",
                                   "-ex", "tbreak seldom do print(1) end",
                                   "-ex", "finish /^(counted|seldom)$/ do count() end", COUNTED)
        placed = of_type(records, "placed")
        self.assertEqual(of_type(records, "output"), [])
        self.assertEqual([(r["probe"], r["kind"], r["where"], r["condition"], r["runs"],
                           r["pending"], r["skipped"], len(r["sites"])) for r in placed], [
            (1, "break", "counted", "arg[1] > 3", "kernel+lua", False, 0, 1),
            (2, "tbreak", "seldom", None, "lua", False, 0, 1),
            (3, "finish", "/^(counted|seldom)$/", None, "kernel", False, 0, 2)])
        site = placed[0]["sites"][0]
        symbols = subprocess.run(["nm", COUNTED], capture_output=True, text=True, check=True).stdout
        address = int(re.search(r"^(\w+) T counted$", symbols, re.MULTILINE).group(1), 16)
        self.assertEqual(int(site["address"], 16), address + site["offset"])
        self.assertEqual((site["func"], site["line"]),
                         ("counted", line_of(SOURCE, '__asm__ volatile("" ::"r"(text)') - 1))
        self.assertTrue(site["file"].endswith(SOURCE))

    def test_a_pending_tracepoint_has_no_place_yet(self):
        _, records = self.run_json("--dry-run", "-batch", "-ex", "set breakpoint pending on",
                                   "-ex", "break nothing_like_it", COUNTED)
        (placed,) = of_type(records, "placed")
        self.assertEqual((placed["pending"], placed["runs"], placed["sites"]), (True, None, []))

    def test_commands_come_from_a_pipe(self):
        _, records = self.run_json("--dry-run", COUNTED, input="break counted\nprint(1)\npwd\n")
        self.assertEqual([r["type"] for r in records],
                         ["output", "placed", "print", "output", "probe"])
        self.assertIsNone(records[0]["command"])
        self.assertIn(" -- %s: x86-64, DWARF" % COUNTED, records[0]["text"])
        self.assertEqual(records[3]["text"], "Working directory %s." % self.dir)

    def test_a_deleted_tracepoint_has_its_record_too(self):
        _, records = self.run_json("--dry-run", COUNTED,
                                   input="break counted\nbreak seldom\ndelete 1\n")
        self.assertEqual([(r["probe"], r["where"], r["enabled"])
                          for r in of_type(records, "probe")],
                         [(1, "counted", False), (2, "seldom", True)])

    def test_what_a_script_asks_a_command_for_is_text(self):
        _, records = self.run_json(
            "--dry-run", "-e", 'break counted do count() end s = command("info aggregates")\n'
            'print(s)', COUNTED)
        self.assertEqual([r["type"] for r in records], ["placed", "print", "aggregate", "probe"])
        self.assertEqual(records[1]["text"],
                         "Tracepoint 1, counted: count()\n  nothing yet\n")

    def test_a_file_gets_the_events_and_standard_output_the_commands(self):
        path = self.path("out.json")
        _, records = self.run_json("--dry-run", "-batch", "-o", path, "-ex", "pwd",
                                   "-ex", "print(1)", "-ex", "break counted", COUNTED)
        self.assertEqual([r["type"] for r in records], ["output"])
        with open(path, encoding="utf-8") as file:
            self.assertEqual([r["type"] for r in objects(file.read())],
                             ["print", "placed", "probe"])

    def test_a_format_that_is_none_is_told(self):
        done = self.moontap("--format", "xml", "-e", "print(1)")
        self.assertEqual((done.status, done.stdout, done.stderr), (
            1, "", 'moontap: --format: no format "xml"\n'
                   "There are text, lines for people, and json, an object a line.\n"))


def names(record):
    """The members of a record, and of the first element of each of its lists of objects."""
    found = list(record)
    for name, value in record.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            found.append((name, names(value[0])))
    return found


def documented():
    """The examples of records in docs/json.md."""
    with open(os.path.join(ROOT, "docs/json.md"), encoding="utf-8") as file:
        return objects("".join(line for line in file if line.startswith('    {"type"')))


@needs_root
class Traced(TestCase):
    def trace_json(self, script, *arguments, **options):
        """The records of a run of a program from its start to its end."""
        path = self.path("out.json")
        done = self.moontap("--format", "json", "-o", path, "-e", script, "--args", *arguments,
                            timeout=2 * TIMEOUT, **options)
        self.assertEqual((done.status, done.stderr), (0, ""))
        with open(path, encoding="utf-8") as file:
            return objects(file.read())

    def test_hits_have_the_arguments_that_the_target_gave(self):
        records = self.trace_json("break counted", COUNTED, "-n", "1000")
        hits = of_type(records, "hit")
        texts = ["zero", "one", "two", "three"]
        self.assertEqual([(h["args"]["number"], h["args"]["text"], h["args"]["sign"])
                          for h in hits],
                         [(n, texts[n % 4], -1 if n % 2 else 1) for n in range(1000)])
        for hit in hits:
            self.assertEqual(list(hit), ["type", "probe", "time", "tid", "goid", "comm", "func",
                                         "file", "line", "args"])
            self.assertEqual((hit["probe"], hit["goid"], hit["comm"], hit["func"]),
                             (1, None, "counted", "counted"))
            self.assertRegex(hit["args"]["shape"], "^0x[0-9a-f]+$")
        times = [hit["time"] for hit in hits]
        self.assertEqual(times, sorted(times))
        self.assertEqual(hits[0]["line"], of_type(records, "placed")[0]["sites"][0]["line"])

    def test_a_finish_has_what_was_returned(self):
        records = self.trace_json("finish counted\nfinish seldom", COUNTED, "-n", "200")
        hits = of_type(records, "hit")
        self.assertEqual([h["results"] for h in hits if h["probe"] == 1],
                         [[n + (-1 if n % 2 else 1)] for n in range(200)])
        self.assertEqual([h["results"] for h in hits if h["probe"] == 2], [[], []])
        self.assertTrue(all(h["elapsed_ns"] > 0 and "args" not in h for h in hits))

    def test_prints_and_emits_say_of_which_hit_they_are(self):
        # The program begins when the timer has told it to.
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        with open(fifo, "r+b", buffering=0) as both_ends:
            records = self.trace_json(
                'break seldom do print("n", arg[1]) emit{n = arg[1], t = time} end\n'
                'dprintf seldom,"%d\\n",arg[1]\n'
                "every 1ms do ticks = (ticks or 0) + 1 if ticks == 1 then print('tick')\n"
                "local file <close> = io.open('fifo', 'w') file:write('\\n') end end\n"
                "atexit(function() print('end') end)", COUNTED, "-n", "300", "-w",
                input=None, stdin=both_ends)
        numbers = [99, 199, 299]
        prints, emits = of_type(records, "print"), of_type(records, "emit")
        self.assertEqual([p["text"] for p in prints if p.get("probe") == 1],
                         ["n\t%d" % n for n in numbers])
        self.assertEqual([p["text"] for p in prints if p.get("probe") == 2],
                         [str(n) for n in numbers])
        self.assertEqual([(e["probe"], e["data"]["n"]) for e in emits], [(1, n) for n in numbers])
        self.assertTrue(all(e["time"] == e["data"]["t"] for e in emits))
        self.assertEqual([p for p in prints if "probe" not in p],
                         [{"type": "print", "text": "tick"}, {"type": "print", "text": "end"}])

    def test_aggregates_are_rows_of_values(self):
        records = self.trace_json(
            "local shared = aggregate.hist{title = 'all \"numbers\"', unit = 'calls'}\n"
            "break counted do count(arg.text, arg[4]) hist(arg[1]) avg(arg[1]) end\n"
            "break counted do shared:add(arg[1], arg.text) end\n"
            "break seldom do lhist(arg[1], 0, 1000, 500) end",
            COUNTED, "-n", "1000")
        by_title = {r["title"]: r for r in of_type(records, "aggregate")}
        self.assertEqual(
            {tuple(row["keys"]): row["count"] for row in
             by_title["count(arg.text, arg[4])"]["rows"]},
            {("zero", 1): 250, ("one", 4294967295): 250, ("two", 1): 250,
             ("three", 4294967295): 250})
        (row,) = by_title["hist(arg[1])"]["rows"]
        self.assertEqual(row["buckets"], [{"min": 0, "max": 0, "count": 1}] + [
            {"min": 1 << n, "max": (2 << n) - 1, "count": min(2 << n, 1000) - (1 << n)}
            for n in range(10)])
        (row,) = by_title["avg(arg[1])"]["rows"]
        self.assertEqual((row["value"], row["count"], row["missing"]), (499.5, 1000, 0))
        shared = by_title['all "numbers"']
        self.assertEqual((shared["kind"], shared["unit"], "probe" in shared),
                         ("hist", "calls", False))
        self.assertEqual({row["keys"][0]: sum(b["count"] for b in row["buckets"])
                          for row in shared["rows"]},
                         dict.fromkeys(["zero", "one", "two", "three"], 250))
        seldom = by_title["lhist(arg[1], 0, 1000, 500)"]
        self.assertEqual((seldom["probe"], seldom["where"]), (3, "seldom"))
        self.assertEqual(seldom["rows"][0]["buckets"], [
            {"min": 0, "max": 499, "count": 5}, {"min": 500, "max": 999, "count": 5}])

    def test_the_end_says_how_often_each_was_hit(self):
        records = self.trace_json("break counted if arg[1] < 10\nbreak seldom do count() end",
                                  COUNTED, "-n", "500")
        first, second = of_type(records, "probe")
        self.assertEqual(records[-2:], [first, second])
        self.assertEqual([first[name] for name in ("probe", "hits", "filtered", "throttled",
                                                   "delivered", "lost", "errors", "enabled")],
                         [1, 500, 490, 0, 10, 0, 0, True])
        self.assertEqual((second["where"], second["hits"]), ("seldom", 5))
        self.assertEqual([site["hits"] for site in first["sites"]], [500])

    def test_what_is_deleted_has_its_counts_when_nothing_more_can_come(self):
        records = self.trace_json(
            "break counted\n"
            "break seldom do if arg[1] == 199 then delete(1) end end\n"
            "tbreak seldom do print('once') end", COUNTED, "-n", "500")
        ends = {r["probe"]: r for r in of_type(records, "probe")}
        self.assertEqual(records[-1], ends[2])
        self.assertEqual([ends[n]["enabled"] for n in (1, 2, 3)], [False, True, False])
        for end in ends.values():
            self.assertEqual(end["hits"], sum(end[name] for name in (
                "filtered", "throttled", "delivered", "lost")))
        self.assertEqual([h["args"]["number"] for h in of_type(records, "hit")], list(range(200)))
        self.assertEqual((ends[1]["delivered"], ends[1]["lost"]), (200, 0))
        self.assertEqual(ends[3]["delivered"], 1)

    def test_a_block_that_ends_all_loses_no_counts(self):
        records = self.trace_json("break seldom do delete(1) exit() end", COUNTED, "-n", "300")
        (end,) = of_type(records, "probe")
        self.assertEqual((end["probe"], end["enabled"]), (1, False))
        # Of the three hits there are those that came before the first's block had run.
        self.assertIn(end["hits"], (1, 2, 3))
        self.assertEqual(end["hits"], end["delivered"] + end["throttled"])

    def test_an_error_in_a_block_is_counted_and_told_on_standard_error(self):
        path = self.path("out.json")
        done = self.moontap("--format", "json", "-o", path, "-e",
                            "break seldom do error('no') end", "--args", COUNTED, "-n", "300")
        self.assertIn("Tracepoint 1: ", done.stderr)
        with open(path, encoding="utf-8") as file:
            records = objects(file.read())
        self.assertEqual([r["type"] for r in records], ["placed", "probe"])
        self.assertEqual((records[1]["hits"], records[1]["errors"]), (3, 3))

    def test_hostile_names_and_bytes_stay_what_they_are(self):
        source = self.write("hostile.c", HOSTILE)
        program = self.path('ho"s\x1b\\tile')
        subprocess.run(["gcc", "-g", "-O1", "-fdollars-in-identifiers", "-o", program, source],
                       check=True)
        records = self.trace_json(
            "break take\nbreak take do print(str(arg[1])) emit{s = str(arg[1])} end", program)
        data = b"\x1b[2J\"\\\n\xff"
        (hit,) = of_type(records, "hit")
        self.assertEqual(hit["args"], {"t$xt": {"bytes": data.hex()}, "\u00fc": 3})
        self.assertEqual(hit["comm"], 'ho"s\x1b\\tile')
        self.assertEqual(of_type(records, "emit")[0]["data"], {"s": {"bytes": data.hex()}})
        self.assertEqual(of_type(records, "print")[0]["text"], '\\x1b[2J"\\\n\\xff')

    def test_a_reader_gets_each_record_when_it_happens(self):
        target = self.target("counted", "-n", "0", "-r", "1000")
        tap = self.tap("--format", "json", "-p", str(target.pid), "-e",
                       "break seldom do print(arg[1]) end")
        tap.expect_lines(3, '"print"')
        self.assertEqual(tap.stop(), 0)
        records = objects(tap.output())
        (ended,) = of_type(records, "probe")
        self.assertEqual(ended["delivered"], len(of_type(records, "print")))
        self.assertEqual(ended["hits"], ended["delivered"] + ended["lost"])

    def test_each_record_is_as_documented(self):
        records = self.trace_json(
            "break counted if arg[1] == 0\nfinish seldom\n"
            "break seldom do print(1) emit{} end\nbreak seldom do hist(arg[1], comm) end\n"
            "flow seldom\ncover seldom",
            COUNTED, "-n", "100")
        records += objects(self.moontap("--format", "json", "-batch", "-ex", "pwd").stdout)
        seen = {json.dumps(names(record)) for record in records}
        examples = documented()
        self.assertEqual({record["type"] for record in examples},
                         {record["type"] for record in records})
        for record in examples:
            self.assertIn(json.dumps(names(record)), seen, record)

    def test_a_terminal_that_commands_are_typed_at_is_no_place_for_records(self):
        done = subprocess.run(
            ["script", "-qec", "%s --format json %s" % (MOONTAP, COUNTED), "/dev/null"],
            cwd=self.dir, env=self.environment(), capture_output=True, text=True, timeout=TIMEOUT,
            stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stdout.replace("\r", "")), (
            1, "--format json is not for a terminal that commands are typed at\n"
               "Write the events to a file (-o FILE), or run without a console (-batch).\n"))

    def test_go_s_values_and_goroutines(self):
        if "1.22" not in go_versions():
            self.skipTest("needs Go 1.22")
        records = self.trace_json("break main.neatFunction\nfinish fmt.Fprintln",
                                  target_path("go-play-1.22"), "-passes", "2")
        hits = of_type(records, "hit")
        calls = [hit for hit in hits if hit["probe"] == 1]
        self.assertEqual(len(calls), 2)
        self.assertEqual(set(calls[0]["args"]), {"cond1", "cond2", "cond3"})
        self.assertEqual({type(value) for value in calls[0]["args"].values()}, {bool})
        self.assertEqual({hit["goid"] for hit in hits}, {1})
        for hit in hits:
            if hit["probe"] == 2:
                self.assertGreater(hit["results"][0], 0)
                self.assertEqual(hit["results"][1:], [None])
