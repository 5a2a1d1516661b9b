/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gotype.c - Go's types as its runtime describes them, which strip leaves.
 *
 * A descriptor begins with an abi.Type; what follows depends on its kind (facts from the runtime's
 * type.go and internal/abi of each version). All of them lie between moduledata's types and
 * etypes, and refer to one another by pointers, and to names by offsets from types.
 */
#include "gotab.h"

#define NAME_MAX   1024
#define FIELDS_MAX 4096
#define TYPES_MAX  65536 /* of one program, against loops of hostile ones */

/* Offsets in abi.Type, and in what follows it. */
enum {
	TYPE_SIZE = 0,
	TYPE_FLAGS = 20,
	TYPE_KIND = 23,
	TYPE_STRING = 40,
	TYPE_HEAD = 48, /* its size */
	TYPE_ELEM = 48,
	TYPE_MAP_ELEM = 56, /* after the key */
	TYPE_ARRAY_COUNT = 64,
	TYPE_FIELDS = 56,
	TYPE_FIELD_COUNT = 64,
	FIELD_SIZE = 24,
};
#define KIND_MASK	0x1f
#define FLAG_EXTRA_STAR 2 /* the string has a star that the type has not */

enum kind {
	KIND_BOOL = 1,
	KIND_INT = 2,  /* int, int8 ... int64 */
	KIND_UINT = 7, /* uint, uint8 ... uint64, uintptr */
	KIND_UINTPTR = 12,
	KIND_FLOAT32 = 13,
	KIND_FLOAT64,
	KIND_COMPLEX64,
	KIND_COMPLEX128,
	KIND_ARRAY,
	KIND_CHAN,
	KIND_FUNC,
	KIND_INTERFACE,
	KIND_MAP,
	KIND_POINTER,
	KIND_SLICE,
	KIND_STRING,
	KIND_STRUCT,
	KIND_UNSAFE_POINTER,
	KIND_COUNT,
};

/* A type by its descriptor's address. */
struct known_type {
	uint64_t address;
	struct type *type;
};
struct gotypes {
	VECTOR(struct known_type) list; /* as they were met; the first `filled` are complete */
	size_t filled;
	const struct type *byte, *word, *code, *unknown;
};

/* ------------------------------------------------------------------- reading */

struct reader {
	struct image *image;
	struct gotab *table;
	const struct gomodule *module;
	struct gotypes *types;
};

static bool is_descriptor(const struct reader *reader, uint64_t address)
{
	return address >= reader->module->types && address % 8 == 0 &&
	       reader->module->etypes >= TYPE_HEAD && address <= reader->module->etypes - TYPE_HEAD;
}

static bool has_varints(const struct reader *reader)
{
	return reader->image->go->minor >= 17;
}

/* A name: a byte of flags, the length, the bytes. "" if it cannot be read. */
static const char *read_name(const struct reader *reader, uint64_t address)
{
	uint8_t head[4];
	char bytes[NAME_MAX + 1];
	size_t length, skipped = 3;

	if (!image_read(reader->image, address, head, sizeof(head)))
		return "";
	if (!has_varints(reader)) {
		length = (size_t)head[1] << 8 | head[2];
	} else if (head[1] & 0x80) {
		length = (head[1] & 0x7f) | (size_t)(head[2] & 0x7f) << 7;
	} else {
		length = head[1];
		skipped = 2;
	}
	if (length > NAME_MAX || !image_read(reader->image, address + skipped, bytes, length))
		return "";
	bytes[length] = '\0';
	return image_intern(reader->image, bytes);
}

static const char *type_name(const struct reader *reader, const uint8_t *head)
{
	int32_t offset;

	memcpy(&offset, head + TYPE_STRING, sizeof(offset));
	const char *name = read_name(reader, reader->module->types + (uint64_t)(int64_t)offset);
	return *name == '*' && (head[TYPE_FLAGS] & FLAG_EXTRA_STAR) ? name + 1 : name;
}

/* ------------------------------------------------------------- simple shapes */

static struct type *new_type(struct image *image, enum type_kind kind, const char *name,
			     uint64_t size)
{
	struct type *type = ARENA_NEW(&image->arena, struct type);

	*type = (struct type){.kind = kind, .name = name, .size = size};
	return type;
}

static struct gotypes *types_of(struct image *image)
{
	struct go *go = image->go;

	if (go->types)
		return go->types;
	struct gotypes *types = xcalloc(1, sizeof(*types));
	types->byte = new_type(image, TYPE_INTEGER, "uint8", 1);
	types->word = new_type(image, TYPE_INTEGER, "int", 8);
	((struct type *)types->word)->is_signed = true;
	types->code = new_type(image, TYPE_FUNCTION, "func", 0);
	types->unknown = new_type(image, TYPE_OPAQUE, "?", 0);
	go->types = types;
	return types;
}

void gotypes_free(struct gotypes *types)
{
	if (types)
		vector_deinit(&types->list);
	free(types);
}

