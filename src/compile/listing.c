/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listing.c - a plan's program as text, with the user's lines in between.
 * Apart because it must be able to show any program, a refused one above all.
 */
#include "encode.h"

static const char *const helpers[] = {
    [BPF_FUNC_map_lookup_elem] = "map_lookup_elem",
    [BPF_FUNC_map_update_elem] = "map_update_elem",
    [BPF_FUNC_map_delete_elem] = "map_delete_elem",
    [BPF_FUNC_get_ns_current_pid_tgid] = "get_ns_current_pid_tgid",
    [BPF_FUNC_ktime_get_ns] = "ktime_get_ns",
    [BPF_FUNC_get_smp_processor_id] = "get_smp_processor_id",
    [BPF_FUNC_get_current_pid_tgid] = "get_current_pid_tgid",
    [BPF_FUNC_get_current_comm] = "get_current_comm",
    [BPF_FUNC_probe_read_user] = "probe_read_user",
    [BPF_FUNC_probe_read_user_str] = "probe_read_user_str",
    [BPF_FUNC_ringbuf_output] = "ringbuf_output",
    [BPF_FUNC_ringbuf_reserve] = "ringbuf_reserve",
    [BPF_FUNC_ringbuf_submit] = "ringbuf_submit",
    [BPF_FUNC_ringbuf_discard] = "ringbuf_discard",
    [BPF_FUNC_copy_from_user] = "copy_from_user",
    [BPF_FUNC_get_attach_cookie] = "get_attach_cookie",
};

static const char *const roles[] = {
    [MAP_COUNTERS] = "counters", [MAP_RINGS] = "rings",	  [MAP_ARMED] = "armed",
    [MAP_SCRATCH] = "scratch",	 [MAP_BUDGET] = "budget", [MAP_ZERO] = "zero",
    [MAP_DROPPED] = "dropped",	 [MAP_CALLS] = "calls",	  [MAP_CALL_COUNTERS] = "call counters",
    [MAP_TURNS] = "turns",	 [MAP_USERS] = "users",
};

static const char *size_name(int code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return "u8";
	case BPF_H:
		return "u16";
	case BPF_W:
		return "u32";
	default:
		return "u64";
	}
}

static const char *alu_name(int code)
{
	static const char *const names[16] = {
	    [BPF_ADD >> 4] = "+=",  [BPF_SUB >> 4] = "-=",    [BPF_MUL >> 4] = "*=",
	    [BPF_DIV >> 4] = "/=",  [BPF_OR >> 4] = "|=",     [BPF_AND >> 4] = "&=",
	    [BPF_LSH >> 4] = "<<=", [BPF_RSH >> 4] = ">>=",   [BPF_XOR >> 4] = "^=",
	    [BPF_MOV >> 4] = "=",   [BPF_ARSH >> 4] = "s>>=",
	};
	return names[BPF_OP(code) >> 4];
}

static const char *jump_name(int code)
{
	static const char *const names[16] = {
	    [BPF_JEQ >> 4] = "==",   [BPF_JNE >> 4] = "!=",   [BPF_JLE >> 4] = "<=",
	    [BPF_JSLT >> 4] = "s<",  [BPF_JSLE >> 4] = "s<=", [BPF_JSGT >> 4] = "s>",
	    [BPF_JSGE >> 4] = "s>=", [BPF_JGE >> 4] = ">=",   [BPF_JLT >> 4] = "<",
	    [BPF_JGT >> 4] = ">",
	};
	return names[BPF_OP(code) >> 4];
}

static void list_operand(const struct bpf_insn *insn, struct buffer *out)
{
	if (BPF_SRC(insn->code) == BPF_X)
		buffer_printf(out, "r%d", insn->src_reg);
	else
		buffer_printf(out, "%d", insn->imm);
}

static void list_alu(const struct bpf_insn *insn, struct buffer *out)
{
	if (BPF_OP(insn->code) == BPF_NEG) {
		buffer_printf(out, "r%d = -r%d", insn->dst_reg, insn->dst_reg);
		return;
	}
	buffer_printf(out, "r%d %s ", insn->dst_reg, alu_name(insn->code));
	list_operand(insn, out);
}

