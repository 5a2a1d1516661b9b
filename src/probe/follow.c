/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * follow.c - the functions that a finish's own jump to: where these return, its calls do.
 *
 * The frame of a call is the same there, so it is found as at the function's own returns. Others
 * call them as well, and each of those calls costs a hit that is nobody's: so few functions are
 * followed, with few returns. Where one is not, the call ends at the jump, and what it
 * returns is not known; so it does at a jump to a function of the same finish, whose
 * calls are shown by themselves.
 */
#include "internal.h"

/* Of one function: those that are followed from it, and their returns. */
#define FUNCTIONS_MAX 16
#define RETURNS_MAX   64
/* Functions of one finish that one is followed from: each of its returns is a site for each. */
#define FOLLOWERS_MAX 16

struct way_out {
	struct code_exit exit;
	struct site_verdict verdict;
	uint64_t target; /* exit_target */
};

struct followed {
	struct image *image; /* the sites' */
	uint64_t address;
	VECTOR(struct way_out) ways_out; /* none: it cannot be followed */
	uint64_t entry;			 /* where it is seen to be entered */
	int64_t cfa_offset;		 /* there */
	struct site_verdict entry_verdict;
	unsigned followers;
	unsigned jump_key; /* of the last of them: those before have lesser ones */
};

struct beginning {
	struct image *image;
	uint64_t address;
};

struct follow {
	struct probe *probe;
	struct site_rules rules;
	unsigned followers_max;
	VECTOR(struct beginning) entries; /* of the probe's functions, sorted */
	VECTOR(struct followed) functions;
	VECTOR(struct probe_site) sites; /* what the probe's are to be */
};

/* What is followed from one function, nearest first: indices of functions. */
struct chain {
	size_t functions[FUNCTIONS_MAX];
	size_t count, returns;
};

static void follow_deinit(struct follow *f)
{
	for (size_t i = 0; i < f->functions.size; i++)
		vector_deinit(&f->functions.data[i].ways_out);
	vector_deinit(&f->functions);
	vector_deinit(&f->entries);
}

/* ------------------------------------------------------- functions jumped to */

static int by_address(const void *a, const void *b)
{
	const struct beginning *x = a, *y = b;

	if (x->image != y->image)
		return x->image < y->image ? -1 : 1;
	return x->address < y->address ? -1 : x->address > y->address;
}

static void note_entries(struct follow *f)
{
	for (size_t i = 0; i < f->probe->entries.size; i++) {
		const struct place *place = &f->probe->entries.data[i].public.place;

		vector_push(&f->entries,
			    ((struct beginning){place->image, place->function.address}));
	}
	if (f->entries.size)
		qsort(f->entries.data, f->entries.size, sizeof(*f->entries.data), by_address);
}

static bool is_entry(const struct follow *f, struct image *image, uint64_t address)
{
	const struct beginning wanted = {image, address};

	return bsearch(&wanted, f->entries.data, f->entries.size, sizeof(wanted), by_address);
}

/* False: it is not known how all calls leave the function, or a probe may not sit there. */
static bool add_ways_out(const struct follow *f, const struct parts *parts, const exit_list *exits,
			 struct followed *ret)
{
	uint64_t offset;

	for (size_t i = 0; i < exits->size; i++) {
		const struct code_exit *exit = &exits->data[i];
		const struct code *code = parts_at(parts, exit->address);
		struct way_out way = {
		    *exit,
		    site_judge(code, code_at(code, exit->address), &f->rules),
		    exit_target(ret->image, exit),
		};

		if (exit_is_unclear(ret->image, exit) || !way.verdict.is_allowed ||
		    !image_offset(ret->image, exit->address, &offset))
			return false;
		vector_push(&ret->ways_out, way);
	}
	return true;
}

/* Is more known there than at the jump to it? Not at a stub that leads to another module. */
static bool is_worth_it(const struct followed *followed)
{
	for (size_t i = 0; i < followed->ways_out.size; i++) {
		const struct code_exit *exit = &followed->ways_out.data[i].exit;

		if (exit->kind == EXIT_RETURN || exit->target)
			return true;
	}
	return false;
}

