// SPDX-License-Identifier: GPL-2.0-or-later

// go-calls makes calls whose number and results are known: it says its pid, waits for a line,
// and does what its argument says.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// grow needs more stack than a goroutine begins with.
//
//go:noinline
func grow(n int) int {
	var room [64]int
	room[n%64] = n
	if n == 0 {
		return 0
	}
	return grow(n-1) + room[n%64] - n + 1
}

// climb makes depth+1 calls that need ever more stack, and loops without calls in between: it is
// preempted in the loop, and its stack grows and is moved.
//
//go:noinline
func climb(depth int) int {
	var room [64]int
	for i := range room {
		room[i] = i ^ depth
	}
	if depth == 0 {
		return room[1]
	}
	return climb(depth-1) + room[depth%64]&1
}

// collect has the stacks of all goroutines scanned, and shrunk, until it is told to stop.
func collect(stop chan bool) {
	for {
		select {
		case <-stop:
			return
		default:
			runtime.GC()
		}
	}
}

// double is C's, where there is C.
var double = func(n int) int { return n * 2 }

//go:noinline
func nap(id uint64, ms int) int {
	time.Sleep(time.Duration(ms) * time.Millisecond)
	return double(ms)
}

//go:noinline
func mayPanic(n int) (sum int, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = errors.New("recovered")
			sum = -1
		}
	}()
	return deep(n, 6), nil
}

//go:noinline
func deep(n, frames int) int {
	if frames == 0 {
		if n%2 == 0 {
			panic("even")
		}
		return n
	}
	return deep(n, frames-1) + 1
}

// leaves ends its goroutine, frames calls deep: none of them returns.
//
//go:noinline
func leaves(frames int) int {
	if frames == 0 {
		runtime.Goexit()
	}
	return leaves(frames-1) + 1
}

// never has no way back to its caller.
//
//go:noinline
func never(reason error) {
	for {
		if reason != nil {
			panic(reason)
		}
	}
}

// goid is what the runtime says the number of this goroutine is.
func goid() uint64 {
	text := make([]byte, 64)
	text = bytes.TrimPrefix(text[:runtime.Stack(text, false)], []byte("goroutine "))
	number, _ := strconv.ParseUint(string(text[:bytes.IndexByte(text, ' ')]), 10, 64)
	return number
}

func together(count int, fn func(index int)) {
	var group sync.WaitGroup
	for i := 0; i < count; i++ {
		group.Add(1)
		go func(index int) {
			defer group.Done()
			fn(index)
		}(i)
	}
	group.Wait()
}

func main() {
	fmt.Println("pid", os.Getpid())
	bufio.NewReader(os.Stdin).ReadString('\n')
	switch os.Args[1] {
	case "grow":
		together(3, func(int) { grow(1000) })
	case "preempt":
		stop := make(chan bool)
		go collect(stop)
		together(100, func(int) {
			for i := 0; i < 100; i++ {
				climb(14)
			}
		})
		stop <- true
		fmt.Println("calls", 100*100*15)
	case "nap":
		together(50, func(index int) {
			id := goid()
			for i := 0; i < 20; i++ {
				nap(id, 1+(index+i)%4)
			}
		})
	case "panic":
		rounds, _ := strconv.Atoi(os.Args[2])
		sum := 0
		for i := 0; i < rounds; i++ {
			result, _ := mayPanic(i)
			sum += result
		}
		fmt.Println("sum", sum)
	case "race":
		duration, _ := time.ParseDuration(os.Args[2])
		race(duration)
	case "never":
		never(errors.New("asked for"))
	case "generic":
		fmt.Println("sum", generic())
	case "goexit":
		rounds, _ := strconv.Atoi(os.Args[2])
		for i := 0; i < rounds; i++ {
			together(10, func(index int) {
				if index%2 == 0 {
					leaves(5)
				}
				deep(1, 5)
			})
		}
	}
	fmt.Println("done")
}
