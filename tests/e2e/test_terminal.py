# SPDX-License-Identifier: GPL-2.0-or-later
"""The console at terminals of all kinds: fast events, long lines, no colours, no room."""

import fcntl
import os
import re
import signal
import struct
import termios

from harness import (TestCase, MOONTAP, breakpoints, needs_root, target_path)
from screen import Terminal

PROMPT = "(moontap) "


@needs_root
class AtATerminal(TestCase):
    def console(self, *arguments, columns=100, **environment):
        environment = dict(self.environment(), **{"TERM": "vt100", **environment})
        terminal = Terminal([MOONTAP, *map(str, arguments)], environment, self.dir, columns)
        self.addCleanup(terminal.close)
        terminal.wait_for(lambda screen: screen.current() == PROMPT, "the prompt")
        return terminal

    def clear(self, terminal):
        """An empty line at the prompt: keys with a meaning come to readline alone."""
        terminal.wait_for(lambda screen: screen.current().startswith(PROMPT), "the prompt")
        terminal.type("\x15")
        terminal.wait_for(lambda screen: screen.current() == PROMPT, "an empty line")

    def completed(self, terminal, typed, wanted):
        self.clear(terminal)
        terminal.type(typed + "\t")
        terminal.wait_for(lambda screen: screen.current() == PROMPT + wanted, wanted)

    def quit(self, terminal):
        self.clear(terminal)
        terminal.type("quit\r")
        self.assertEqual(terminal.wait(), 0, terminal.screen.text())

    def test_tab_completes_everything(self):
        terminal = self.console("-q", target_path("counted"))
        terminal.type("break counted\rbreak seldom\r")
        terminal.expect("^Tracepoint 2 ")
        for typed, wanted in (("info func", "info functions "), ("enable on", "enable once "),
                              ("break seld", "break seldom "), ("tb seld", "tb seldom "),
                              ("list counted.", "list counted.c:"), ("x/4xw seld", "x/4xw seldom "),
                              ("set conf", "set confirm "), ("set history si", "set history size "),
                              ("show subst", "show substitute-path "), ("delete $", "delete $bpnum "),
                              ("help status", "help status "), ("help info break",
                                                                "help info breakpoints "),
                              ("print string.form", "print string.format"),
                              ("disas seld", "disas seldom "), ("info address seld",
                                                                "info address seldom ")):
            with self.subTest(typed):
                self.completed(terminal, typed, wanted)
        self.clear(terminal)
        terminal.type("delete \t\t")
        terminal.expect(r"^\$bpnum\s+1\s+2$")
        self.quit(terminal)

    def test_tab_completes_variables_and_fields_of_the_target(self):
        terminal = self.console("-q", target_path("values-c-gcc-O2-d5"))
        terminal.type("set breakpoint pending off\rbreak integers do end\r")
        terminal.expect("^Tracepoint 1 ")
        for typed, wanted in (
                ("print matr", "print matrix"), ("print first.nex", "print first.next"),
                ("print *first.next->val", "print *first.next->value"),
                ("ptype first.nex", "ptype first.next "), ("whatis greet", "whatis greeting "),
                ("x greet", "x greeting "),
                ("break integers if u3", "break integers if u32"),
                ("finish integers do print(first.next.ne", "finish integers do print(first.next.next"),
                ("break integers do print(arg.i3", "break integers do print(arg.i32"),
                ("condition 1 u8 > u1", "condition 1 u8 > u16"),
                ("dprintf integers, \"%d\", greet", "dprintf integers, \"%d\", greeting"),
                ("set confirm of", "set confirm off "), ("set breakpoint pending au",
                                                       "set breakpoint pending auto "),
                ("set listsize unl", "set listsize unlimited "), ("set breakpoint ",
                                                                "set breakpoint pending "),
                ("break libc.so.6:getservbyport_", "break libc.so.6:getservbyport_r ")):
            with self.subTest(typed):
                self.completed(terminal, typed, wanted)
        self.clear(terminal)
        terminal.type("break integers do\r")
        terminal.wait_for(lambda screen: screen.current() == ">", "the open block")
        terminal.type("print(first.ne\t")
        terminal.wait_for(lambda screen: screen.current() == ">print(first.next", "a field")
        terminal.type("\x03")
        self.quit(terminal)

    def test_tab_completes_cxx_names_without_their_parameters(self):
        terminal = self.console("-q", target_path("names"))
        for typed, wanted in (("break shop::Bas", "break shop::Basket::add "),
                              ("break shop::Basket::add(d", "break shop::Basket::add(double) "),
                              ("break shop::p", "break shop::pay "),
                              ("break _ZN4shop3p", "break _ZN4shop3payEi ")):
            with self.subTest(typed):
                self.completed(terminal, typed, wanted)
        self.quit(terminal)

    def test_tab_twice_lists_what_there_is(self):
        terminal = self.console("-q", target_path("many"))
        terminal.type("set max-completions 5\rprint('set')\r")
        terminal.expect("^set$")
        self.clear(terminal)
        terminal.type("break fn_00\t\t")
        # Those found first, in order.
        names = terminal.expect(r"^fn_00\d\d(\s+fn_00\d\d){4}$").group().split()
        self.assertEqual(names, sorted(set(names)))
        terminal.wait_for(lambda screen: screen.current() == PROMPT + "break fn_00", "the line")
        self.quit(terminal)

    def test_a_block_is_one_entry_of_the_history_and_can_be_edited(self):
        terminal = self.console("-q", target_path("counted"))
        terminal.type('for i = 1, 2 do\rprint("first", i)\rend\r')
        terminal.expect(r"^first\s+2$")
        self.clear(terminal)
        terminal.type("\x10")
        terminal.wait_for(lambda screen: "end" in screen.current(), "the entry")
        terminal.type("\x05 print('again')\r")
        terminal.expect(r"^again$")
        self.assertEqual(len(re.findall(r"^first\s+1$", terminal.screen.text(), re.M)), 2)
        self.quit(terminal)

    def test_ctrl_r_finds_a_line(self):
        terminal = self.console("-q", target_path("counted"))
        terminal.type("print('needle')\rprint('hay')\r")
        terminal.expect("^hay$")
        self.clear(terminal)
        terminal.type("\x12need")
        terminal.wait_for(lambda screen: "print('needle')" in screen.current(), "the line")
        terminal.type("\r")
        terminal.wait_for(lambda screen: len(re.findall("^needle$", screen.text(), re.M)) == 2,
                          "it is run again")
        self.quit(terminal)

    def test_inputrc_is_obeyed(self):
        inputrc = self.write("inputrc", '$if moontap\n"\\C-t": "info target"\n$endif\n')
        terminal = self.console("-q", target_path("counted"), INPUTRC=inputrc)
        terminal.type("\x14\r")
        terminal.expect(r"Every process that runs the file is traced\.")
        self.quit(terminal)

    def test_a_line_of_500_columns_and_utf_8(self):
        terminal = self.console("-q", target_path("counted"))
        terminal.type("print('%s')\r" % ("x" * 480))
        terminal.wait_for(lambda screen: screen.text().count("x" * 80) >= 8, "the long line")
        terminal.type("break counted if comm == 'gr\u00fc\u00df' do print('\u2713') end\r")
        terminal.expect("^Tracepoint 1 at ")
        terminal.type("info breakpoints\r")
        terminal.expect("stop only if comm == 'gr\u00fc\u00df'")
        self.quit(terminal)

    def test_a_terminal_of_20_columns(self):
        terminal = self.console("-q", target_path("counted"), columns=20)
        terminal.type("break counted do print(arg[1]) end\r")
        terminal.wait_for(lambda screen: "Tracepoint 1 at" in screen.text().replace("\n", ""),
                          "the tracepoint")
        terminal.type("info breakpoints\r")
        terminal.wait_for(lambda screen: "keep" in screen.text(), "the table")
        self.quit(terminal)

    def test_the_window_is_resized(self):
        terminal = self.console("-q", target_path("counted"))
        terminal.type("print('abc")
        terminal.wait_for(lambda screen: screen.current().endswith("abc"), "the line")
        fcntl.ioctl(terminal.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 60, 0, 0))
        os.kill(terminal.pid, signal.SIGWINCH)
        terminal.settle(0.2)
        terminal.type("def')\r")
        terminal.expect("^abcdef$")
        self.quit(terminal)

    def test_dumb_terminals_and_the_locale_c(self):
        terminal = self.console("-q", target_path("counted"), TERM="dumb", LC_ALL="C")
        terminal.type("info target\r")
        terminal.expect(r"Every process that runs the file is traced\.")
        self.assertNotIn("\x1b[", terminal.raw)
        terminal.type("print('gr\u00fcn')\r")
        terminal.settle(0.2)
        terminal.type("quit\r")
        self.assertEqual(terminal.wait(), 0)

    def test_a_history_that_cannot_be_written_is_no_matter(self):
        blocked = self.write("blocked", "")
        for state in (blocked, "/proc/nowhere", "/dev/full"):
            with self.subTest(state):
                terminal = self.console("-q", XDG_STATE_HOME=state)
                terminal.type("print(6 * 7)\r")
                terminal.expect("^42$")
                terminal.type("quit\r")
                self.assertEqual(terminal.wait(), 0)
                self.assertNotIn("history", terminal.screen.text())

    def test_history_is_not_saved_when_that_is_off(self):
        terminal = self.console("-q")
        terminal.type("set history save off\rprint('secret')\r")
        terminal.expect("^secret$")
        self.quit(terminal)
        self.assertFalse(os.path.exists(self.path("moontap/history")))

    def test_ten_thousand_lines_a_second_break_no_line_and_lose_no_key(self):
        target = self.target("counted", "-n", 0, "-r", 10000)
        terminal = self.console("-q", "-p", target.pid)
        terminal.type('break counted do print("event number", arg[1]) end\r')
        terminal.expect(r"^event number\s+\d+$")
        for letter in "print('typed meanwhile')":
            terminal.type(letter)
            terminal._read(0.05)
        terminal.type("\r")
        terminal.expect("^typed meanwhile$")
        terminal.expect(r"^\[\d+ lines held back; ")
        terminal.type("disable\r")
        terminal.type("info breakpoints\r")
        terminal.expect(r"^1\s+break\s+keep\s+n")

        def is_all_there(screen):
            text = screen.text()
            held = sum(map(int, re.findall(r"^\[(\d+) lines held back; ", text, re.M)))
            shown = len(re.findall(r"^event number\s+\d+$", text, re.M))
            row = breakpoints(text)["1"]
            return shown + held + row["lost"] == row["hits"]
        terminal.wait_for(is_all_there, "each hit, shown or held back or lost")
        terminal.wait_for(lambda screen: screen.current() == PROMPT, "the prompt")
        text = terminal.screen.text()
        broken = [line for line in text.split("\n") if "number" in line and
                  not re.fullmatch(r"event number\s+\d+", line) and PROMPT not in line]
        self.assertEqual(broken, [])
        self.quit(terminal)
        self.assert_original(target)

    def test_the_budget_can_be_lifted(self):
        target = self.target("counted", "-n", 5000, "-w", "-k")
        terminal = self.console("-q", "-p", target.pid)
        terminal.type("set event-lines unlimited\rbreak counted do print('e', arg[1]) end\r")
        terminal.expect("^Tracepoint 1 ")
        target.go()
        terminal.expect(r"^e\s+4999$")
        self.assertEqual(len(re.findall(r"^e\s+\d+$", terminal.screen.text(), re.M)), 5000)
        self.assertNotIn("held back", terminal.screen.text())
        self.quit(terminal)

    def test_a_pipe_gets_every_line(self):
        target = self.target("counted", "-n", 20000, "-w")
        tap = self.tap("-p", str(target.pid), "-e",
                       'break counted do print(arg[1]) end print("ready")')
        tap.expect("^ready$")
        target.go()
        target.wait()
        tap.wait()
        self.assertEqual(len(tap.lines), 20001)

    def test_hostile_bytes_of_a_target_do_not_reach_the_terminal(self):
        program = self.write("hostile.c", "#include <stdio.h>\n#include <sys/prctl.h>\n"
                             "#include <unistd.h>\n__attribute__((noinline)) void f(const char *s)"
                             '{ __asm__ volatile("" :: "r"(s)); }\nint main(void) {'
                             ' static char text[10240]; for (int i = 0; i < 10000; i++) text[i] ='
                             ' "\\033[2J\\007\\xff"[i % 6];\n prctl(PR_SET_NAME, "\\033[31m\\007");'
                             ' printf("pid %d\\n", (int)getpid()); fflush(stdout);'
                             " for (;;) { f(text); usleep(10000); } }\n")
        binary = self.path("hostile")
        self.assertEqual(os.system("gcc -O1 -g -o %s %s && objcopy --redefine-sym "
                                   "'f=f\x1b[31mred' %s" % (binary, program, binary)), 0)
        target = self.target(binary)
        terminal = self.console("-q", "-p", target.pid)
        terminal.raw = ""
        terminal.type("break /^f.*red/ do print(comm, func, str(arg[1], 1000)) end\r")
        terminal.expect("^Tracepoint 1 ")
        terminal.expect("\\\\x07|\\\\a")
        terminal.type("disable\rinfo breakpoints\rinfo functions red\rexplain 1\r")
        terminal.expect("site ")
        terminal.settle(0.3)
        for byte in ("\x07", "\x1b[2J", "\x1b[31m", "\x1b]"):
            self.assertNotIn(byte, terminal.raw)
        self.quit(terminal)


