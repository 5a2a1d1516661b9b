// SPDX-License-Identifier: GPL-2.0-or-later

// gorecipes does what the recipes for Go watch: it says its pid, waits for a line, does what its
// argument names, and says on its output what it did, so that a test can count.
package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

//go:noinline
func worker(group *sync.WaitGroup) { group.Done() }

// spawn starts three goroutines of a function, and two of a closure.
//
//go:noinline
func spawn() {
	var group sync.WaitGroup
	group.Add(5)
	for i := 0; i < 3; i++ {
		go worker(&group)
	}
	for i := 0; i < 2; i++ {
		go func() { group.Done() }()
	}
	group.Wait()
}

//go:noinline
func work(n int) (sum int, err error) {
	for i := 0; i < n*1000; i++ {
		sum += i % 7
	}
	if n == 3 {
		return sum, errors.New("three")
	}
	return sum, nil
}

// calls has three goroutines call work 4 times each.
func calls() {
	var group sync.WaitGroup
	for i := 0; i < 3; i++ {
		group.Add(1)
		go func() {
			for n := 1; n <= 4; n++ {
				work(n)
			}
			group.Done()
		}()
	}
	group.Wait()
}

func random() {
	for _, size := range []int{16, 5, 48, 300} {
		data := make([]byte, size)
		rand.Read(data)
		fmt.Printf("random %x\n", data)
	}
}

// Trouble is what somebody might panic with.
type Trouble struct {
	Code int
	Text string
}

//go:noinline
func fail(what string, list []int, trouble *Trouble) int {
	switch what {
	case "text":
		panic("text")
	case "error":
		panic(errors.New("an error"))
	case "trouble":
		panic(Trouble{7, "seven"})
	case "index":
		return list[len(what)]
	case "nil":
		return trouble.Code
	}
	return 0
}

//go:noinline
func survive(what string) {
	defer func() {
		fmt.Println("recovered:", recover())
	}()
	fail(what, []int{1}, nil)
}

func panics() {
	for _, what := range []string{"text", "error", "trouble", "index", "nil", "nothing"} {
		survive(what)
	}
}

// shortReads makes seven reads of which four get less than they ask for, two of them nothing.
func shortReads() {
	file, err := os.CreateTemp("", "gorecipes")
	check(err)
	defer os.Remove(file.Name())
	file.WriteString("0123456789")
	for _, sizes := range [][]int{{10, 4}, {6, 6, 6}, {3, 20}} {
		file.Seek(0, 0)
		for _, size := range sizes {
			n, _ := file.Read(make([]byte, size))
			fmt.Println("read", n, "of", size)
		}
	}
}

// garbage makes the heap grow until it is collected, and collects what is left. From then on nothing is
// collected by itself: it keeps 8 MiB, makes as much again to be thrown away, and collects it, four
// times.
func garbage() {
	var kept, more [][]byte
	for i := 0; i < 64; i++ {
		more = [][]byte{make([]byte, 1<<20)}
	}
	runtime.KeepAlive(more)
	debug.SetGCPercent(-1)
	more = nil
	runtime.GC()
	for i := 0; i < 8; i++ {
		kept = append(kept, make([]byte, 1<<20))
	}
	for round := 0; round < 4; round++ {
		more = nil
		for i := 0; i < 8; i++ {
			more = append(more, make([]byte, 1<<20))
		}
		runtime.KeepAlive(more)
		more = nil
		runtime.GC()
	}
	runtime.KeepAlive(kept)
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println("collections", stats.NumGC, "forced", stats.NumForcedGC)
}

const nap = 20 * time.Millisecond

//go:noinline
func receive(from chan int) int { return <-from }

//go:noinline
func send(to chan int) { to <- 1 }

//go:noinline
func choose(one, two chan int) int {
	select {
	case n := <-one:
		return n
	case n := <-two:
		return n
	}
}

// channels blocks three times in receive, twice in choose and once in send, for a nap or more each;
// a channel with room blocks nobody.
func channels() {
	one, two, roomy := make(chan int), make(chan int), make(chan int, 9)
	for i := 0; i < 9; i++ {
		send(roomy)
	}
	go func() {
		for i := 0; i < 3; i++ {
			time.Sleep(nap)
			one <- i
		}
		for i := 0; i < 2; i++ {
			time.Sleep(nap)
			two <- i
		}
		time.Sleep(nap)
		receive(two)
	}()
	for i := 0; i < 3; i++ {
		receive(one)
	}
	for i := 0; i < 2; i++ {
		choose(one, two)
	}
	send(two)
}

//go:noinline
func enter(lock sync.Locker) {
	lock.Lock()
	lock.Unlock()
}

// locks blocks once in enter on a mutex, once as a reader and once as a writer, for a nap each.
func locks() {
	var mutex sync.Mutex
	var shared sync.RWMutex
	var group sync.WaitGroup
	wait := func(held, wanted sync.Locker) {
		held.Lock()
		group.Add(1)
		go func() {
			enter(wanted)
			group.Done()
		}()
		time.Sleep(nap)
		held.Unlock()
		group.Wait()
	}
	wait(&mutex, &mutex)
	wait(&shared, shared.RLocker())
	wait(shared.RLocker(), &shared)
	for i := 0; i < 100; i++ {
		enter(&mutex) // nobody is in the way
	}
}

// deadlock ends with a fatal error of the runtime.
func deadlock() { select {} }

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func main() {
	deeds := map[string]func(){
		"spawn": spawn, "calls": calls, "random": random, "panics": panics, "reads": shortReads,
		"garbage": garbage, "channels": channels, "locks": locks, "deadlock": deadlock,
		"client": client, "server": server, "tls": secrets, "dial": dial, "sql": queries,
	}
	fmt.Println("pid", os.Getpid())
	bufio.NewReader(os.Stdin).ReadString('\n')
	deeds[os.Args[1]]()
	fmt.Println("done")
}
