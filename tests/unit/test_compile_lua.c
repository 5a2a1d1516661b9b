/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_compile_lua.c - the oracle: random expressions and conditions over random
 * inputs, evaluated by the generated code in the kernel and by Lua itself.
 *
 * The code runs as a BPF_PROG_TYPE_SYSCALL program, whose context is plain memory:
 * first the registers, then a slot for each result. Needs root.
 */
#include "../../src/compile/encode.h"

#include <errno.h>
#include <linux/ptrace.h>
#include <setjmp.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "test_random.h"

#define BATCH		    40 /* expressions a program */
#define FIRST_SLOT	    ((sizeof(struct pt_regs) - sizeof(struct record)) / 8)
#define ARGUMENTS	    6
#define EXPRESSIONS_DEFAULT 20000

struct context {
	struct pt_regs registers;
	int64_t results[BATCH];
};

static unsigned char memory[4096];

static void put_expression(struct buffer *out, unsigned depth);

static void put_binary(struct buffer *out, unsigned depth)
{
	static const char *const operators[] = {"+", "-",  "*",	 "&",  "|",
						"~", "<<", ">>", "//", "%"};
	unsigned i = below(ARRAY_SIZE(operators));

	buffer_putc(out, '(');
	put_expression(out, depth);
	buffer_printf(out, " %s ", operators[i]);
	if (i >= 8) /* what Lua could raise an error for is left to it */
		buffer_printf(out, "%s%lld", below(4) ? "" : "-",
			      (long long)((random_bits() >> 1 >> below(63)) | 1));
	else
		put_expression(out, depth);
	buffer_putc(out, ')');
}

static void put_expression(struct buffer *out, unsigned depth)
{
	static const char *const loads[] = {"u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"};

	switch (depth ? below(8) : below(3)) {
	case 0:
		put_integer(out, random_number());
		break;
	case 1:
		buffer_printf(out, "arg[%u]", 1 + below(ARGUMENTS - 1));
		break;
	case 2:
		/* The last argument is an address. */
		buffer_printf(out, "%s(arg[%d] + %u)", loads[below(ARRAY_SIZE(loads))], ARGUMENTS,
			      below(sizeof(memory) - 8));
		break;
	case 3:
		buffer_printf(out, "(%s", below(2) ? "- " : "~");
		put_expression(out, depth - 1);
		buffer_putc(out, ')');
		break;
	default:
		put_binary(out, depth - 1);
	}
}

static void put_condition(struct buffer *out, unsigned depth)
{
	static const char *const comparisons[] = {"==", "~=", "<", "<=", ">", ">="};

	switch (depth ? below(5) : 0) {
	case 1:
	case 2:
		buffer_putc(out, '(');
		put_condition(out, depth - 1);
		buffer_puts(out, below(2) ? " and " : " or ");
		put_condition(out, depth - 1);
		buffer_putc(out, ')');
		break;
	case 3:
		buffer_puts(out, "(not ");
		put_condition(out, depth - 1);
		buffer_putc(out, ')');
		break;
	case 4:
		buffer_puts(out, below(3) == 0 ? "nil" : below(2) ? "true" : "false");
		break;
	default:
		buffer_putc(out, '(');
		put_expression(out, 1);
		buffer_printf(out, " %s ", comparisons[below(ARRAY_SIZE(comparisons))]);
		put_expression(out, below(2));
		buffer_putc(out, ')');
	}
}

/* --------------------------------------------------------------- in the kernel */

/* 1 in the slot if the condition holds, else 0. */
static void emit_condition(struct encoder *e, const struct node *node, unsigned slot)
{
	struct ir ir = {0};
	const char *reason;
	int no, no_label = label_new(e), done = label_new(e);
	int offset = (int)(sizeof(struct record) + 8 * slot);

	assert_null(lower_condition(e->c, node, &ir, &no, &reason));
	assert_null(reason);
	assert_null(allocate(e->c, &ir));
	emit_ir(e, &ir, no, no_label);
	put_store_constant(e, BPF_DW, RECORD, offset, 1);
	put_jump(e, done);
	label_here(e, no_label);
	put_store_constant(e, BPF_DW, RECORD, offset, 0);
	label_here(e, done);
	ir_deinit(&ir);
}