class NoTerminal(TestCase):
    def test_a_closed_standard_input_and_output(self):
        status = os.system("%s -q %s <&- >&- 2>&-" % (MOONTAP, target_path("counted")))
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)

    def test_no_home_at_all(self):
        environment = {name: value for name, value in self.environment().items()
                       if name not in ("HOME", "XDG_STATE_HOME", "TERM", "LC_ALL")}
        done = self.moontap("-q", input="print(1)\n", env=environment)
        self.assertEqual((done.status, done.stdout), (0, "1\n"))


class InitFile(TestCase):
    """./.moontapinit: run only where it is trusted."""

    def start_here(self, **options):
        return self.moontap("-q", input="print('console')\n", **options)

    def test_only_a_trusted_directory_s_is_run(self):
        self.write(".moontapinit", "print('init')\n")
        done = self.start_here()
        self.assertEqual(done.stdout, "console\n")
        self.assertIn("is not run: its directory is not trusted. To trust it, add the line\n"
                      "    %s\nto %s/moontap/trusted." % (self.dir, self.dir), done.stderr)
        os.makedirs(self.path("moontap"))
        self.write("moontap/trusted", "/elsewhere\n%s\n" % self.dir)
        done = self.start_here()
        self.assertEqual((done.stdout, done.stderr), ("init\nconsole\n", ""))
        done = self.moontap("-batch", "-ex", "print('batch')")
        self.assertEqual(done.stdout, "batch\n")
        os.chmod(self.path(".moontapinit"), 0o666)
        self.assertIn("the file can be written by others", self.start_here().stderr)
        os.chmod(self.path(".moontapinit"), 0o644)
        os.chmod(self.dir, 0o777)
        done = self.start_here()
        self.assertIn("the directory can be written by others", done.stderr)
        self.assertEqual(done.stdout, "console\n")

    def test_one_of_somebody_else_is_not_run(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to give a file away")
        self.write(".moontapinit", "print('init')\n")
        os.makedirs(self.path("moontap"))
        self.write("moontap/trusted", self.dir + "\n")
        os.chown(self.path(".moontapinit"), 65534, 65534)
        done = self.start_here()
        self.assertIn("the file belongs to somebody else", done.stderr)
        self.assertEqual(done.stdout, "console\n")
