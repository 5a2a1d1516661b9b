/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * builtin.c - the tables of built-in names and of registers.
 * Apart because help, completion and the compiler must agree on them.
 */
#include <linux/ptrace.h>

#include "value.h"

#define VALUE(name, summary, value, view)                                         \
	{                                                                         \
		{name, name, summary}, BUILTIN_VALUE, value, view, 0, 0, false, 0 \
	}
#define SITE(name, summary, capture)                                                             \
	{                                                                                        \
		{name, name, summary}, BUILTIN_SITE, VALUE_NONE, VIEW_SITE, capture, 0, false, 0 \
	}
#define LOAD(name, usage, summary, size, is_signed)                                      \
	{                                                                                \
		{name, usage, summary}, BUILTIN_LOAD, VALUE_LOAD, VIEW_INTEGER, 0, size, \
		    is_signed, 0                                                         \
	}
#define OTHER(name, usage, summary, kind)                          \
	{                                                          \
		{name, usage, summary}, kind, 0, 0, 0, 0, false, 0 \
	}
#define AGGREGATE(name, usage, summary, aggregate)                                      \
	{                                                                               \
		{name, usage, summary}, BUILTIN_AGGREGATE, 0, 0, 0, 0, false, aggregate \
	}

static const struct builtin_entry entries[] = {
    VALUE("pid", "process id", VALUE_PID, VIEW_INTEGER),
    VALUE("tid", "thread id", VALUE_TID, VIEW_INTEGER),
    OTHER("goid", "goid",
	  "in Go: number of the goroutine; on a system stack, of the one it works for",
	  BUILTIN_GOROUTINE),
    VALUE("cpu", "CPU the hit was on", VALUE_CPU, VIEW_INTEGER),
    VALUE("comm", "name of the thread (its first 15 bytes)", VALUE_COMM, VIEW_STRING),
    SITE("time", "wall clock time of the hit, ns since 1970", CAPTURE_TIME),
    SITE("func", "function the probe is in", CAPTURE_FUNCTION),
    SITE("file", "source file of the probe, or nil", CAPTURE_FILE),
    SITE("line", "source line of the probe, or nil", CAPTURE_LINE),
    {{"addr", "addr, addr(V)",
      "address of the probe in the file; of a variable, a field or an element"},
     BUILTIN_SITE,
     VALUE_NONE,
     VIEW_SITE,
     CAPTURE_ADDRESS,
     0,
     false,
     0},
    SITE("probe", "number of the probe", CAPTURE_PROBE),
    SITE("usdt", "the static probe's PROVIDER:NAME (of break -probe), or nil", CAPTURE_USDT),
    OTHER("arg", "arg[N], arg.NAME",
	  "argument N of the function, counted from 1, as a raw integer, or of the static probe; a "
	  "parameter by name",
	  BUILTIN_ARGUMENTS),
    OTHER("var", "var.NAME", "a variable of the target, whatever built-in hides its name",
	  BUILTIN_VARIABLES),
    OTHER("global", "global[\"NAME\"]", "a global or static variable of the target",
	  BUILTIN_GLOBALS),
    OTHER("reg", "reg.NAME", "a register, as a raw integer", BUILTIN_REGISTERS),
    OTHER("result", "result", "in finish: what the function returns", BUILTIN_RESULT),
    VALUE("elapsed", "in finish: ns since the function was entered", VALUE_ELAPSED, VIEW_INTEGER),
    OTHER("entry", "entry.EXPR", "in finish: a value as it was when the function was entered",
	  BUILTIN_ENTRY),
    OTHER("str", "str(P [, MAX])", "the NUL-terminated string at address P", BUILTIN_STRING),
    LOAD("u8", "u8(P)", "unsigned byte at address P", 1, false),
    LOAD("u16", "u16(P)", "unsigned 16-bit integer at address P", 2, false),
    LOAD("u32", "u32(P)", "unsigned 32-bit integer at address P", 4, false),
    LOAD("u64", "u64(P)", "64-bit integer at address P (Lua shows it as signed)", 8, false),
    LOAD("i8", "i8(P)", "signed byte at address P", 1, true),
    LOAD("i16", "i16(P)", "signed 16-bit integer at address P", 2, true),
    LOAD("i32", "i32(P)", "signed 32-bit integer at address P", 4, true),
    LOAD("i64", "i64(P)", "signed 64-bit integer at address P", 8, true),
    OTHER("bytes", "bytes(P, N [, MAX])", "N bytes at address P, as a string", BUILTIN_BYTES),
    OTHER("len", "len(V)", "elements of an array or a sequence, bytes of a string", BUILTIN_LENGTH),
    OTHER("cast", "cast(\"TYPE\", V)", "V as a value of a type of the target", BUILTIN_CAST),
    OTHER("iface", "iface(T, P)", "what the two words of a Go interface hold", BUILTIN_INTERFACE),
    OTHER("gofunc", "gofunc(P)", "the name of the function that a Go function value is",
	  BUILTIN_GO_FUNCTION),
    OTHER("stack", "stack([N])", "the stack, N frames of it (32)", BUILTIN_STACK),
    OTHER("symbol", "symbol(ADDRESS [, PID])", "function, offset and line of a code address",
	  BUILTIN_LUA),
    OTHER("print", "print(...)", "print the values, separated by tabs", BUILTIN_LUA),
    OTHER("printf", "printf(FORMAT, ...)", "print as C's printf does", BUILTIN_LUA),
    OTHER("emit", "emit{...}", "print a record as one line of JSON", BUILTIN_LUA),
    OTHER("ok", "ok(V [, DEFAULT])", "V if it could be read, else DEFAULT", BUILTIN_OK),
    OTHER("command", "command(LINE)", "run a command of the console; returns its text",
	  BUILTIN_LUA),
    OTHER("atexit", "atexit(FUNCTION)", "in a script: call it at the end", BUILTIN_LUA),
    OTHER("exit", "exit([STATUS])", "end the session", BUILTIN_LUA),
    OTHER("enable", "enable(N)", "enable probe N", BUILTIN_LUA),
    OTHER("disable", "disable(N)", "disable probe N", BUILTIN_LUA),
    OTHER("delete", "delete(N)", "delete probe N", BUILTIN_LUA),
    AGGREGATE("count", "count([KEY ...])", "count the hits, by key", AGGREGATE_OF_COUNT),
    AGGREGATE("sum", "sum(V [, KEY ...])", "add the values up", AGGREGATE_OF_SUM),
    AGGREGATE("avg", "avg(V [, KEY ...])", "the average of the values", AGGREGATE_OF_AVG),
    AGGREGATE("min", "min(V [, KEY ...])", "the least of the values", AGGREGATE_OF_MIN),
    AGGREGATE("max", "max(V [, KEY ...])", "the greatest of the values", AGGREGATE_OF_MAX),
    AGGREGATE("hist", "hist(V [, KEY ...])", "a histogram of powers of two", AGGREGATE_OF_HIST),
    AGGREGATE("lhist", "lhist(V, LOW, HIGH, STEP [, KEY ...])",
	      "a histogram of steps, from LOW up to HIGH", AGGREGATE_OF_LHIST),
    OTHER("aggregate", "aggregate.KIND{title=, unit=}",
	  "an aggregate for several probes: NAME:add(V [, KEY ...]), :get(KEY ...), :clear()",
	  BUILTIN_LUA),
    OTHER("target", "target.FIELD",
	  "what is traced: path, pid, state, go (its version), probes (the static ones)",
	  BUILTIN_LUA),
    OTHER(NULL, NULL, NULL, BUILTIN_LUA),
};

