// SPDX-License-Identifier: GPL-2.0-or-later

package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The race: many goroutines call functions of every shape, which count their calls and returns,
// and check what comes back.

type tally struct{ calls, returns uint64 }

const (
	inFib = iota
	inDescend
	inThrows
	inRescues
	inTransfer
	inSquare
	inCircle
	inLargest
	inJoin
	inCensus
	inAverage
	inAdder
	inTwelve
	inChild
	inQuits
	inRelay
	inLeaf
	inMany
)

var names = [inMany]string{"fib", "descend", "throws", "rescues", "(*account).transfer", "square.area",
	"(*circle).area", "Largest[...]", "join", "census", "average", "adder.func1", "twelve", "child",
	"quits", "relay", "leaf"}
var tallies [inMany]tally

func called(in int)   { atomic.AddUint64(&tallies[in].calls, 1) }
func returned(in int) { atomic.AddUint64(&tallies[in].returns, 1) }

//go:noinline
func leaf(a, b int) int {
	called(inLeaf)
	returned(inLeaf)
	return a*3 - b
}

//go:noinline
func fib(n int) int {
	called(inFib)
	if n < 2 {
		returned(inFib)
		return n
	}
	sum := fib(n-1) + fib(n-2)
	returned(inFib)
	return sum
}

//go:noinline
func descend(n int) (sum int) {
	var room [100]int
	called(inDescend)
	for i := range room {
		room[i] = i + n
	}
	if n > 0 {
		sum = descend(n - 1)
	}
	returned(inDescend)
	return sum + room[n%100]
}

var errThrown = errors.New("thrown")

//go:noinline
func throws(n int) int {
	called(inThrows)
	if n%3 == 0 {
		panic(errThrown)
	}
	returned(inThrows)
	return n
}

//go:noinline
func rescues(n int) (result int, err error) {
	called(inRescues)
	defer returned(inRescues)
	defer func() {
		if e := recover(); e != nil {
			result, err = -n, e.(error)
		}
	}()
	return throws(n), nil
}

type account struct {
	sync.Mutex
	money int
}

//go:noinline
func (a *account) transfer(to *account, sum int) {
	called(inTransfer)
	a.Lock()
	a.money -= sum
	a.Unlock()
	to.Lock()
	defer to.Unlock()
	to.money += sum
	returned(inTransfer)
}

type shape interface{ area() float64 }
type square struct{ side float64 }
type circle struct{ radius float64 }

//go:noinline
func (s square) area() float64 {
	called(inSquare)
	returned(inSquare)
	return s.side * s.side
}

//go:noinline
func (c *circle) area() float64 {
	called(inCircle)
	returned(inCircle)
	return c.radius * c.radius * 3
}

//go:noinline
func Largest[T int | string | float64](values ...T) T {
	called(inLargest)
	largest := values[0]
	for _, value := range values {
		if value > largest {
			largest = value
		}
	}
	returned(inLargest)
	return largest
}

//go:noinline
func join(words ...string) string {
	called(inJoin)
	text := strings.Join(words, "-") + fmt.Sprint(len(words))
	returned(inJoin)
	return text
}

//go:noinline
func census(words []string) map[string]int {
	called(inCensus)
	found := make(map[string]int)
	for _, word := range words {
		found[word]++
	}
	returned(inCensus)
	return found
}

//go:noinline
func average(a, b, c, d float64, rest []float64) float64 {
	called(inAverage)
	sum := a + b + c + d
	for _, value := range rest {
		sum += value
	}
	returned(inAverage)
	return sum / float64(4+len(rest))
}

//go:noinline
func adder(to *int) func(int) int {
	return func(n int) int {
		called(inAdder)
		*to += n
		returned(inAdder)
		return *to
	}
}