/* False: it cannot be told how often it is entered, or no probe may sit there. */
static bool find_entry(const struct follow *f, const struct parts *parts, struct followed *ret)
{
	const struct code *code = parts->code[0];
	exit_list restarts = {0};
	uint64_t offset;

	code_restarts(parts->code, parts->count, &restarts);
	size_t count = restarts.size;
	vector_deinit(&restarts);
	ret->entry = site_entry(code, &f->rules).address;
	ret->entry_verdict = site_judge(code, code_at(code, ret->entry), &f->rules);
	return count == 0 && ret->entry_verdict.is_allowed &&
	       site_args_are_live(code, ret->entry, &ret->cfa_offset) &&
	       image_offset(ret->image, ret->entry, &offset);
}

static void read_function(const struct follow *f, struct followed *ret)
{
	struct function function;
	struct parts parts;
	exit_list exits = {0};

	if (!image_function_from(ret->image, ret->address, &function) || function.is_ifunc ||
	    image_abi(ret->image, &function) != ABI_SYSV ||
	    !parts_open(&parts, ret->image, &function))
		return;
	parts_exits(&parts, ret->image, &exits);
	if (!add_ways_out(f, &parts, &exits, ret) || !is_worth_it(ret) ||
	    !find_entry(f, &parts, ret))
		vector_deinit(&ret->ways_out);
	vector_deinit(&exits);
	parts_deinit(&parts);
}

static size_t find_function(struct follow *f, struct image *image, uint64_t address)
{
	for (size_t i = 0; i < f->functions.size; i++)
		if (f->functions.data[i].image == image && f->functions.data[i].address == address)
			return i;
	struct followed *new = vector_add(&f->functions);
	*new = (struct followed){.image = image, .address = address};
	read_function(f, new);
	return f->functions.size - 1;
}

/* -------------------------------------------------------------------- chains */

static bool chain_has(const struct follow *f, const struct chain *chain, uint64_t address)
{
	for (size_t i = 0; i < chain->count; i++)
		if (f->functions.data[chain->functions[i]].address == address)
			return true;
	return false;
}

/* Adds the function at address, if it can be followed. */
static void chain_add(struct follow *f, struct chain *chain, struct image *image, uint64_t address)
{
	if (!address || chain->count == FUNCTIONS_MAX || chain_has(f, chain, address) ||
	    is_entry(f, image, address))
		return;
	size_t index = find_function(f, image, address);
	const struct followed *followed = &f->functions.data[index];
	size_t returns = followed->ways_out.size;
	if (!returns || chain->returns + returns > RETURNS_MAX ||
	    followed->followers == f->followers_max)
		return;
	chain->functions[chain->count++] = index;
	chain->returns += returns;
}

/* A number greater than those of all others that one of the chain's is followed from. */
static unsigned chain_key(struct follow *f, const struct chain *chain)
{
	unsigned key = 0;

	for (size_t i = 0; i < chain->count; i++)
		if (f->functions.data[chain->functions[i]].jump_key > key)
			key = f->functions.data[chain->functions[i]].jump_key;
	for (size_t i = 0; i < chain->count; i++) {
		f->functions.data[chain->functions[i]].jump_key = key + 1;
		f->functions.data[chain->functions[i]].followers++;
	}
	return key + 1;
}

/* From the own exits of a function, sites first to end. */
static void chain_make(struct follow *f, size_t first, size_t end, struct chain *ret)
{
	const struct probe_site *sites = f->probe->sites.data;

	*ret = (struct chain){0};
	if (sites[first].like.abi != ABI_SYSV)
		return;
	for (size_t i = first; i < end; i++)
		chain_add(f, ret, sites[i].public.place.image, sites[i].target);
	for (size_t i = 0; i < ret->count; i++)
		for (size_t k = 0; k < f->functions.data[ret->functions[i]].ways_out.size; k++) {
			const struct followed *from = &f->functions.data[ret->functions[i]];

			chain_add(f, ret, from->image, from->ways_out.data[k].target);
		}
}