static void emit_expression(struct encoder *e, const struct node *node, unsigned slot)
{
	struct ir ir = {0};
	const struct value *value;
	const char *reason = NULL;

	assert_null(resolve_integer(e->c, node, &value, &reason));
	if (!value)
		fail_msg("not lowered: %s: %s", node_text(e->c, node), reason);
	assert_null(lower_capture(e->c, value, slot, &ir));
	assert_null(allocate(e->c, &ir));
	emit_ir(e, &ir, IR_NONE, IR_NONE);
	ir_deinit(&ir);
}

static void build_program(struct encoder *e, const struct tree *tree)
{
	const struct node *list = tree->root->first->first; /* return LIST */
	unsigned slot = FIRST_SLOT;

	put_mov(e, CONTEXT, R1);
	put_mov(e, RECORD, R1);
	for (const struct node *node = list->first; node; node = node->next, slot++) {
		const struct node *inner = node->kind == NODE_PAREN ? node->first : node;
		bool is_condition =
		    inner->kind == NODE_NIL || inner->kind == NODE_TRUE ||
		    inner->kind == NODE_FALSE ||
		    (inner->kind == NODE_BINARY && inner->op >= OP_EQ && inner->op <= OP_OR) ||
		    (inner->kind == NODE_UNARY && inner->op == OP_NOT);

		if (is_condition)
			emit_condition(e, node, slot);
		else
			emit_expression(e, node, slot);
	}
	put_constant(e, R0, 0);
	put_exit(e);
	encoder_finish(e);
}

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load_program(const struct plan *plan)
{
	static char log[1 << 16];
	union bpf_attr attr = {
	    .prog_type = BPF_PROG_TYPE_SYSCALL,
	    .prog_flags = BPF_F_SLEEPABLE,
	    .insns = (uintptr_t)plan->insns.data,
	    .insn_cnt = (uint32_t)plan->insns.size,
	    .license = (uintptr_t) "GPL",
	    .log_buf = (uintptr_t)log,
	    .log_size = sizeof(log),
	    .log_level = 4, /* statistics only; an error is told all the same */
	};
	int fd = (int)bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		fail_msg("%m: %s", log);
	return fd;
}

static void run_in_kernel(const char *text, struct context *context)
{
	const struct compile_request base = {
	    .site = {.abi = ABI_SYSV, .are_args_live = true, .cfa_offset = 8, .function = "f"},
	    .limits = COMPILE_LIMITS_DEFAULT,
	    .is_sleepable = true};
	struct compile_request request = base;
	struct source *source = source_new("t.mt", text, strlen(text));
	struct compiler c = {.request = &request, .plan = xcalloc(1, sizeof(struct plan))};
	struct encoder e = {.c = &c};
	struct tree *tree;

	request.source = source;
	c.plan->is_sleepable = true;
	assert_null(tree_parse(source, &tree));
	build_program(&e, tree);
	int fd = load_program(c.plan);
	union bpf_attr attr = {.test = {
				   .prog_fd = (uint32_t)fd,
				   .ctx_in = (uintptr_t)context,
				   .ctx_size_in = sizeof(*context),
			       }};
	assert_int_equal(bpf(BPF_PROG_TEST_RUN, &attr), 0);
	close(fd);
	encoder_deinit(&e);
	plan_free(c.plan);
	tree_free(tree);
	source_free(source);
}

/* --------------------------------------------------------------------- in Lua */

/* u8(address) ... : upvalue 1 is the size, negative if signed. */
static int read_memory(lua_State *L)
{
	const void *at = (const void *)(uintptr_t)luaL_checkinteger(L, 1);
	int64_t value = 0;
	int size = (int)lua_tointeger(L, lua_upvalueindex(1));
	int bits = 64 - 8 * abs(size);

	memcpy(&value, at, (size_t)abs(size));
	value = (int64_t)((uint64_t)value << bits);
	lua_pushinteger(L, size < 0 ? value >> bits : (lua_Integer)((uint64_t)value >> bits));
	return 1;
}

