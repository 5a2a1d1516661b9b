// SPDX-License-Identifier: GPL-2.0-or-later
//
// The large C++ target. Compiled twice: with PART it is a unit full of the library's
// templates, some megabytes of debug information, which is linked many times over, as
// a large program's units repeat what their headers say; without, the main program.
#ifndef PART
#include <cstdio>
#include <unistd.h>

struct request {
	int number;
	const char *path;
};

extern "C" __attribute__((noinline)) int handle(const request *req, int size)
{
	__asm__ volatile("" ::"r"(req) : "memory");
	return size + req->number;
}

int main()
{
	const request req = {7, "/index.html"};
	std::printf("pid %d\n", (int)getpid());
	std::fflush(stdout);
	for (int i = 0;; i++) {
		handle(&req, i);
		usleep(1000);
	}
}
#else
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

template <int N> struct value {
	int key;
	std::string name;
	std::vector<std::pair<int, std::string>> parts;
	bool operator<(const value &other) const
	{
		return key < other.key;
	}
};

template <int N> static std::size_t use(const std::string &text)
{
	std::map<std::string, std::vector<value<N>>> by_name;
	std::unordered_map<int, std::shared_ptr<value<N>>> by_key;
	std::set<value<N>> all;
	std::function<bool(const value<N> &)> is_wanted = [&](const value<N> &v) {
		return v.name == text;
	};
	for (int i = 0; i < (int)text.size(); i++) {
		value<N> v{i, text.substr(i), {{i, text}}};
		by_name[v.name].push_back(v);
		by_key[i] = std::make_shared<value<N>>(v);
		all.insert(v);
	}
	auto &list = by_name[text];
	std::stable_sort(list.begin(), list.end());
	return all.size() + by_key.size() + std::count_if(list.begin(), list.end(), is_wanted);
}

__attribute__((used)) static std::size_t use_all(const std::string &text)
{
	std::regex expression(text);
	return use<0>(text) + use<1>(text) + use<2>(text) + use<3>(text) + use<4>(text) +
	       use<5>(text) + use<6>(text) + use<7>(text);
}
#endif
