// SPDX-License-Identifier: GPL-2.0-or-later

package main

// Pair is generic, and so are its methods.
type Pair[A, B any] struct {
	first  A
	second B
}

//go:noinline
func (p *Pair[A, B]) Swap() Pair[B, A] {
	return Pair[B, A]{p.second, p.first}
}

// Last has a body for each shape of T; the types of one shape share it.
//
//go:noinline
func Last[T any](values []T) T {
	return values[len(values)-1]
}

type celsius int

func generic() int {
	p := &Pair[int, string]{1, "one"}
	q := &Pair[string, int]{"two", 2}
	sum := p.Swap().second + q.Swap().first
	for i := 0; i < 5; i++ {
		sum += Last([]int{i}) + int(Last([]celsius{celsius(i)}))
	}
	for i := 0; i < 3; i++ {
		sum += len(Last([]string{"a", "bc"}))
	}
	return sum + int(Last([]uint8{1, 2}))
}
