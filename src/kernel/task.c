/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * task.c - where this kernel keeps what programs read of a task, by its own BTF.
 * Apart from support.c because it reads types, and tries nothing.
 */
#include <linux/btf.h>

#include <bpf/btf.h>

#include "internal.h"

/* Adds the offset of a member of the struct of that name; *type becomes the member's. */
static bool add_member(const struct btf *btf, uint32_t *type, const char *name, uint32_t *offset)
{
	const struct btf_type *structure = btf__type_by_id(btf, *type);

	if (!structure || !btf_is_struct(structure))
		return false;
	const struct btf_member *members = btf_members(structure);
	for (unsigned i = 0; i < btf_vlen(structure); i++) {
		const char *member = btf__name_by_offset(btf, members[i].name_off);
		if (!member || strcmp(member, name) != 0)
			continue;
		*offset += btf_member_bit_offset(structure, i) / 8;
		*type = members[i].type;
		return true;
	}
	return false;
}

/* 0: there is no BTF, or no such member. */
static uint32_t find_fsbase(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	uint32_t offset = 0;

	if (!btf)
		return 0;
	int task = btf__find_by_name_kind(btf, "task_struct", BTF_KIND_STRUCT);
	uint32_t type = task > 0 ? (uint32_t)task : 0;
	bool is_known = type && add_member(btf, &type, "thread", &offset) &&
			add_member(btf, &type, "fsbase", &offset);
	btf__free(btf);
	return is_known ? offset : 0;
}

bool kernel_fsbase_offset(uint32_t *ret)
{
	static uint32_t offset;
	static bool is_asked;

	if (!is_asked)
		offset = find_fsbase();
	is_asked = true;
	if (offset)
		*ret = offset;
	return offset != 0;
}
