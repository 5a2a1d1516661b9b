/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disasm.h - machine code: where instructions begin, what they do, whether a
 * probe may sit on one and what it would cost.
 *
 *   encoding.c  prefixes, opcode and size of one instruction
 *   text.c      its text, as objdump -d prints it
 *   code.c      one function's bytes, decoded by a sweep from its start
 *   site.c      the verdict on a site: allowed or why not, and its cost (docs/sites.md)
 *   check.c     the same as an error that names the neighbours
 *   entry.c     the entry site, and where the arguments are still in place
 *   depth.c     how deep the stack is at each instruction
 *   exits.c     where a function returns, or hands over to another
 *   branch.c    what a conditional jump depends on
 *   graph.c     basic blocks, and the ways between them
 *
 * The only room that knows capstone. x86-64 today; other machines are refused
 * when an image is opened.
 */
#ifndef MOONTAP_DISASM_H
#define MOONTAP_DISASM_H

#include "moontap/base.h"

enum insn_kind {
	INSN_OTHER,
	INSN_JUMP,   /* unconditional, direct or not */
	INSN_BRANCH, /* conditional */
	INSN_CALL,
	INSN_RETURN,
	INSN_UNDECODABLE, /* one byte that is no instruction; the sweep resumes after it */
};

struct insn {
	uint64_t address;
	uint64_t target; /* of a direct jump, branch or call; 0 if there is none */
	uint8_t size;
	uint8_t kind; /* enum insn_kind */
};

struct insn_text {
	char text[94];
};

/* What the running kernel does to the sites we give it. The other rules hold for every
 * kernel: one that would take more is never given it. */
struct site_rules {
	bool rewrites_nop5; /* turns a 5-byte nop into a call (from 6.18) */
};

/* A function, decoded. insns are in address order and cover [start, end). */
struct code {
	uint64_t start, end;
	const uint8_t *bytes;	   /* borrowed; end - start of them */
	VECTOR(struct insn) insns; /* of code_init_entry: there are gaps */
	size_t first_undecodable;  /* index into insns; insns.size if all bytes decode */
};

/* Decodes size bytes found at address start, some 10 MB a second. bytes must outlive ret.
 * Never fails: undecodable bytes become INSN_UNDECODABLE. An instruction too new
 * for the decoder, but of a known size, has the kind INSN_OTHER. */
void code_init(struct code *ret, const uint8_t *bytes, size_t size, uint64_t start);
/* Decodes no more of a function than it takes to answer site_entry, and site_check and
 * site_args_are_live at that address, as code_init would. False, with nothing to free: this takes
 * the whole function, because a jump of it may lead to its entry, or bytes there do not decode. */
bool code_init_entry(struct code *ret, const uint8_t *bytes, size_t size, uint64_t start,
		     const struct site_rules *rules);
void code_deinit(struct code *code);
/* "je 0x1234": AT&T, as objdump -d prints; ".byte 0x62,..." of what is not known. Made only
 * when asked for: of the instructions that are decoded few are ever shown. */
struct insn_text code_text(const struct code *code, const struct insn *insn);
/* The address that an instruction with this text names relative to the next one, n(%rip);
 * false: it names none. */
bool code_names_address(const struct insn *insn, const struct insn_text *text, uint64_t *ret);
/* The instruction that starts at address, or NULL. */
const struct insn *code_at(const struct code *code, uint64_t address);
/* The instruction that covers address, or NULL outside the function. */
const struct insn *code_covering(const struct code *code, uint64_t address);

enum site_cost {
	COST_CHEAP, /* the kernel emulates it (push, nop, jmp, jcc, call rel32) */
	COST_DEAR,  /* the kernel single-steps it, about ten times the price */
};

struct site_verdict {
	bool is_allowed;
	enum site_cost cost;
	const char *reason; /* static text if refused; goes on from "a probe on this instruction" */
};

/* Judges the instruction at a boundary of code. */
struct site_verdict site_judge(const struct code *code, const struct insn *insn,
			       const struct site_rules *rules);

/* Checks that a probe may sit at address (a virtual address). Errors:
 * ERR_OUT_OF_FUNCTION, ERR_BOUNDARY (names the instructions that begin on both
 * sides, with their text and offsets), ERR_REFUSED (with the reason and the
 * nearest allowed offsets on both sides). name is the function's, for messages. */
struct error *site_check(const struct code *code, uint64_t address, const char *name,
			 const struct site_rules *rules, struct site_verdict *ret);

/* Where a probe on "the function" goes, and how its arguments are read there. */
struct entry_site {
	uint64_t address;
	bool is_after_stack_check; /* Go: past the morestack check */
};

/* The instruction to probe for a hit per call: past Go's stack check (whose
 * failing branch comes back to the start and would count twice), past endbr64;
 * the function's first instruction where neither is there, where it would be
 * refused, or where a jump inside the function leads between start and it. */
struct entry_site site_entry(const struct code *code, const struct site_rules *rules);

/* Are the arguments still where the caller put them when address is reached?
 * True on a straight line from the start through endbr64, push, nop, mov %rsp,%rbp,
 * sub $n,%rsp, Go's stack check, and mov %rbp,n(%rsp) and lea n(%rsp),%rbp (frames
 * of Go up to 1.20) only, and false where a jump of the function leads into that line. On
 * true, *ret_cfa_offset is what to add to the stack pointer there to get the CFA (8 at
 * the entry). code must be a whole function: in a piece of one (f.cold) nothing is known. */
bool site_args_are_live(const struct code *code, uint64_t address, int64_t *ret_cfa_offset);

/* ------------------------------------------------------------------- exits */