//go:noinline
func twelve(a, b, c, d, e, f, g, h, i, j, k, l int) (int, string, error) {
	called(inTwelve)
	sum := a + 2*b + 3*c + 4*d + 5*e + 6*f + 7*g + 8*h + 9*i + 10*j + 11*k + 12*l
	returned(inTwelve)
	return sum, "twelve", nil
}

//go:noinline
func child(n int, to chan<- int) {
	called(inChild)
	to <- n * n
	returned(inChild)
}

//go:noinline
func quits(group *sync.WaitGroup) {
	called(inQuits)
	defer group.Done()
	runtime.Goexit()
}

//go:noinline
func relay(from <-chan int, to chan<- int, end <-chan struct{}) int {
	called(inRelay)
	for sum := 0; ; {
		select {
		case n := <-from:
			sum += n
			to <- n + 1
		case <-end:
			returned(inRelay)
			return sum
		}
	}
}

func check(what string, is bool) {
	if !is {
		fmt.Println("WRONG", what)
		os.Exit(1)
	}
}

func checkCalls(n int) {
	check("fib", fib(n%10) == []int{0, 1, 1, 2, 3, 5, 8, 13, 21, 34}[n%10])
	check("descend", descend(40) == 41*40)
	result, err := rescues(n)
	check("rescues", n%3 == 0 && result == -n && err == errThrown || n%3 != 0 && result == n && err == nil)
	check("leaf", leaf(n, 7) == 3*n-7)
	sum, text, err := twelve(n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	check("twelve", sum == n+572 && text == "twelve" && err == nil)
	total := 0
	add := adder(&total)
	check("adder", add(n) == n && add(1) == n+1 && total == n+1)
}

func checkValues(n int) {
	x := float64(n)
	check("average", average(x, x+1, x+2, x+3, []float64{x + 4}) == x+2)
	areas := 0.0
	for _, s := range []shape{square{x}, &circle{x}} {
		areas += s.area()
	}
	check("area", areas == 4*x*x)
	check("Largest", Largest(n, n+1, n-1) == n+1 && Largest("a", "c", "b") == "c" && Largest(x, -x-1) == x)
	check("join", join("a", "b", fmt.Sprint(n)) == fmt.Sprintf("a-b-%d3", n))
	found := census([]string{"x", "y", "x"})
	check("census", len(found) == 2 && found["x"] == 2)
	sorted := []int{n, 3, -n, 1}
	sort.Slice(sorted, func(i, j int) bool { return sorted[i] < sorted[j] })
	check("sort", sort.IntsAreSorted(sorted))
}

func checkGoroutines(n int) {
	from, to, end, sum := make(chan int), make(chan int), make(chan struct{}), make(chan int)
	go func() { sum <- relay(from, to, end) }()
	for i := 0; i < 3; i++ {
		from <- n + i
		check("relay", <-to == n+i+1)
	}
	close(end)
	check("relayed", <-sum == 3*n+3)
	squares := make(chan int, 4)
	var group sync.WaitGroup
	group.Add(2)
	for i := 0; i < 2; i++ {
		go child(n, squares)
		go quits(&group)
	}
	check("child", <-squares == n*n && <-squares == n*n)
	group.Wait()
}

// race runs for so long, and prints what each function has counted.
func race(duration time.Duration) {
	accounts := make([]account, 8)
	end := time.Now().Add(duration)
	stop := make(chan bool)
	var rounds uint64

	go collect(stop)
	together(32, func(index int) {
		for n := index; time.Now().Before(end); n++ {
			checkCalls(n % 1000)
			checkValues(n % 1000)
			checkGoroutines(n % 1000)
			accounts[n%8].transfer(&accounts[(n+index)%8], n)
			atomic.AddUint64(&rounds, 1)
		}
	})
	stop <- true
	money := 0
	for i := range accounts {
		money += accounts[i].money
	}
	check("money", money == 0)
	for i, name := range names {
		fmt.Println("counted", "main."+name, tallies[i].calls, tallies[i].returns)
	}
	fmt.Println("rounds", rounds)
}
