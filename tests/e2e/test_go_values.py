# SPDX-License-Identifier: GPL-2.0-or-later
"""Values of Go programs, by every release of Go that the targets were built with: arguments,
results and what they lead to, as the source of the target has them."""

import re
import unittest

from harness import TestCase, go_versions, needs_root, target_path


def each_release(test):
    """Runs a test once for each release of Go: it gets the path of go-values."""
    def run(self):
        for version in go_versions():
            with self.subTest(version):
                test(self, target_path("go-values-" + version))
    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


class Values(TestCase):
    def read(self, path, script):
        """What a script prints while the target makes all of its calls."""
        done = self.moontap("-batch", "-e", script, "--args", path, input="go\n")
        self.assertEqual(done.status, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        return [line for line in done.stdout.splitlines()
                if not re.match("pid |done$", line)]

    def refuse(self, path, script):
        done = self.moontap("--dry-run", path, "-batch", "-ex", script)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def check(self, path, cases):
        """cases: (location and what follows it, the lines that it prints)."""
        for script, lines in cases:
            with self.subTest(script):
                read = self.read(path, script)
                self.assertEqual([re.sub("0xc0[0-9a-f]+", "0x?", line) for line in read], lines)


@needs_root
class Arguments(Values):
    @each_release
    def test_arguments_are_what_the_source_says(self, path):
        self.check(path, (
            ("break main.manyArgs do print(a, s, b, n) end", ["3\tstr\tbytes\t3"]),
            ("break main.manyArgs do print(b == 'bytes', #b, b[1], len(s), s[0]) end",
             ["true\t5\t121\t3\t115"]),
            ("break main.eleven do print(a, b, c, d, e, f, g, h, i, j, k) end",
             ["1\t2\t3\t4\t5\t6\t7\t8\t9\t10\t11"]),
            ("break main.arrays do print(a, a[0], b, b[1], n) end",
             ["{7}\t7\t{1, -2, 3}\t-2\t5"]),
            ("tbreak main.Point.Area do print(p, p.Y, scale) end",
             ["main.Point {X = 3, Y = 4}\t4\t5"]),
            ("break main.(*Point).Move do print(p.X, dx) end", ["3\t2"]),
            ("break main.add do print(arg[1], arg[2] & 0xffffffff, bytes(arg[3], 4), arg[4]) end",
             ["40\t2\tfour\t4"])))

    @each_release
    def test_what_the_function_does_not_use_is_passed_all_the_same(self, path):
        self.check(path, (
            ("break main.ignored do print(when, e, n) end",
             ['2024-02-29T12:30:15.25Z\t*errors.errorString "three"\t3']),))

    @each_release
    def test_a_float_in_a_register_says_which_one(self, path):
        self.assertIn("`f` cannot be read here: <unavailable in X0>",
                      self.refuse(path, "break main.manyArgs do print(f) end"))
        line = self.read(path, "break main.manyArgs")[0]
        self.assertRegex(line, r"main\.manyArgs\(a=3, s=str, b=bytes, f=<unavailable in X0>, "
                               r".*n=3\)$")

    @each_release
    def test_a_closure_sees_the_variables_of_the_function_around_it(self, path):
        listing = self.moontap("--dry-run", path, "-batch", "-ex",
                               "disassemble main.all.func1").stdout
        second = re.findall(r"<\+(\w+)>:", listing)[1]
        self.check(path, (
            ("break main.all.func1+%s do print(base, n) end" % second, ["10\t3"]),))

    def test_from_go_1_23_on_also_where_it_begins(self):
        for version in set(go_versions()) & {"1.23", "1.24"}:
            self.check(target_path("go-values-" + version), (
                ("break main.all.func1 do print(base, n) end", ["10\t3"]),))


@needs_root
class Results(Values):
    @each_release
    def test_results_are_where_the_abi_has_them(self, path):
        self.check(path, (
            ("finish main.manyArgs do print(result, result[1], result[2]) end", ["3\t3\tstr"]),
            ("finish main.eleven do print(result.sum, result[2], result.last) end",
             ["66\t11\t11"]),
            # An array is on the stack, and a result is behind the arguments that are.
            ("finish main.arrays do print(result, result.all, result.all[1]) end",
             ["8\t{1, -2, 3}\t-2"]),
            ("finish main.(*Point).Move do print(result, result.moved) end", ["true\ttrue"])))

    @each_release
    def test_at_a_return_instruction_too(self, path):
        listing = self.moontap("--dry-run", path, "-batch", "-ex",
                               "disassemble main.eleven").stdout
        offset = re.search(r"<\+(\w+)>:\tret", listing).group(1)
        self.check(path, (
            ("break main.eleven+%s do print(result.sum) end" % offset, ["66"]),))

    @each_release
    def test_what_is_no_result_is_said(self, path):
        for script, message in (
                ("finish main.manyArgs do print(result[4]) end",
                 "main.manyArgs has no result `result[4]`"),
                ("finish main.manyArgs do print(result[0]) end",
                 "It returns 3 values: result[1] to result[3]."),
                ("finish main.failure do print(result[2]) end", "It returns one value: result."),
                ("finish main.main do print(result) end", "main.main returns nothing"),
                ("break main.eleven do print(result) end",
                 "`result` can only be used when a function returns"),
                ("finish main.add do print(result) end",
                 "`result` cannot be read: main.add.abi0 returns on the stack")):
            self.assertIn(message, self.refuse(path, script))


# What the calls of anything() print, whatever says which types they are of.
ANYTHING = [
    "nil", "int 5", 'string "text"', "main.Point {X = 5, Y = 4}", "*main.Point {X = 5, Y = 4}",
    "float64 2.5", '[]string {"a", "bc"}', 'map[string]int {"one": 1}',
    'main.Deep {Name = "outer", Inner = main.Point {X = 5, Y = 4}, '
    'Err = *errors.errorString "inner", Next = 0x0}',
]
FAILURES = ["nil", '*errors.errorString "three"', '*fmt.wrapError "wrapped: seven"',
            '*main.Problem {Code = 8, Text = "eight"}']
REFUSALS = [
    'syscall.Errno 111 "connection refused"', "syscall.Errno 1000",
    '*fs.PathError {Op = "open", Path = "/nonexistent/file", '
    'Err = syscall.Errno 2 "no such file or directory"}',
    '*os.SyscallError {Syscall = "connect", '
    'Err = syscall.Errno 11 "resource temporarily unavailable"}',
    'context.deadlineExceededError "context deadline exceeded"',
    '*poll.DeadlineExceededError "i/o timeout"']


@needs_root
class Interfaces(Values):
    @each_release
    def test_they_show_their_dynamic_type_and_what_they_hold(self, path):
        self.check(path, (
            ("break main.anything do print(v) end", ANYTHING),
            ("break main.failure do print(err) end", FAILURES),
            ("break main.refusal do print(err) end", REFUSALS),
            ("finish main.manyArgs do print(result[1], result[2], result[3]) end",
             ['3\tstr\t*errors.errorString "three"']),
            ("break main.deep do print(d.Inner, p.Inner, p.Err, d) end",
             ['int 7\tstring "x"\t*errors.errorString "y"\tmain.Deep {Name = "value", '
              "Inner = int 7, Err = nil, Next = 0x%s}" % "?"]),
            ("break main.shape do print(s, s.type, s.X + s.Y, s.value) end",
             ["main.Point {X = 5, Y = 4}\tmain.Point\t9\tmain.Point {X = 5, Y = 4}"]),
            ("break main.deep do local v, w = d, p local n = v.Next "
             "print(n.X, v.Inner, w.Name, w.Err.s) end", ['5\tint 7\tpointer\ty'])))

    @each_release
    def test_type_value_and_fields_are_read_in_lua_and_nil_has_none(self, path):
        self.check(path, (
            ("break main.failure do print(err.type, err == nil, ok(err.value, 'none')) end",
             ["<null pointer>\ttrue\tnone",
              '*errors.errorString\tfalse\terrors.errorString {s = "three"}',
              '*fmt.wrapError\tfalse\tfmt.wrapError {msg = "wrapped: seven", '
              'err = *main.Problem {Code = 7, Text = "seven"}}',
              '*main.Problem\tfalse\tmain.Problem {Code = 8, Text = "eight"}']),
            ("break main.failure do if err.type == '*main.Problem' then print(err.Code, err.Text) "
             "end end", ["8\teight"]),
            ("break main.failure do if err.type == '*fmt.wrapError' then "
             "print(err.err.Text, err.err.value.Code) end end", ["seven\t7"]),
            ("break main.anything do if v.type == 'map[string]int' then print(v.one, v.two) end end",
             ["1\t<no such key>"]),
            ("break main.contexts do print(ctx.key.name, ctx.val.value, ctx.type) end",
             ["user\tsomebody\t*context.valueCtx"])))

    @each_release
    def test_nil_is_told_in_the_kernel(self, path):
        script = ("break main.failure if err ~= nil do count() end "
                  "break main.anything if not v do count() end "
                  "print(command('explain 1')) print(command('explain 2'))")
        text = "\n".join(self.read(path, script))
        self.assertEqual(text.count("in the kernel\n"), 2, text)
        self.assertEqual(re.findall(r"^ +(\d+)$", text, re.MULTILINE), ["3", "1"])

    @each_release
    def test_a_field_that_the_dynamic_type_does_not_have_is_an_error(self, path):
        done = self.moontap("-batch", "-e", "break main.failure if err ~= nil do print(err.s) end "
                            "break main.anything if v ~= nil do print(v.Name) end",
                            "--args", path, input="go\n")
        self.assertIn("fmt.wrapError has no field 's': it has msg, err", done.stderr)
        self.assertIn("int in an interface has no field 'Name': it has type, value", done.stderr)
        self.assertIn("main.Point has no field 'Name': it has X, Y", done.stderr)

    @each_release
    def test_what_a_comparison_of_one_should_have_been_is_said(self, path):
        done = self.moontap("--dry-run", "-e", "break main.anything if v == 5", path)
        self.assertIn("`v == 5` is always false: v is an interface, 5 a number. "
                      "What it holds is v.value.", done.stdout)

    @each_release
    def test_what_is_no_key_and_not_kept_is_said_with_what_is(self, path):
        done = self.moontap("--dry-run", "-e", "finish main.failure do count(entry.err) end", path)
        self.assertIn("`entry.err` cannot be kept from the entry", done.stderr)
        self.assertIn("What it leads to is not kept: a break shows it at the entry.", done.stderr)
        lines = self.read(path, "break main.failure do count(tostring(err)) end")
        self.assertIn('  *errors.errorString "three"               1', lines)

    @each_release
    def test_as_json_the_type_is_beside_the_value(self, path):
        lines = self.read(path, "break main.shape do emit{s = s} end "
                          "break main.maps if len(m) == 2 do emit{points = points} end")
        self.assertIn('{"type":"main.Point","value":{"X":5,"Y":4}}', lines[0])
        self.assertIn('{"points":[[1,{"X":5,"Y":4}]]}', lines[1])

    @each_release
    def test_a_system_error_is_a_number_to_lua_and_in_json(self, path):
        lines = self.read(path, "break main.refusal do if err.type == 'syscall.Errno' then "
                          "print(err.value) emit{e = err} end end")
        self.assertEqual(lines[0::2], ["111", "1000"])
        self.assertIn('{"e":{"type":"syscall.Errno","value":111}}', lines[1])

    @each_release
    def test_depth_is_a_setting(self, path):
        lines = self.read(path, "command 'set max-depth 1' break main.anything do print(v) end")
        self.assertEqual(lines[-1], 'main.Deep {Name = "outer", Inner = main.Point {...}, '
                                    'Err = *errors.errorString "inner", Next = 0x0}')


@needs_root
class Stripped(Values):
    def test_globals_have_no_names(self):
        path = target_path("go-values-stripped-" + go_versions()[0])
        done = self.moontap("--dry-run", "-q", path, input="print runtime.ncpu\n")
        self.assertEqual(done.stderr, "No symbol table is loaded.\n%s has no debug information: "
                                      "build it without -ldflags=-s or -w.\n" % path)

    def test_interfaces_by_position_are_what_they_are_by_name(self):
        for version in go_versions():
            for kind in ("stripped", "pie"):
                with self.subTest(version, kind=kind):
                    self.check(target_path("go-values-%s-%s" % (kind, version)), (
                        ("break main.anything do print(iface(arg[1], arg[2])) end", ANYTHING),
                        ("break main.failure do print(iface(arg[1], arg[2])) end", FAILURES),
                        ("break main.refusal do print(iface(arg[1], arg[2])) end", REFUSALS),
                        ("break main.shape do print(iface(arg[1], arg[2]).X) end", ["5"]),
                        ("break main.call do print(gofunc(arg[1])) end",
                         ["main.all.func1", "main.double"]),
                        ("finish main.manyArgs do print(result[1], bytes(result[2], result[3]), "
                         "iface(result[4], result[5])) end",
                         ['3\tstr\t*errors.errorString "three"'])))

    @each_release
    def test_what_makes_no_sense_is_said(self, path):
        for script, message in (
                ("break main.anything do print(iface(arg[1])) end",
                 "iface takes the two words of an interface: iface(T, P)"),
                ("local x = 1 break main.anything do print(iface(x, arg[2])) end",
                 "`x` cannot be known at the hit"),
                ("break main.call do print(gofunc(1, 2)) end",
                 "gofunc takes one word: gofunc(P)")):
            self.assertIn(message, self.refuse(path, script))
        for version in go_versions():
            self.assertIn("Go returns up to nine words in registers: result[1] to result[9]",
                          self.refuse(target_path("go-values-stripped-" + version),
                                      "finish main.eleven do print(result[10]) end"))
        # Words that are no interface's.
        self.check(path, (
            ("break main.eleven do print(iface(arg[1], arg[2])) end", ["<of unknown type>"]),))
        for call in ("iface(1, 2)", "gofunc(1)"):
            self.assertIn("`%s` can only be used in Go programs" % call.partition("(")[0],
                          self.refuse(target_path("counted"),
                                      "break counted do print(%s) end" % call))


@needs_root
class Collections(Values):
    @each_release
    def test_a_map_has_its_pairs(self, path):
        self.check(path, (
            ("tbreak main.maps do print(points, len(m), #m, m.one, m['two'], points[1].Y, names) "
             "end", ["map[int32]main.Point {1: {X = 5, Y = 4}}\t2\t2\t1\t2\t4"
                     '\t{"x", "yz"}']),
            ("tbreak main.maps do local sum = 0 for key, value in pairs(m) do "
             "sum = sum + value end print(sum) end", ["3"]),
            ("tbreak main.maps do print(m.three, ok(m.three, 0)) end", ["<no such key>\t0"]),
            ("break main.maps if len(m) == 1000 do print(points, ok(len(points), 0)) end",
             ["nil\t0"])))
        line = self.read(path, "tbreak main.maps do print(m) end")[0]
        self.assertIn(line, ('map[string]int {"one": 1, "two": 2}',
                             'map[string]int {"two": 2, "one": 1}'))

    @each_release
    def test_of_a_great_map_as_many_as_fit_and_it_says_that_there_are_more(self, path):
        line, = self.read(path, "break main.maps if len(m) == 1000 do print(m) end")
        pairs = re.findall(r'"key(\d+)": (\d+)', line)
        self.assertEqual(len(set(pairs)), 32, line)
        self.assertEqual([key for key, _ in pairs], [value for _, value in pairs])
        self.assertTrue(line.endswith("...}"), line)
        self.assertNotIn("<", line)
        line, = self.read(path, "command 'set max-elements 3' "
                          "break main.maps if len(m) == 1000 do print(m) end")
        self.assertEqual(len(re.findall(r'"key(\d+)": \1[,.]', line)), 3, line)

    @each_release
    def test_a_channel_has_what_waits_in_it(self, path):
        self.check(path, (
            ("break main.channels do print(c, texts, ok(len(c), 'none'), ok(c.cap), ok(c[0]), "
             "ok(c[1]), ok(c[2])) end",
             ['chan int 2 of 4 {4, 5}\tchan string 2 of 3 {"first", "second"}\t2\t4\t4\t5\tnil',
              "nil\tchan string 0 of 0 {}\tnone\tnil\tnil\tnil\tnil"]),))

    @each_release
    def test_a_function_has_a_name(self, path):
        self.check(path, (("break main.call do print(fn) end", ["main.all.func1", "main.double"]),))

    @each_release
    def test_times_are_readable_and_durations_are_numbers_to_operators(self, path):
        self.check(path, (
            ("break main.times do print(d, d / 1000000, d > 1500000000, t, u) end",
             ["1.5s\t1500.0\tfalse\t2024-02-29T12:30:15.25Z\t2024-02-29T13:30:15.25Z"]),
            ("break main.times if d >= 1500000000 do count(d) end", ["Tracepoint 1, main.times: "
             "count(d)", "  1.5s  1"])))


@needs_root
class Globals(Values):
    @each_release
    def test_print_reads_them_as_they_are_now(self, path):
        target = self.target(path)
        done = self.moontap("-p", target.pid, "-batch", "-ex", "print main.settings",
                            "-ex", "print main.anyShape", "-ex", "print main.lastErr",
                            "-ex", "print main.queue")
        lines = done.stdout.splitlines()
        self.assertIn(lines[0], ('{"speed": 7, "size": 8}', '{"size": 8, "speed": 7}'))
        self.assertEqual(lines[1:], ["main.Point {X = 6, Y = 7}", '*errors.errorString "global"',
                                     '1 of 2 {"waiting"}'])

    @each_release
    def test_a_map_of_any_size_is_read_as_far_as_is_asked_for(self, path):
        target = self.target(path)
        target.expect("^pid ")
        for limit in (32, 4096):
            done = self.moontap("-p", target.pid, "-batch", "-ex", "set max-elements %d" % limit,
                                "-ex", "print main.large")
            pairs = re.findall(r"(\d+): (-?\d+)", done.stdout)
            self.assertEqual(len({key for key, _ in pairs}), limit)
            self.assertTrue(all(int(key) == -int(value) for key, value in pairs), pairs)
            self.assertTrue(done.stdout.endswith("...}\n"), done.stdout[-20:])

    @each_release
    def test_print_follows_slices_and_says_what_it_cannot_follow(self, path):
        target = self.target(path)
        done = self.moontap("-q", "-p", target.pid, input=(
            "p os.Args[0]\np len(os.Args[0]) + 1\np main.anyShape.X\np main.settings.speed\n"
            "p os.Args[1]\np lastErr\n"))
        self.assertEqual(done.stdout.splitlines(), ['"%s"' % path, str(len(path) + 1)])
        self.assertEqual(done.stderr.splitlines(), [
            "What is in an interface is printed as a whole only.",
            "A block has the parts at the hit: v.x, v[KEY].",
            "What is in a map is printed as a whole only.",
            "A block has the parts at the hit: v.x, v[KEY].",
            "no such vector element: there are 1",
            'No symbol "lastErr" in current context.', "Did you mean main.lastErr?"])

    @each_release
    def test_a_function_has_a_type_as_go_writes_it(self, path):
        done = self.moontap("--dry-run", path, "-batch", "-ex", "ptype main.manyArgs",
                            "-ex", "whatis fmt.Fprintln", "-ex", "ptype main.main")
        self.assertEqual(done.stdout.splitlines(), [
            "type = func(int, string, []uint8, float64, error, int) (int, string, error)",
            "type = func(io.Writer, []interface {}) (int, error)", "type = func()"], done)


if __name__ == "__main__":
    unittest.main()