static void list_jump(const struct bpf_insn *insn, size_t at, struct buffer *out)
{
	size_t target = at + 1 + (size_t)(ptrdiff_t)insn->off;

	switch (BPF_OP(insn->code)) {
	case BPF_CALL:
		buffer_printf(out, "call %s", helpers[insn->imm]);
		return;
	case BPF_EXIT:
		buffer_puts(out, "exit");
		return;
	case BPF_OP(INSN_MAY_GOTO):
		buffer_printf(out, "may_goto %zu", target);
		return;
	case BPF_JA:
		buffer_printf(out, "goto %zu", target);
		return;
	default:
		buffer_printf(out, "if r%d %s ", insn->dst_reg, jump_name(insn->code));
		list_operand(insn, out);
		buffer_printf(out, " goto %zu", target);
	}
}

static void list_atomic(const struct bpf_insn *insn, struct buffer *out)
{
	const char *form = insn->imm == BPF_ADD			? "lock %s [r%d%+d] += r%d"
			   : insn->imm == (BPF_ADD | BPF_FETCH) ? "lock %s [r%d%+d] += fetch r%d"
			   : insn->imm == BPF_CMPXCHG		? "lock %s [r%d%+d] cmpxchg r0, r%d"
								: "lock %s [r%d%+d] xchg r%d";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	buffer_printf(out, form, size_name(insn->code), insn->dst_reg, insn->off, insn->src_reg);
#pragma GCC diagnostic pop
}

static void list_wide(const struct bpf_insn *insn, struct buffer *out)
{
	uint64_t number = (uint32_t)insn[0].imm | (uint64_t)(uint32_t)insn[1].imm << 32;

	if (insn->src_reg == BPF_PSEUDO_MAP_FD && insn->imm >= MAP_AGGREGATE)
		buffer_printf(out, "r%d = map aggregate %d%s", insn->dst_reg,
			      (insn->imm - MAP_AGGREGATE) % AGGREGATE_CALLS_MAX + 1,
			      insn->imm >= MAP_AGGREGATE_OTHER ? ", the other" : "");
	else if (insn->src_reg == BPF_PSEUDO_MAP_FD)
		buffer_printf(out, "r%d = map %s", insn->dst_reg, roles[insn->imm]);
	else
		buffer_printf(out, "r%d = %#llx", insn->dst_reg, (unsigned long long)number);
}

static void list_insn(const struct bpf_insn *insn, size_t at, struct buffer *out)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ALU64:
		list_alu(insn, out);
		break;
	case BPF_JMP:
		list_jump(insn, at, out);
		break;
	case BPF_LDX:
		buffer_printf(out, "r%d = %s [r%d%+d]", insn->dst_reg, size_name(insn->code),
			      insn->src_reg, insn->off);
		break;
	case BPF_ST:
		buffer_printf(out, "%s [r%d%+d] = %d", size_name(insn->code), insn->dst_reg,
			      insn->off, insn->imm);
		break;
	case BPF_STX:
		if (BPF_MODE(insn->code) == BPF_ATOMIC)
			list_atomic(insn, out);
		else
			buffer_printf(out, "%s [r%d%+d] = r%d", size_name(insn->code),
				      insn->dst_reg, insn->off, insn->src_reg);
		break;
	default:
		list_wide(insn, out);
	}
}

static void list_source_line(const struct source *source, unsigned line, struct buffer *out)
{
	const char *text = source->text;

	for (unsigned i = 1; i < line && text; i++) {
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	if (!text)
		return;
	buffer_printf(out, "; %s:%u ", source->name, line);
	escape_text(out, text, strcspn(text, "\n"), true);
	buffer_putc(out, '\n');
}

static void list_program(const struct bpf_insn *insns, const uint32_t *lines, size_t count,
			 const struct source *source, struct buffer *out)
{
	unsigned line = 0;

	for (size_t i = 0; i < count; i++) {
		if (lines[i] && lines[i] != line) {
			line = lines[i];
			list_source_line(source, line, out);
		}
		buffer_printf(out, "%4zu  ", i);
		list_insn(&insns[i], i, out);
		buffer_putc(out, '\n');
		i += insns[i].code == (BPF_LD | BPF_DW | BPF_IMM);
	}
}

void plan_list(const struct plan *plan, const struct source *source, struct buffer *out)
{
	if (plan->entry_insns.size) {
		buffer_puts(out, "; when the function is entered:\n");
		list_program(plan->entry_insns.data, plan->entry_lines.data, plan->entry_insns.size,
			     source, out);
		buffer_puts(out, "; when it returns:\n");
	}
	list_program(plan->insns.data, plan->lines.data, plan->insns.size, source, out);
}