/* --------------------------------------------------------------------- sites */

/* Where there is no hit, nothing of the result is asked, so nothing of it is missing. */
static void set_step(struct probe_site *site, enum jump_step step)
{
	site->public.step = site->like.step = step;
	site->like.names_at = site->public.place.function.address;
	if (step == JUMP_BACK)
		return;
	site->like.is_tail_call = false;
	site->public.leads_to = site->target;
}

/* In a function that is followed; own: an exit of the function itself. */
static void add_site(struct follow *f, const struct probe_site *own, const struct code_exit *exit,
		     const struct site_verdict *verdict, enum jump_step step)
{
	struct probe_site *site = vector_add(&f->sites);

	*site = *own;
	error_free(probe_exit_site(site, exit)); /* that it is in a segment has been asked */
	image_ref(site->public.place.image);
	site->public.verdict = *verdict;
	set_step(site, step);
}

static void add_followed(struct follow *f, const struct probe_site *own,
			 const struct followed *followed, const struct chain *chain)
{
	const struct code_exit entry = {.address = followed->entry, .kind = EXIT_TAIL_CALL};

	add_site(f, own, &entry, &followed->entry_verdict, JUMP_IN);
	f->sites.data[f->sites.size - 1].like.cfa_offset = followed->cfa_offset;
	for (size_t i = 0; i < followed->ways_out.size; i++) {
		const struct way_out *way = &followed->ways_out.data[i];

		add_site(f, own, &way->exit, &way->verdict,
			 chain_has(f, chain, way->target) ? JUMP_ON : JUMP_BACK);
	}
}

/* The function's own: where it jumps to one that is followed, the call is not over. */
static void add_own(struct follow *f, const struct probe_site *own, const struct chain *chain)
{
	struct probe_site *site = vector_add(&f->sites);

	*site = *own;
	if (!chain_has(f, chain, site->target))
		return;
	set_step(site, JUMP_OUT);
}

/* The sites of one function, up to end. */
static void add_entry(struct follow *f, struct probe_entry *entry, size_t end)
{
	const struct probe_site *sites = f->probe->sites.data;
	size_t first = entry->first_site, own_end = end - (sites[end - 1].flow == FLOW_ENTER);
	struct chain chain;

	chain_make(f, first, own_end, &chain);
	entry->first_site = f->sites.size;
	for (size_t i = first; i < own_end; i++)
		add_own(f, &sites[i], &chain);
	for (size_t i = 0; i < chain.count; i++)
		add_followed(f, &sites[first], &f->functions.data[chain.functions[i]], &chain);
	unsigned key = chain.count ? chain_key(f, &chain) : 0;
	for (size_t i = entry->first_site; i < f->sites.size; i++)
		f->sites.data[i].like.jump_key = f->sites.data[i].like.step ? key : 0;
	if (own_end < end)
		vector_push(&f->sites, sites[own_end]);
	f->probe->follows_jumps |= chain.count > 0;
}

/* Sites that are told apart by their address alone cannot share it. */
static struct error *find_followers_max(struct follow *f)
{
	struct session *session = f->probe->session;
	struct kernel *kernel;

	f->followers_max = FOLLOWERS_MAX;
	if (session->options.is_dry_run || f->probe->entries.size == 1)
		return NULL;
	TRY(session_kernel(session, &kernel));
	if (kernel_method(kernel) == ATTACH_TRACEFS)
		f->followers_max = 1;
	return NULL;
}

struct error *probe_follow(struct probe *probe)
{
	struct follow f = {
	    .probe = probe,
	    .rules = {.rewrites_nop5 = kernel_rewrites_nop5()},
	};

	TRY(find_followers_max(&f));
	note_entries(&f);
	for (size_t i = 0; i < probe->entries.size; i++)
		add_entry(&f, &probe->entries.data[i],
			  i + 1 < probe->entries.size ? probe->entries.data[i + 1].first_site
						      : probe->sites.size);
	vector_deinit(&probe->sites);
	memcpy(&probe->sites, &f.sites, sizeof(probe->sites));
	follow_deinit(&f);
	return NULL;
}