static lua_State *open_lua(void)
{
	static const struct {
		const char *name;
		int size;
	} loads[] = {{"u8", 1},	 {"u16", 2},  {"u32", 4},  {"u64", 8},
		     {"i8", -1}, {"i16", -2}, {"i32", -4}, {"i64", -8}};
	lua_State *L = luaL_newstate();

	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		lua_pushinteger(L, loads[i].size);
		lua_pushcclosure(L, read_memory, 1);
		lua_setglobal(L, loads[i].name);
	}
	return L;
}

static void run_in_lua(lua_State *L, const char *text, const int64_t *arguments, int64_t *results,
		       int count)
{
	lua_createtable(L, ARGUMENTS, 0);
	for (int i = 0; i < ARGUMENTS; i++) {
		lua_pushinteger(L, arguments[i]);
		lua_rawseti(L, -2, i + 1);
	}
	lua_setglobal(L, "arg");
	if (luaL_dostring(L, text) != LUA_OK)
		fail_msg("%s: %s", lua_tostring(L, -1), text);
	assert_int_equal(lua_gettop(L), count);
	for (int i = 0; i < count; i++)
		results[i] =
		    lua_isinteger(L, i + 1) ? lua_tointeger(L, i + 1) : lua_toboolean(L, i + 1);
	lua_settop(L, 0);
}

/* ----------------------------------------------------------------- both ways */

/* The text of expression i. */
static const char *expression_text(const char *text, int i)
{
	static char one[8192];

	text += strlen("return ");
	while (i-- > 0)
		text = strstr(text, ",\n") + 2;
	snprintf(one, sizeof(one), "%.*s", (int)strcspn(text, "\n"), text);
	return one;
}

static void compare(lua_State *L, const char *text)
{
	struct context context = {0};
	int64_t arguments[ARGUMENTS], results[BATCH];

	for (int i = 0; i < ARGUMENTS - 1; i++)
		arguments[i] = random_number();
	arguments[ARGUMENTS - 1] = (int64_t)(uintptr_t)memory;
	context.registers.rdi = (uint64_t)arguments[0];
	context.registers.rsi = (uint64_t)arguments[1];
	context.registers.rdx = (uint64_t)arguments[2];
	context.registers.rcx = (uint64_t)arguments[3];
	context.registers.r8 = (uint64_t)arguments[4];
	context.registers.r9 = (uint64_t)arguments[5];
	run_in_kernel(text, &context);
	run_in_lua(L, text, arguments, results, BATCH);
	for (int i = 0; i < BATCH; i++)
		if (context.results[i] != results[i])
			fail_msg("kernel %lld, Lua %lld: %s\narg = {%lld, %lld, %lld, %lld, %lld}",
				 (long long)context.results[i], (long long)results[i],
				 expression_text(text, i), (long long)arguments[0],
				 (long long)arguments[1], (long long)arguments[2],
				 (long long)arguments[3], (long long)arguments[4]);
}

static bool can_load(void)
{
	struct bpf_insn insns[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K},
				   {.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SYSCALL,
			       .prog_flags = BPF_F_SLEEPABLE,
			       .insns = (uintptr_t)insns,
			       .insn_cnt = 2,
			       .license = (uintptr_t) "GPL"};
	int fd = (int)bpf(BPF_PROG_LOAD, &attr);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void the_kernel_computes_what_lua_does(void **state)
{
	(void)state;
	if (!can_load()) {
		if (getenv("CI"))
			fail_msg("no BPF here: %m");
		skip();
	}
	random_begin(20);
	for (size_t i = 0; i < sizeof(memory); i++)
		memory[i] = (unsigned char)random_bits();
	lua_State *L = open_lua();
	for (long done = 0; random_goes_on(done, EXPRESSIONS_DEFAULT); done += BATCH) {
		struct buffer text = {0};

		buffer_puts(&text, "return ");
		for (int i = 0; i < BATCH; i++) {
			buffer_puts(&text, i ? ",\n" : "");
			if (i % 4 == 3)
				put_condition(&text, 3);
			else
				put_expression(&text, 4);
		}
		compare(L, text.data);
		buffer_deinit(&text);
	}
	lua_close(L);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_kernel_computes_what_lua_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
