/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * values.cc - a function for every kind of value that C++ has and C has not; otherwise as
 * values.c.
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

/* A compiler that cannot look into a function passes all its arguments. */
#ifdef __clang__
#define APART __attribute__((noinline, used))
#else
#define APART __attribute__((noinline, noipa, used))
#endif
/* The value is needed here, so it has been passed. */
#define USE(x) __asm__ volatile("" : : "r"(&(x)) : "memory")

namespace ns
{
int counter = 41;

enum class color : uint8_t {
	red,
	green = 5,
	blue
};

struct point {
	int x, y;
};

class shape
{
      public:
	explicit shape(int id) : id(id)
	{
	}
	virtual ~shape() = default;
	virtual int area() const
	{
		return 0;
	}
	int id;
	static int count;
};
int shape::count = 3;

class square : public shape
{
      public:
	square(int id, int side) : shape(id), side(side)
	{
	}
	int area() const override
	{
		return side * side;
	}
	APART int grow(int by);

      private:
	int side;
};

int square::grow(int by)
{
	USE(by);
	return side + by;
}

template <typename T> APART T twice(T value)
{
	USE(value);
	return value + value;
}

APART void in_namespace(color c)
{
	USE(c);
}

inline namespace v1
{
struct pair {
	long first;
	char second;
};
} // namespace v1
} // namespace ns

namespace
{
struct hidden {
	short inside;
};
} // namespace

/* ---------------------------------------------------------------- functions */

APART void references(int &number, const ns::point &p, ns::point &&moved)
{
	USE(number);
	USE(p);
	USE(moved);
}

APART void classes(ns::square &s, ns::shape *base, ns::pair pair, hidden &h)
{
	USE(s);
	USE(base);
	USE(pair);
	USE(h);
}

APART void strings(const std::string &brief, std::string &lengthy, std::string by_value)
{
	USE(brief);
	USE(lengthy);
	USE(by_value);
}

APART void vectors(const std::vector<int> &numbers, std::vector<ns::point> points,
		   std::vector<std::string> &texts, std::vector<int> &empty)
{
	USE(numbers);
	USE(points);
	USE(texts);
	USE(empty);
}

APART void pointers(std::unique_ptr<ns::point> &unique, std::shared_ptr<ns::point> &shared,
		    std::unique_ptr<ns::point> by_value)
{
	USE(unique);
	USE(shared);
	USE(by_value);
}

APART void simple(ns::color c, bool yes, char16_t wide, int ns::point::*member)
{
	USE(c);
	USE(yes);
	USE(wide);
	USE(member);
}

/* Returned by its address, although it would fit in a register. */
APART std::unique_ptr<ns::point> result(int x)
{
	return std::make_unique<ns::point>(ns::point{x, -x});
}

/* --------------------------------------------------------------------- main */

static void describe()
{
	std::puts("references\tnumber=-5\tp.x=1\tp={x = 1, y = -2}\tmoved.y=4");
	std::puts(
	    "classes\ts.id=7\ts.side=3\tbase.id=7\tpair.first=-9\tpair.second=98\th.inside=-2");
	std::puts("strings\tbrief=short\tlengthy=a text that is too long to be in the object "
		  "itself\tby_value=moved");
	std::puts("vectors\tnumbers={1, -2, 3}\tnumbers[1]=-2\tpoints[1].y=4\ttexts={\"one\", "
		  "\"two\"}\tempty={}");
	std::puts("pointers\tunique.x=1\tshared.y=-2\tby_value.x=5");
	std::puts("simple\tc=blue\tyes=true\twide=8364\tns::counter=41\tns::shape::count=3\t"
		  "ns::color::green=green");
	std::puts("ns::in_namespace\tc=green\tcounter=41\tshape::count=3\tcolor::red=red");
	std::puts("ns::square::grow\tby=2\tshape::count=3\tcounter=41\tthis.id=7\tthis.side=3");
	std::puts("ns::twice<int>\tvalue=21");
	std::puts("result\tx=7");
	std::fflush(stdout);
}

static void call_all()
{
	static int number = -5;
	static ns::square square(7, 3);
	static hidden inside = {-2};
	static const ns::point point = {1, -2};
	static const std::string brief = "short";
	static std::string lengthy = "a text that is too long to be in the object itself";
	static const std::vector<int> numbers = {1, -2, 3};
	static std::vector<ns::point> points = {{1, 2}, {3, 4}};
	static std::vector<std::string> texts = {"one", "two"};
	static std::vector<int> empty;
	static auto unique = std::make_unique<ns::point>(point);
	static auto shared = std::make_shared<ns::point>(point);

	references(number, point, {3, 4});
	classes(square, &square, {-9, 'b'}, inside);
	strings(brief, lengthy, "moved");
	vectors(numbers, points, texts, empty);
	pointers(unique, shared, std::make_unique<ns::point>(ns::point{5, 6}));
	simple(ns::color::blue, true, u'€', &ns::point::y);
	ns::in_namespace(ns::color::green);
	square.grow(2);
	ns::twice(21);
	result(7);
	USE(ns::counter);
	USE(ns::shape::count);
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? std::atol(argv[1]) : 0;
	long pause = argc > 2 ? std::atol(argv[2]) : 0;

	describe();
	for (long i = 0; rounds == 0 || i < rounds; i++) {
		call_all();
		if (pause)
			usleep(pause);
	}
	return 0;
}