static const struct type *pointer_to(struct image *image, const struct type *target)
{
	CLEANUP(free_p) char *name = xasprintf("*%s", target->name);
	struct type *pointer = new_type(image, TYPE_POINTER, image_intern(image, name), 8);

	pointer->target = target;
	return pointer;
}

static void set_members(struct image *image, struct type *type, const struct type_member *members,
			size_t count)
{
	struct type_member *kept = arena_alloc(&image->arena, (count + 1) * sizeof(*kept));

	for (size_t i = 0; i < count; i++)
		kept[i] = members[i];
	type->members = kept;
	type->member_count = count;
}

/* Strings and slices: a pointer, the length, and a slice's capacity. */
static void fill_sequence(struct image *image, struct type *type, enum type_form form,
			  const struct type *element)
{
	const struct type *word = image->go->types->word;
	const struct type_member members[] = {
	    {.name = type->size == 16 ? "str" : "array", .type = pointer_to(image, element)},
	    {.name = "len", .type = word, .offset = 8},
	    {.name = "cap", .type = word, .offset = 16},
	};

	type->form = form;
	type->target = element;
	type->shape = (struct type_shape){0, 8, TYPE_NO_OFFSET};
	set_members(image, type, members, type->size == 16 ? 2 : 3);
}

static void fill_interface(struct image *image, struct type *type)
{
	const struct type *pointer = pointer_to(image, image->go->types->unknown);
	bool is_empty = strcmp(type->name, "interface {}") == 0;
	const struct type_member members[] = {
	    {.name = is_empty ? "_type" : "tab", .type = pointer},
	    {.name = "data", .type = pointer, .offset = 8},
	};

	set_members(image, type, members, ARRAY_SIZE(members));
	type->form = FORM_INTERFACE;
	type->has_type = is_empty;
	type->has_itab = !is_empty;
}

/* ------------------------------------------------------------------- Go's forms */

/* Of a bucket of the runtime's hmap: 8 bytes, 8 keys, 8 values, a pointer. What is larger than
 * 128 bytes is elsewhere. */
static uint64_t bucket_size(const struct type *key, const struct type *value)
{
	uint64_t key_size = key->size > 128 ? 8 : key->size;
	uint64_t value_size = value->size > 128 ? 8 : value->size;

	return 8 + 8 * key_size + 8 * value_size + 8;
}

enum go_maps image_go_maps(const struct image *image)
{
	unsigned minor = image->go ? image->go->minor : 0;

	if (!minor)
		return GO_MAPS_UNKNOWN;
	/* The program's builder may have asked for the old ones. */
	return minor < 24 || strstr(image->go->version, "noswissmap") ? GO_MAPS_BUCKETS
								      : GO_MAPS_GROUPS;
}

void gotype_set_map(const struct image *image, struct type *type, const struct type *key,
		    const struct type *value)
{
	enum go_maps maps = image_go_maps(image);

	type->form = FORM_MAP;
	type->key = key;
	type->target = value;
	type->count = maps == GO_MAPS_BUCKETS ? bucket_size(key, value) : 0;
	type->has_groups = maps == GO_MAPS_GROUPS;
}

void gotype_set_channel(const struct image *image, struct type *type, const struct type *element)
{
	type->form = FORM_CHANNEL;
	type->target = element;
	type->count = image->go && image->go->minor >= 23;
}

void gotype_set_time(struct type *type)
{
	if (type->kind == TYPE_INTEGER && type->size == 8 &&
	    strcmp(type->name, "time.Duration") == 0)
		type->form = FORM_DURATION;
	if (type->kind == TYPE_STRUCT && type->size == 24 && strcmp(type->name, "time.Time") == 0)
		type->form = FORM_TIME;
}

/* ------------------------------------------------------------------ references */

static struct type *find_known(const struct gotypes *types, uint64_t address)
{
	for (size_t i = types->list.size; i-- > 0;)
		if (types->list.data[i].address == address)
			return types->list.data[i].type;
	return NULL;
}

/* What has no size or a kind that does not exist is no descriptor. */
static bool read_head(const struct reader *reader, uint64_t address, uint8_t head[TYPE_HEAD])
{
	if (!is_descriptor(reader, address) || !image_read(reader->image, address, head, TYPE_HEAD))
		return false;
	unsigned kind = head[TYPE_KIND] & KIND_MASK;
	return kind > 0 && kind < KIND_COUNT;
}

