/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarfvariable.c - what a DIE says of a variable, parameter or enumerator.
 */
#include "dwarf.h"

/* DWARF's numbers of them. */
#define REGISTER_RBP 6
#define REGISTER_RSP 7

/* The file of a number in the line table of a DIE's unit. */
static const char *file_name(Dwarf_Die *die, int64_t number)
{
	Dwarf_Die unit;
	Dwarf_Files *files;
	size_t count;

	if (!dwarf_diecu(die, &unit, NULL, NULL) || dwarf_getsrcfiles(&unit, &files, &count) != 0 ||
	    number < 0 || (uint64_t)number >= count)
		return NULL;
	return dwarf_filesrc(files, number, NULL, NULL);
}

struct line scope_declared(const struct scope *scope, Dwarf_Die *die)
{
	Dwarf_Die origin = die_origin(die);
	int64_t file, number;

	if (!die_number(die, DW_AT_decl_line, &number) || number <= 0 || number > INT32_MAX)
		return (struct line){0};
	/* Go says the file of a function only. */
	if (!die_number(die, DW_AT_decl_file, &file)) {
		if (!scope->blocks.size)
			return (struct line){NULL, number};
		origin = die_origin(&scope->blocks.data[scope->first]);
		if (!die_number(&origin, DW_AT_decl_file, &file))
			return (struct line){NULL, number};
	}
	/* A file's number is of the unit that says it. */
	const char *name = file_name(&origin, file);
	return (struct line){name ? image_intern(scope->dwarf->image, name) : NULL, number};
}

/* A static: at the same address, whichever copy of its function is asked. */
static bool is_static(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	if (!die_location(die, DW_AT_location, &attribute) ||
	    dwarf_getlocation(&attribute, &ops, &count) != 0 || count == 0)
		return false;
	return ops[0].atom == DW_OP_addr || ops[0].atom == DW_OP_addrx ||
	       ops[0].atom == DW_OP_GNU_addr_index;
}

struct where_context scope_where(const struct scope *scope)
{
	return (struct where_context){
	    .image = scope->dwarf->image,
	    .address = scope->address,
	    .function = scope->blocks.size ? scope->blocks.data[0] : (Dwarf_Die){0},
	};
}

/* What is only declared: defined elsewhere, without debug information. */
static void find_symbol(struct scope *scope, const struct variable *variable, struct where *ret)
{
	struct where_context context = scope_where(scope);
	Dwarf_Op op = {.atom = DW_OP_addr};
	uint64_t address;

	if (!symtab_object(context.image, variable->name, &address)) {
		where_lost(context.image, variable->type->size, "<unavailable: only declared>",
			   ret);
		return;
	}
	op.number = address;
	where_ops(&context, &op, 1, variable->type->size, ret);
}

/* Does an expression begin at the CFA, which is right at every pc? */
static bool is_from_cfa(const struct where_context *context, const Dwarf_Op *ops, size_t count)
{
	Dwarf_Die function = context->function;
	Dwarf_Attribute attribute;
	Dwarf_Op *base;
	size_t base_count;

	if (count && ops[0].atom == DW_OP_call_frame_cfa)
		return true;
	return count && ops[0].atom == DW_OP_fbreg && function.addr &&
	       die_location(&function, DW_AT_frame_base, &attribute) &&
	       dwarf_getlocation_addr(&attribute, context->address, &base, &base_count, 1) == 1 &&
	       base_count && base[0].atom == DW_OP_call_frame_cfa;
}

/* A place above the CFA is the caller's: an argument on the stack. */
static bool is_above_cfa(const struct where_context *context, const struct where_piece *piece)
{
	step_list cfa = {0};
	bool is_above = piece->step_count > 1 &&
			cfa_steps(context->image, context->address, &cfa) && cfa.size > 1 &&
			piece->steps[0].number == cfa.data[0].number &&
			piece->steps[1].number >= cfa.data[1].number;

	vector_deinit(&cfa);
	return is_above;
}

/* Is it in the frame of the function, by an expression that is said to hold in all of it? In
 * the prologue nothing has been stored there. */
