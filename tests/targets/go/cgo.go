// SPDX-License-Identifier: GPL-2.0-or-later

//go:build cgo
// +build cgo

package main

// static long twice(long n) { return 2 * n; }
import "C"

// With cgo another linker lays the program out, and g is found elsewhere.
func init() {
	if C.twice(21) != 42 {
		panic("C cannot count")
	}
}
