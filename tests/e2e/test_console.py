# SPDX-License-Identifier: GPL-2.0-or-later
"""The console, as a person at a terminal sees it."""

import os
import re
import subprocess

from harness import (MOONTAP, ROOT, SANITIZER_STATUS, TIMEOUT, Process, TestCase, breakpoints,
                     go_versions, needs_root, target_path, wait_until)
from screen import Terminal

PROMPT = "(moontap) "


@needs_root
class Console(TestCase):
    def console(self, *arguments):
        environment = dict(self.environment(), TERM="vt100")
        terminal = Terminal([MOONTAP, *map(str, arguments)], environment, self.dir)
        self.addCleanup(terminal.close)
        terminal.wait_for(lambda screen: screen.current() == PROMPT, "the prompt")
        return terminal

    def command(self, terminal, line):
        """Types a line and returns what is shown until the next prompt."""
        terminal.settle(0.05)
        before = len(terminal.screen.lines)
        terminal.type(line + "\r")
        terminal.wait_for(lambda screen: len(screen.lines) > before and screen.current() == PROMPT,
                          "the prompt after " + line)
        return "\n".join(terminal.screen.lines[before:-1])

    def quit(self, terminal):
        terminal.type("quit\r")
        status = terminal.wait()
        self.assertNotEqual(status, SANITIZER_STATUS, terminal.screen.text())
        return status

    def test_events_come_above_the_half_typed_line(self):
        target = self.target("counted", "-n", 0, "-r", 20)
        terminal = self.console("-q", "-p", target.pid)
        shown = self.command(terminal, 'break counted do print("call", arg[1]) end')
        self.assertRegex(shown, r"^Tracepoint 1 at 0x[0-9a-f]+: ")
        terminal.type("info break")
        terminal.wait_for(lambda screen: screen.current() == PROMPT + "info break" and
                          len(re.findall(r"^call\s+\d+$", screen.text(), re.MULTILINE)) >= 10,
                          "ten events above the line")
        lines = terminal.screen.text().split("\n")
        self.assertEqual(lines.count(PROMPT + "info break"), 1, terminal.screen.text())
        terminal.type("points\r")
        match = terminal.expect(r"^1\s+break\s+keep\s+y\s+0x[0-9a-f]+\s+(\d+)\s+0\s")
        self.assertGreaterEqual(int(match.group(1)), 10)
        self.assertEqual(self.quit(terminal), 0)
        self.assert_original(target)

    def test_ctrl_c_says_quit_and_detaches_nothing(self):
        target = self.target("counted", "-n", 0, "-r", 20)
        terminal = self.console("-q", "-p", target.pid)
        self.command(terminal, "break counted do end")
        terminal.type("half a li")
        terminal.wait_for(lambda screen: screen.current().endswith("half a li"), "the line")
        terminal.type("\x03")
        terminal.expect("Quit")
        terminal.wait_for(lambda screen: screen.current() == PROMPT, "a fresh prompt")
        self.assertTrue(target.changed_text(), "the probe stays")
        self.assertEqual(self.quit(terminal), 0)

    def test_ctrl_d_ends_it(self):
        terminal = self.console("-q")
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 0)

    def test_a_block_goes_over_several_lines(self):
        target = self.target("counted", "-n", 0, "-r", 20)
        terminal = self.console("-q", "-p", target.pid)
        terminal.type("break counted do\r")
        terminal.wait_for(lambda screen: re.fullmatch(r"\s*> ?", screen.current()),
                          "the prompt for another line")
        terminal.type('print("several", "lines")\r')
        terminal.type("end\r")
        terminal.expect(r"^Tracepoint 1 at ")
        terminal.expect(r"^several\s+lines$")
        self.assertEqual(self.quit(terminal), 0)

    def test_commands_have_unique_prefixes_and_gdb_s_texts(self):
        target = self.target("counted", "-n", 0, "-r", 20)
        terminal = self.console("-q", "-p", target.pid)
        cases = (
            ("b counted do end", r"^Tracepoint 1 at 0x[0-9a-f]+: "),
            ("tb counted do end", r"(?i)^Temporary tracepoint 2 at|^Tracepoint 2 at"),
            ("dis 1", r"^$"),
            ("i b", r"^1\s+break\s+keep\s+n"),
            ("en 1", r"^$"),
            ("info break", r"^1\s+break\s+keep\s+y"),
            ("delete 99", r"No breakpoint number 99\."),
            ("d 1", r"^$"),
            ("foo bar", r'Undefined command: "foo".  Try "help".'),
            ("set breakpoint pending off", r"^$"),
            ("break nowhere", r'Function "nowhere" not defined'),
            ("info functions ^seld", r"seldom"),
            ("help break", r"(?i)break"),
            ("1 + 2", r"^3$"),
            ("= 6 * 7", r"^42$"),
            ("x = 5 print(x)", r"^5$"),
        )
        for line, pattern in cases:
            with self.subTest(line):
                shown = self.command(terminal, line)
                self.assertRegex(shown, re.compile(pattern, re.MULTILINE))
        self.assertEqual(self.quit(terminal), 0)

    def test_disassemble_shows_the_function_with_its_offsets(self):
        terminal = self.console("-q", target_path("counted"))
        shown = self.command(terminal, "disassemble counted")
        self.assertIn("Dump of assembler code for function counted:", shown)
        self.assertRegex(shown, r"0x[0-9a-f]+ <\+0>:\s+endbr64")
        self.assertIn("End of assembler dump.", shown)
        self.assertEqual(self.quit(terminal), 0)

    def test_delete_all_asks_first(self):
        terminal = self.console("-q", target_path("counted"))
        self.command(terminal, "break counted do end")
        terminal.type("delete\r")
        terminal.expect(re.escape("Delete all breakpoints? (y or n)"))
        terminal.type("n\r")
        terminal.wait_for(lambda screen: screen.current() == PROMPT, "the prompt")
        self.assertIn("counted", self.command(terminal, "info breakpoints"))
        terminal.type("delete\r")
        terminal.wait_for(lambda screen: screen.current().endswith("(y or n) "), "the question")
        terminal.type("y\r")
        terminal.wait_for(lambda screen: screen.current() == PROMPT, "the prompt")
        self.assertRegex(self.command(terminal, "info breakpoints"), "(?i)^no ")
        self.assertEqual(self.quit(terminal), 0)

    def test_tab_completes_commands_and_functions(self):
        terminal = self.console("-q", target_path("counted"))
        terminal.type("info breakp\t")
        terminal.wait_for(lambda screen: screen.current().startswith(PROMPT + "info breakpoints"),
                          "the completed command")
        terminal.type("\x15break seld\t")
        terminal.wait_for(lambda screen: screen.current().startswith(PROMPT + "break seldom"),
                          "the completed function")
        terminal.type("\x15")
        self.assertEqual(self.quit(terminal), 0)

    def test_run_starts_the_program_and_reports_its_end(self):
        terminal = self.console("-q", "--args", target_path("ends"), "exit", "3")
        self.command(terminal, 'break step do print("step", arg[1]) end')
        terminal.type("run\r")
        terminal.expect(r"^step\s+2$")
        terminal.expect("parent made 3 steps")
        terminal.expect(r"exited with (code|status) 0?3")
        self.assertEqual(self.quit(terminal), 0)

    def test_the_first_line_names_the_target(self):
        terminal = self.console(target_path("counted"))
        self.assertRegex(terminal.screen.text(), r"moontap \d+\.\d+\.\d+")
        self.assertIn("counted", terminal.screen.text())
        self.assertEqual(self.quit(terminal), 0)

    def test_history_is_kept_in_the_state_directory(self):
        terminal = self.console("-q")
        self.command(terminal, "print('remember me')")
        self.assertEqual(self.quit(terminal), 0)
        kept = [os.path.join(folder, name) for folder, _, names in os.walk(self.dir)
                for name in names]
        self.assertTrue(any("remember me" in open(path, errors="replace").read()
                            for path in kept), kept)
        terminal = self.console("-q")
        terminal.type("\x10\x10")
        terminal.wait_for(lambda screen: "remember me" in screen.current(), "the remembered line")
        terminal.type("\x15")
        self.assertEqual(self.quit(terminal), 0)

    def test_a_hostile_name_of_a_target_cannot_drive_the_terminal(self):
        hostile = self.path("a\x1b[2Jb")
        with open(hostile, "w", encoding="utf-8") as file:
            file.write("no program")
        terminal = self.console("-q")
        terminal.raw = ""
        self.command(terminal, 'file("a\\27[2Jb")')
        self.assertNotIn("\x1b[2J", terminal.raw)
        self.assertEqual(self.quit(terminal), 0)


