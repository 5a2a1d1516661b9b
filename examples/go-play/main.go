// SPDX-License-Identifier: GPL-2.0-or-later

// go-play calls a neat function again and again: a program to trace.
//
//	go-play [-passes N] [-pause DURATION]
//
// Nothing in it knows that it is being watched. Each pass prints its number and
// what the function says; at the end comes "passes N".
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

//go:noinline
func neatFunction(cond1, cond2, cond3 bool) {
	if cond1 {
		fmt.Println("first condition")
	}
	fmt.Println("one step")
	fmt.Println("another step")
	if cond2 {
		fmt.Println("second condition")
	}
	if cond3 {
		fmt.Println("third condition")
	}
	fmt.Println("the end")
}

func main() {
	passes := flag.Int("passes", 0, "how many passes; 0 means without end")
	pause := flag.Duration("pause", 500*time.Millisecond, "pause between two passes")
	flag.Parse()

	fmt.Println("pid", os.Getpid())
	pass := 0
	for *passes == 0 || pass < *passes {
		pass++
		fmt.Println("pass", pass)
		neatFunction(pass%2 == 0, pass%3 == 0, pass%5 == 0)
		time.Sleep(*pause)
	}
	fmt.Println("passes", pass)
}