const struct builtin_entry *builtin_find(const char *name)
{
	for (const struct builtin_entry *entry = entries; entry->public.name; entry++)
		if (strcmp(entry->public.name, name) == 0)
			return entry;
	return NULL;
}

bool builtin_is_lua(const char *name)
{
	/* Lua 5.4, 6.1 and the libraries' tables; what the runtime adds beside the above. */
	static const char *const names[] = {
	    "_G",	 "_VERSION",	 "assert",  "collectgarbage", "dofile",
	    "error",	 "getmetatable", "ipairs",  "load",	      "loadfile",
	    "next",	 "pairs",	 "pcall",   "rawequal",	      "rawget",
	    "rawlen",	 "rawset",	 "require", "select",	      "setmetatable",
	    "tonumber",	 "tostring",	 "type",    "warn",	      "xpcall",
	    "coroutine", "debug",	 "io",	    "math",	      "os",
	    "package",	 "string",	 "table",   "utf8",	      "attach",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

const struct builtin *builtin_next(const struct builtin *previous)
{
	const struct builtin_entry *entry =
	    previous ? (const struct builtin_entry *)(const void *)previous + 1 : entries;

	return entry->public.name ? &entry->public : NULL;
}

/* Offsets in struct pt_regs, arch/x86/include/uapi/asm/ptrace.h. */
static const struct {
	const char *name;
	unsigned offset;
} registers[] = {
    {"rax", offsetof(struct pt_regs, rax)}, {"rbx", offsetof(struct pt_regs, rbx)},
    {"rcx", offsetof(struct pt_regs, rcx)}, {"rdx", offsetof(struct pt_regs, rdx)},
    {"rsi", offsetof(struct pt_regs, rsi)}, {"rdi", offsetof(struct pt_regs, rdi)},
    {"rbp", offsetof(struct pt_regs, rbp)}, {"rsp", offsetof(struct pt_regs, rsp)},
    {"r8", offsetof(struct pt_regs, r8)},   {"r9", offsetof(struct pt_regs, r9)},
    {"r10", offsetof(struct pt_regs, r10)}, {"r11", offsetof(struct pt_regs, r11)},
    {"r12", offsetof(struct pt_regs, r12)}, {"r13", offsetof(struct pt_regs, r13)},
    {"r14", offsetof(struct pt_regs, r14)}, {"r15", offsetof(struct pt_regs, r15)},
    {"rip", offsetof(struct pt_regs, rip)}, {"eflags", offsetof(struct pt_regs, eflags)},
};

int register_offset(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		if (strcmp(registers[i].name, name) == 0)
			return (int)registers[i].offset;
	return -1;
}

int register_of_dwarf(int64_t number)
{
	static const char *const names[] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi",
					    "rbp", "rsp", "r8",	 "r9",	"r10", "r11",
					    "r12", "r13", "r14", "r15", "rip"};

	return number >= 0 && number < (int64_t)ARRAY_SIZE(names) ? register_offset(names[number])
								  : -1;
}

const char *register_name(unsigned offset)
{
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		if (registers[i].offset == offset)
			return registers[i].name;
	return "?";
}

void register_names(struct buffer *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		buffer_printf(out, "%s%s", i ? " " : "", registers[i].name);
}