@needs_root
class Plain(TestCase):
    """Standard input is no terminal: plain lines, no prompt."""

    def test_commands_are_read_from_a_pipe_without_a_prompt(self):
        done = self.moontap("-q", target_path("counted"),
                            input="break counted do end\ninfo breakpoints\nprint(1 + 1)\n")
        self.assertEqual(done.status, 0, done)
        self.assertNotIn(PROMPT.strip(), done.stdout)
        self.assertEqual(breakpoints(done.stdout)["1"]["hits"], 0)
        self.assertEqual(done.stdout.split("\n")[-2], "2")

    def test_ex_commands_run_in_order_in_batch(self):
        target = self.target("counted", "-n", 3, "-w")
        tap = self.tap("-q", "-batch", "-p", str(target.pid), "-ex", "break counted do print(arg[1]) end",
                       "-ex", "info breakpoints", "-ex", "print('ready')")
        tap.expect("^ready$")
        self.assertEqual(list(breakpoints(tap.output())), ["1"])
        target.go()
        target.wait()
        tap.wait()
        self.assertEqual(tap.lines[-3:], ["0", "1", "2"])

    def test_version_and_help(self):
        done = self.moontap("--version")
        self.assertEqual((done.status, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^moontap \d+\.\d+\.\d+\n")
        done = self.moontap("--help")
        self.assertEqual((done.status, done.stderr), (0, ""))
        for option in ("-p PID", "--args", "-x FILE", "-ex", "-e TEXT", "-batch", "-q", "-o FILE",
                       "--duration", "--dry-run", "--version"):
            self.assertIn(option, done.stdout)

    def test_a_script_with_a_shebang_runs_by_itself(self):
        script = self.write("hello", "#!/usr/bin/env moontap\nprint('hello', ...)\nexit()\n")
        os.chmod(script, 0o755)
        environment = dict(self.environment())
        environment["PATH"] = os.path.dirname(MOONTAP) + ":" + environment["PATH"]
        done = subprocess.run([script, "world"], capture_output=True, text=True, env=environment,
                              timeout=TIMEOUT, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "hello\tworld\n"), done.stderr)

    def test_a_reader_that_goes_away_leaves_nothing_behind(self):
        target = self.target("counted", "-n", 0, "-r", 1000)
        reader, writer = os.pipe()
        tap = self.tap("-p", str(target.pid), "-e", "break counted do print(arg[1]) end",
                       stdout=writer)
        os.close(writer)
        self.assertTrue(os.read(reader, 1))
        os.close(reader)
        wait_until(lambda: not tap.is_running(), 0.5)
        if tap.is_running():
            tap.stop()
        self.assertEqual(tap.errors, [])
        self.assert_original(target)


class Help(TestCase):
    """What help says is true."""

    def test_the_manual_page_is_that_of_this_program(self):
        done = self.moontap("--man")
        self.assertEqual((done.status, done.stderr), (0, ""))
        with open(os.path.join(ROOT, "docs", "moontap.1"), encoding="utf-8") as file:
            self.assertEqual(done.stdout, file.read(), "run: make docs")

    def test_every_example_of_help_works(self):
        # The examples have the offsets of this release.
        if "1.22" not in go_versions():
            self.skipTest("no Go 1.22")
        program = target_path("go-play-1.22")
        target = self.start(Process, [program])
        script = self.write("script", "print('a script')\n")
        commands, subjects = self.rows("all"), self.rows("info")
        self.assertIn("break", commands)
        self.assertIn("breakpoints", subjects)
        for name in commands + ["info " + subject for subject in subjects]:
            examples = "\n".join(self.examples(name))
            examples = re.sub(r"\bPID\b", str(target.pid), examples)
            examples = re.sub(r"\bFILE\b", script, examples)
            names_target = name in ("attach", "file")
            with self.subTest(name):
                done = self.moontap(
                    "-q", "--dry-run", "--unsafe",
                    *[] if names_target else [program],
                    input=("" if names_target else "break main.neatFunction\n" * 3) + examples)
                self.assertEqual((done.status, done.stderr), (0, ""), done)

    def rows(self, what):
        """The names in a list of commands."""
        text = self.moontap("-q", input="help %s\n" % what).stdout
        if what != "all":
            text = text.split("subcommands:\n")[1]
            return [line.split(" ")[1] for line in text.split("\n") if " -- " in line]
        return [line.split(" -- ")[0].split(",")[0] for line in text.split("\n") if " -- " in line]

    def examples(self, name):
        text = self.moontap("-q", input="help %s\n" % name).stdout
        return [line[4:] for line in text.split("Examples:\n")[-1].split("\n")
                if line.startswith("    ")] if "Examples:\n" in text else []