static bool is_unfilled(const struct where_context *context, const Dwarf_Op *ops, size_t count,
			const struct where_piece *piece)
{
	bool is_in_frame =
	    piece->kind == PIECE_MEMORY && piece->steps[0].op == WHERE_REGISTER &&
	    (piece->steps[0].number == REGISTER_RBP || piece->steps[0].number == REGISTER_RSP);

	return is_in_frame && !(is_from_cfa(context, ops, count) && is_above_cfa(context, piece));
}

/* Does its location not hold yet in the function's prologue? */
static bool is_too_early(const struct scope *scope, Dwarf_Die *die, const struct variable *variable)
{
	const struct where_context context = scope_where(scope);
	const struct where_piece *piece = &variable->where.pieces[0];
	Dwarf_Die function = context.function;
	Dwarf_Addr base, start, end;
	Dwarf_Attribute attribute;
	Dwarf_Op *ops;
	size_t count;

	bool is_lost_parameter = variable->kind == VARIABLE_PARAMETER && piece->kind == PIECE_LOST;
	/* Go passes what nobody uses, too, and says of it that it is nowhere. */
	if (scope->first == 0 && scope->unit->language == LANGUAGE_GO && is_lost_parameter)
		return scope_is_in_prologue(scope);
	if (scope->first != 0 || !die_location(die, DW_AT_location, &attribute) ||
	    dwarf_getlocations(&attribute, 0, &base, &start, &end, &ops, &count) <= 0)
		return false;
	bool is_everywhere = start == 0 && end == (Dwarf_Addr)-1;
	/* A list that begins too late: the parameter is used, and so it is passed. */
	bool is_late = is_lost_parameter && die_flag(&function, DW_AT_external);
	return (is_everywhere ? is_unfilled(&context, ops, count, piece) : is_late) &&
	       scope_is_in_prologue(scope);
}

static void find_where(struct scope *scope, Dwarf_Die *die, struct variable *variable)
{
	const struct where_context context = scope_where(scope);

	dwarf_where(&context, die, variable->type->size, &variable->where);
	if (variable->where.pieces[0].kind == PIECE_LOST &&
	    scope_go_captured(scope, die, variable->type->size, &variable->where))
		return;
	if (!is_too_early(scope, die, variable))
		return;
	if (variable->kind == VARIABLE_PARAMETER)
		scope_argument(scope, die, &variable->where);
	else
		where_lost(context.image, variable->type->size, WHERE_NOT_STORED, &variable->where);
}

void scope_describe(struct scope *scope, Dwarf_Die *die, bool is_outside, struct variable *ret)
{
	struct dwarf *dwarf = scope->dwarf;
	const char *name = die_name(dwarf, die);

	*ret = (struct variable){
	    .kind = VARIABLE_LOCAL,
	    .name = name ? name : "",
	    .type = dwarf_type_of(dwarf, die),
	    .declared = scope_declared(scope, die),
	};
	if (die_is_parameter(die))
		ret->kind = VARIABLE_PARAMETER;
	else if (is_outside || is_static(die))
		ret->kind = VARIABLE_GLOBAL;
	if (is_outside && die_flag(die, DW_AT_declaration) &&
	    !dwarf_hasattr(die, DW_AT_const_value))
		find_symbol(scope, ret, &ret->where);
	else
		find_where(scope, die, ret);
}

void scope_describe_enumerator(struct scope *scope, Dwarf_Die *die, Dwarf_Die *enumeration,
			       struct variable *ret)
{
	const struct where_context context = scope_where(scope);
	struct dwarf *dwarf = scope->dwarf;
	const char *name = die_name(dwarf, die);

	*ret = (struct variable){
	    .kind = VARIABLE_ENUMERATOR,
	    .name = name ? name : "",
	    .type = dwarf_type(dwarf, enumeration),
	    .declared = scope_declared(scope, enumeration),
	};
	where_lost(dwarf->image, ret->type->size, "<unavailable: no value>", &ret->where);
	for (size_t i = 0; i < ret->type->enumerator_count; i++) {
		const struct type_enumerator *same = &ret->type->enumerators[i];
		const Dwarf_Op ops[] = {{.atom = DW_OP_consts, .number = (Dwarf_Word)same->value},
					{.atom = DW_OP_stack_value}};
		if (same->name && strcmp(same->name, ret->name) == 0)
			where_ops(&context, ops, ARRAY_SIZE(ops), ret->type->size, &ret->where);
	}
}
