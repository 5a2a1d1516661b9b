// SPDX-License-Identifier: GPL-2.0-or-later
// names - C++ names: a namespace, a class, overloads. Waits for a byte on
// standard input, then calls each once and prints "done".
#include <cstdio>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

namespace shop
{
class Basket
{
      public:
	NOINLINE int add(int count);
	NOINLINE int add(double price);

      private:
	int total = 0;
};

int Basket::add(int count)
{
	__asm__ volatile("" ::: "memory");
	return total += count;
}

int Basket::add(double price)
{
	__asm__ volatile("" ::: "memory");
	return total += static_cast<int>(price);
}

NOINLINE int pay(int amount);
int pay(int amount)
{
	__asm__ volatile("" ::: "memory");
	return amount;
}
} // namespace shop

int main()
{
	shop::Basket basket;
	char byte;

	std::printf("pid %d\n", static_cast<int>(getpid()));
	std::fflush(stdout);
	if (read(STDIN_FILENO, &byte, 1) != 1)
		return 2;
	shop::pay(basket.add(2) + basket.add(2.5));
	std::printf("done\n");
	return 0;
}
