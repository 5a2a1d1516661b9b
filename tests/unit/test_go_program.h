/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_go_program.h - a Go program with a bit of everything, for the tests of Go's tables.
 */
#ifndef TEST_GO_PROGRAM_H
#define TEST_GO_PROGRAM_H

#include "test_symbols_go.h"

static const char go_source[] =
    "package main\n"
    "import (\"bytes\"; \"fmt\"; \"os\"; sub \"example.org/y.v3/sub.v2\")\n"
    "type List[T any] struct{ items []T }\n"
    "//go:noinline\n"
    "func (l *List[T]) Push(v T) { l.items = append(l.items, v) }\n"
    "//go:noinline\n"
    "func F[T any](v T) T { return v }\n"
    "type V struct{ a int }\n"
    "//go:noinline\n"
    "func (v V) M() int { return v.a }\n"
    "type M interface{ M() int }\n"
    "//go:noinline\n"
    "func neatFunction(a, b bool) {\n" /* line 13 */
    "	if a { fmt.Println(\"a\") }\n"
    "	if b { fmt.Println(\"b\") }\n"
    "}\n"
    "func main() {\n"
    "	l := &List[int]{}; l.Push(F(len(os.Args)))\n"
    "	s := &List[string]{}; s.Push(F(\"x\"))\n"
    "	var m M = &V{3}; f := m.M; d := &sub.D{}\n"
    "	neatFunction(d.Decode(f()) > 2, len(l.items) > len(s.items))\n"
    "	fmt.Println(bytes.IndexByte([]byte(\"abc\"), 'c'))\n"
    "	func() { defer func() { recover() }(); fmt.Println(\"closure\") }()\n"
    "}\n";
static const char go_sub_source[] = "package sub\n"
				    "type D struct{ n int }\n"
				    "//go:noinline\n"
				    "func (d *D) Decode(x int) int { d.n += x; return d.n }\n";

static inline int make_sources(void **state)
{
	if (make_scratch(state) != 0)
		return -1;
	find_compilers();
	write_file("main.go", go_source, sizeof(go_source) - 1);
	shell("mkdir sub.v2 && printf 'module example.org/y.v3\\ngo 1.18\\n' > go.mod");
	write_file("sub.v2/sub.go", go_sub_source, sizeof(go_sub_source) - 1);
	return 0;
}

/* Builds with a compiler. Its cache outlives the test, or each run would take a minute. */
static inline void build_go(size_t compiler, const char *name, const char *flags)
{
	shell("HOME=${HOME:-/tmp} GOFLAGS=-mod=mod GOTOOLCHAIN=local "
	      "CGO_ENABLED=0 GO111MODULE=on %s build %s -o %s .",
	      compilers[compiler], flags, name);
}

static inline struct image *open_image(const char *name)
{
	struct image *image;

	assert_no_error(image_open(in_scratch(name), NULL, &image));
	return image;
}

#endif
