// SPDX-License-Identifier: GPL-2.0-or-later

// govalues calls functions whose arguments and results are known: it says its pid, waits for a
// line, and calls them all.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Point is what interfaces hold.
type Point struct{ X, Y int }

// Area is a method of a value.
//
//go:noinline
func (p Point) Area(scale int) int { return p.X * p.Y * scale }

// Move is a method of a pointer.
//
//go:noinline
func (p *Point) Move(dx int) (moved bool) {
	p.X += dx
	return dx != 0
}

// Shape is an interface with a method.
type Shape interface{ Area(scale int) int }

// Deep has interfaces in it.
type Deep struct {
	Name  string
	Inner interface{}
	Err   error
	Next  *Point
}

// Problem is an error of the program's own.
type Problem struct {
	Code int
	Text string
}

func (p *Problem) Error() string { return p.Text }

//go:noinline
func manyArgs(a int, s string, b []byte, f float64, e error, n int) (int, string, error) {
	if f == 0 {
		return n, "none", e
	}
	return n, s, errors.New("three")
}

//go:noinline
func eleven(a, b, c, d, e, f, g, h, i, j, k int) (sum int, last int) {
	return a + b + c + d + e + f + g + h + i + j + k, k
}

//go:noinline
func arrays(a [1]int, b [3]int16, n int) (first int16, all [3]int16) {
	return b[0] + int16(a[0]), b
}

//go:noinline
func ignored(when time.Time, e error, n int) int { return n }

//go:noinline
func anything(v interface{}) bool { return v != nil }

//go:noinline
func shape(s Shape) int { return s.Area(2) }

//go:noinline
func failure(err error) bool { return err != nil }

//go:noinline
func refusal(err error) bool { return err != nil }

//go:noinline
func deep(d Deep, p *Deep) string { return d.Name + p.Name }

//go:noinline
func maps(m map[string]int, points map[int32]Point, names []string) int {
	return len(m) + len(points) + len(names)
}

//go:noinline
func channels(c chan int, texts chan string) int { return len(c) + cap(texts) }

//go:noinline
func times(d time.Duration, t time.Time, u time.Time) bool { return t.Before(u) && d > 0 }

//go:noinline
func contexts(ctx context.Context) bool { return ctx.Err() == nil }

//go:noinline
func call(fn func(int) int) int { return fn(3) }

func double(n int) int { return 2 * n }

// add is assembly: its arguments and its result are on the stack.
func add(a int64, b int32, s string) (sum int64, length int)

type key struct{ name string }

var (
	settings       = map[string]int{"speed": 7}
	anyShape Shape = Point{6, 7}
	lastErr  error = errors.New("global")
	queue          = make(chan string, 2)
	large          = map[int]int{} // of several tables, from Go 1.24 on
)

// The errors of system calls, and of time that is over.
func refusals() {
	refusal(syscall.ECONNREFUSED)
	refusal(syscall.Errno(1000))
	_, err := os.Open("/nonexistent/file")
	refusal(err)
	refusal(os.NewSyscallError("connect", syscall.EAGAIN))
	refusal(context.DeadlineExceeded)
	refusal(os.ErrDeadlineExceeded)
}

func all() {
	manyArgs(3, "str", []byte("bytes"), 1.5, nil, 3)
	eleven(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	arrays([1]int{7}, [3]int16{1, -2, 3}, 5)
	p := Point{3, 4}
	p.Area(5)
	p.Move(2)
	anything(nil)
	anything(5)
	anything("text")
	anything(p)
	anything(&p)
	anything(2.5)
	anything([]string{"a", "bc"})
	anything(map[string]int{"one": 1})
	anything(Deep{Name: "outer", Inner: p, Err: errors.New("inner")})
	shape(p)
	failure(nil)
	failure(errors.New("three"))
	failure(fmt.Errorf("wrapped: %w", &Problem{7, "seven"}))
	failure(&Problem{8, "eight"})
	deep(Deep{"value", 7, nil, &p}, &Deep{"pointer", "x", errors.New("y"), nil})
	many := map[string]int{}
	points := map[int32]Point{}
	for i := 0; i < 1000; i++ {
		many[fmt.Sprint("key", i)] = i
	}
	points[1] = p
	maps(map[string]int{"one": 1, "two": 2}, points, []string{"x", "yz"})
	maps(many, nil, nil)
	c := make(chan int, 4)
	texts := make(chan string, 3)
	for i := 0; i < 6; i++ {
		c <- i
		if i < 4 {
			<-c
		}
	}
	texts <- "first"
	texts <- "second"
	channels(c, texts)
	channels(nil, make(chan string))
	when := time.Date(2024, 2, 29, 12, 30, 15, 250000000, time.UTC)
	ignored(when, errors.New("three"), 3)
	times(1500*time.Millisecond, when, when.Add(time.Hour))
	contexts(context.WithValue(context.Background(), key{"user"}, "somebody"))
	base := 10
	call(func(n int) int { base += n; return base })
	call(double)
	add(40, 2, "four")
	refusals()
}

func main() {
	settings["size"] = 8
	if len(settings) != 2 || anyShape == nil || lastErr == nil {
		panic("globals")
	}
	queue <- "waiting"
	for i := 0; i < 5000; i++ {
		large[i] = -i
	}
	fmt.Println("pid", os.Getpid())
	bufio.NewReader(os.Stdin).ReadString('\n')
	all()
	fmt.Println("done")
}
