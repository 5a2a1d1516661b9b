// SPDX-License-Identifier: GPL-2.0-or-later

//go:build cgo
// +build cgo

package main

// #include <stdlib.h>
// __attribute__((noinline)) long twice(long n) { return 2 * n + 0 * rand(); }
import "C"

// With cgo another linker lays the program out, and g is found elsewhere.
func init() {
	double = func(n int) int { return int(C.twice(C.long(n))) }
}