enum exit_kind {
	EXIT_RETURN,	/* ret */
	EXIT_TAIL_CALL, /* a jump to another function, which returns to our caller */
	EXIT_BRANCH,	/* the same, taken only if condition holds */
	EXIT_UNCLEAR,	/* may lead to another function, or on within this one */
};
struct code_exit {
	uint64_t address;
	uint64_t target; /* of a direct jump; 0 if there is none */
	uint8_t kind;	 /* enum exit_kind */
	/* EXIT_BRANCH: as in the low four bits of a jcc's opcode (4 e, 5 ne, 6 be ...). */
	uint8_t condition;
};
typedef VECTOR(struct code_exit) exit_list;

/* Reads the pointer stored at an address, as it will be when the program runs (in a
 * position-independent one: relative to its start); false if it cannot. */
struct code_memory {
	bool (*pointer)(void *context, uint64_t address, uint64_t *ret);
	void *context;
};

/*
 * All instructions by which a function is left for good, in address order of the parts:
 * parts[0] is the function, the others are what the compiler split off it (NAME.cold); a
 * jump from one part to another leaves nothing, nor does one to the function's own
 * start (a loop, or Go's stack check). Jumps by register and by memory:
 *
 *   notrack jmp, or a jump where the stack is deeper than at the start: within
 *   jmp *n(%reg), jmp *n(%rip)          tail call
 *   jmp *table(,%reg,8), *(%reg,%reg,8) what the table's first pointer leads to
 *   jmp *%reg                           a switch if %reg is the sum of table and entry; a tail
 *                                       call if it was loaded or is an argument
 *   whatever is left, loop, jrcxz       EXIT_UNCLEAR
 *
 * A direct jump out is EXIT_UNCLEAR where the stack is not as at the start. It may still lead to
 * a part that the caller did not know: where target is no function's start, it does.
 * memory NULL: no table can be read. A function that never returns has none.
 */
void code_exits(const struct code *const *parts, size_t part_count,
		const struct code_memory *memory, exit_list *ret);

/* Adds the jumps that lead back to the function's very start: for those who take each time that
 * the start is reached for a call, one ends there and the next begins. */
void code_restarts(const struct code *const *parts, size_t part_count, exit_list *ret);

/* ---------------------------------------------------------------- branches */

#define OPERAND_NO_REGISTER 0xff

/* What an instruction reads. Registers have their DWARF numbers (see WHERE_REGISTER). */
struct code_operand {
	enum {
		OPERAND_NONE,
		OPERAND_REGISTER, /* reg */
		OPERAND_MEMORY,	  /* at number + reg + index * scale */
		OPERAND_CONSTANT, /* number, sign-extended */
	} kind;
	uint8_t reg, index; /* OPERAND_NO_REGISTER: none */
	uint8_t scale;
	uint8_t size;	   /* bytes read */
	bool is_high_byte; /* %ah and its kin: the second byte of reg */
	int64_t number;	   /* of memory without a register: the address in the file */
};

struct code_branch {
	const struct insn *jump; /* taken (to its target) if condition holds */
	const struct insn *test; /* sets the flags; NULL: not found on every way to the jump */
	enum {
		BRANCH_RESULT,	/* the flags of whatever test computes */
		BRANCH_COMPARE, /* left compared with right */
		BRANCH_ZERO,	/* left compared with zero */
		BRANCH_MASK,	/* left & right compared with zero */
	} kind;
	struct code_operand left, right;
	uint8_t condition; /* as in struct code_exit */
};
/* Looks at jump, an INSN_BRANCH of code. */
void code_branch(const struct code *code, const struct insn *jump, struct code_branch *ret);

/* The instruction that loaded the register which insn reads, on the straight way to it, and
 * what it loaded; NULL: not known. */
const struct insn *code_loaded(const struct code *code, const struct insn *insn, unsigned reg,
			       struct code_operand *ret);

/* ------------------------------------------------------------------- blocks */

/* Instructions of which each runs as often as the first: a block ends with a jump, and with a
 * call, which may not come back. */
struct code_block {
	const struct code *code; /* the part it is in */
	uint64_t start, end;
};
enum edge_kind {
	EDGE_ALWAYS, /* by a jump, or on to the next instruction */
	EDGE_TAKEN,  /* of the branch that ends the block */
	EDGE_NOT_TAKEN,
	EDGE_CALL, /* behind a call, if that comes back */
};
struct code_edge {
	size_t from, to; /* indices of blocks */
	enum edge_kind kind;
};
struct code_graph {
	VECTOR(struct code_block) blocks; /* by address */
	VECTOR(struct code_edge) edges;	  /* within the function; by from */
	bool has_indirect;		  /* a jump may lead to blocks that it has no edge to */
};
#define NO_BLOCK SIZE_MAX

/* The blocks of a function's parts, as of code_exits; one begins at each of the addresses in
 * more, too. parts must outlive ret. */
void code_graph_init(struct code_graph *ret, const struct code *const *parts, size_t part_count,
		     const uint64_t *more, size_t more_count);
void code_graph_deinit(struct code_graph *graph);
/* The block that begins at address, or NO_BLOCK. */
size_t code_graph_at(const struct code_graph *graph, uint64_t address);
/* The branch by flags that ends the block (condition as in struct code_exit), or NULL. */
const struct insn *code_block_branch(const struct code_block *block, uint8_t *ret_condition);
/* Is it nothing but nops? */
bool code_block_is_padding(const struct code_block *block);
/* Is it a mov between a register and the stack (by %rsp)? */
bool code_is_stack_move(const struct code *code, const struct insn *insn);
/* The first of the block's cheapest instructions that a probe may sit on; NULL: on none, and *ret
 * says why not on the first. */
const struct insn *code_block_site(const struct code_block *block, const struct site_rules *rules,
				   struct site_verdict *ret);

#endif