/* The type at address, to be filled in later; NULL: there is none. */
static const struct type *refer(const struct reader *reader, uint64_t address)
{
	static const uint8_t kinds[KIND_COUNT] = {
	    [KIND_BOOL] = TYPE_BOOLEAN,		  [KIND_FLOAT32] = TYPE_FLOAT,
	    [KIND_FLOAT64] = TYPE_FLOAT,	  [KIND_COMPLEX64] = TYPE_OPAQUE,
	    [KIND_COMPLEX128] = TYPE_OPAQUE,	  [KIND_ARRAY] = TYPE_ARRAY,
	    [KIND_CHAN] = TYPE_POINTER,		  [KIND_FUNC] = TYPE_POINTER,
	    [KIND_INTERFACE] = TYPE_STRUCT,	  [KIND_MAP] = TYPE_POINTER,
	    [KIND_POINTER] = TYPE_POINTER,	  [KIND_SLICE] = TYPE_STRUCT,
	    [KIND_STRING] = TYPE_STRUCT,	  [KIND_STRUCT] = TYPE_STRUCT,
	    [KIND_UNSAFE_POINTER] = TYPE_POINTER,
	};
	struct type *type = find_known(reader->types, address);
	uint8_t head[TYPE_HEAD];
	uint64_t size;

	if (type || reader->types->list.size >= TYPES_MAX || !read_head(reader, address, head))
		return type;
	unsigned kind = head[TYPE_KIND] & KIND_MASK;
	bool is_integer = kind >= KIND_INT && kind <= KIND_UINTPTR;
	memcpy(&size, head + TYPE_SIZE, sizeof(size));
	type = new_type(reader->image, is_integer ? TYPE_INTEGER : (enum type_kind)kinds[kind],
			type_name(reader, head), size);
	type->is_signed = kind >= KIND_INT && kind < KIND_UINT;
	gotype_set_time(type);
	vector_push(&reader->types->list, ((struct known_type){address, type}));
	return type;
}

/* The type that a pointer at address points to. */
static const struct type *refer_through(const struct reader *reader, uint64_t address)
{
	uint64_t target;
	const struct type *type =
	    image_read_pointer(reader->image, address, &target) ? refer(reader, target) : NULL;

	return type ? type : reader->types->unknown;
}

/* --------------------------------------------------------------------- filling */

static void fill_struct(const struct reader *reader, struct type *type, uint64_t address)
{
	struct image *image = reader->image;
	uint64_t fields, count, name, offset;
	VECTOR(struct type_member) members = {0};

	if (!image_read_pointer(image, address + TYPE_FIELDS, &fields) ||
	    !image_read(image, address + TYPE_FIELD_COUNT, &count, sizeof(count)) ||
	    count > FIELDS_MAX)
		return;
	for (uint64_t at = fields; at < fields + count * FIELD_SIZE; at += FIELD_SIZE) {
		if (!image_read_pointer(image, at, &name) ||
		    !image_read(image, at + 16, &offset, sizeof(offset)))
			break;
		/* Up to 1.18 the lowest bit says that the field is embedded. */
		vector_push(&members, ((struct type_member){
					  .name = read_name(reader, name),
					  .type = refer_through(reader, at + 8),
					  .offset = image->go->minor < 19 ? offset >> 1 : offset,
				      }));
	}
	set_members(image, type, members.data, members.size);
	vector_deinit(&members);
}

static void fill(const struct reader *reader, struct type *type, uint64_t address)
{
	struct image *image = reader->image;
	uint8_t kind = 0;

	image_read(image, address + TYPE_KIND, &kind, 1);
	switch (kind & KIND_MASK) {
	case KIND_ARRAY:
		type->target = refer_through(reader, address + TYPE_ELEM);
		image_read(image, address + TYPE_ARRAY_COUNT, &type->count, sizeof(type->count));
		break;
	case KIND_POINTER:
		type->target = refer_through(reader, address + TYPE_ELEM);
		break;
	case KIND_SLICE: {
		const struct type *element = refer_through(reader, address + TYPE_ELEM);
		bool is_text = strcmp(element->name, "uint8") == 0;
		fill_sequence(image, type, is_text ? FORM_STRING : FORM_SEQUENCE, element);
		break;
	}
	case KIND_STRING:
		fill_sequence(image, type, FORM_STRING, reader->types->byte);
		break;
	case KIND_INTERFACE:
		fill_interface(image, type);
		break;
	case KIND_STRUCT:
		fill_struct(reader, type, address);
		break;
	case KIND_FUNC:
		type->target = reader->types->code;
		type->form = FORM_CODE;
		break;
	case KIND_CHAN:
		gotype_set_channel(image, type, refer_through(reader, address + TYPE_ELEM));
		break;
	case KIND_MAP:
		gotype_set_map(image, type, refer_through(reader, address + TYPE_ELEM),
			       refer_through(reader, address + TYPE_MAP_ELEM));
		break;
	case KIND_UNSAFE_POINTER:
		type->target = reader->types->unknown;
		break;
	default:
		break;
	}
}

const struct type *image_go_type(struct image *image, uint64_t address)
{
	if (!go_has_table(image))
		return NULL;
	struct reader reader = {
	    .image = image,
	    .table = image->go->table,
	    .module = gotab_module(image->go->table),
	    .types = types_of(image),
	};
	const struct type *type = refer(&reader, address);
	/* Filling one in refers to others. */
	while (reader.types->filled < reader.types->list.size) {
		struct known_type known = reader.types->list.data[reader.types->filled++];
		fill(&reader, known.type, known.address);
	}
	return type;
}
