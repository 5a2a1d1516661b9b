/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.h - the commands: their table, how a line becomes one, and what they share.
 * Apart from the room's header because most of the loop, the prompt and the options are
 * nothing to a command, nor it to them.
 */
#ifndef CONSOLE_COMMAND_H
#define CONSOLE_COMMAND_H

#include "moontap/console.h"

/* ------------------------------------------------------ addresses in code */

/* The data that a function's instructions name, by address. */
struct references {
	struct image *image; /* borrowed */
	uint64_t bias;	     /* what is added to its addresses in the code */
	VECTOR(struct reference {
		uint64_t address;
		char *name; /* or NULL */
	})
	data;
};
/* Call references_deinit. */
void references_init(struct references *ret, struct image *image, uint64_t bias,
		     const struct code *code);
void references_deinit(struct references *references);
/* Appends an instruction's text and the name of the address in it, as GDB has them:
 * "call 0x1030 <puts@plt>", "mov 0x2f(%rip),%rax\t# 0x4010 <counter>". */
void references_put(const struct references *references, const struct insn *insn,
		    const struct insn_text *text, struct buffer *out);

/* ---------------------------------------------------------------- commands */

enum command_flags {
	COMMAND_REPEATS = 1, /* the empty line runs it again */
	COMMAND_DIALECT = 2, /* a statement of the language: not Lua, whatever follows */
	/* What Tab offers behind it. */
	COMMAND_OF_LOCATION = 4,
	COMMAND_OF_FILE = 8,
	COMMAND_OF_NUMBERS = 16, /* of tracepoints */
	COMMAND_OF_HELP = 32,	 /* whatever help knows */
	COMMAND_OF_LUA = 64,
	COMMAND_OF_SETTING = 128,
	COMMAND_OF_DATA = 512,	/* globals and paths through them */
	COMMAND_ADVANCES = 256, /* the empty line goes on where it has ended */
	COMMAND_OF_RECIPE = 1024,
};

enum class {
	CLASS_BREAKPOINTS,
	CLASS_DATA,
	CLASS_FILES,
	CLASS_RUNNING,
	CLASS_STATUS,
	CLASS_SUPPORT,
	CLASS_COUNT
};
struct command_class {
	const char *name, *summary;
};
extern const struct command_class command_classes[CLASS_COUNT];

struct command {
	const char *name;
	const char *aliases; /* separated by spaces, or NULL */
	const char *usage;
	const char *summary; /* a sentence */
	struct error *(*run)(struct console *console, const char *arguments, struct buffer *out);
	unsigned flags;
	enum class class;
	const char *details;		/* more for help, in whole lines, or NULL */
	const char *examples;		/* lines that can be typed, or NULL */
	const struct command *children; /* its subjects, or NULL */
};
/* Both end with a NULL name. */
extern const struct command commands[];
extern const struct command info_commands[];
extern const struct command enable_commands[];
extern const struct command probes_commands[];
extern const struct command save_commands[];
extern const struct command recipe_commands[];

/* Finds a row by its name, alias or unique prefix. NULL if there is none.
 * kind is "" or "info ", for the message. ERR_USAGE: ambiguous. */
struct error *command_find(const struct command *rows, const char *kind, const char *word,
			   size_t size, const struct command **ret);
/* GDB's 'Undefined command: "foo".  Try "help".', with what may have been meant. */
struct error *command_undefined(const char *kind, const struct command *rows, const char *text);
/* Is it one of the words, which spaces separate? */
bool word_is_among(const char *words, const char *word, size_t size);
/* What somebody may want who types one of GDB's commands (or info's subjects; or behind "set")
 * that there is none of here; NULL: it is not one of those. */
const char *command_absent(const struct command *rows, const char *word, size_t size);
const char *setting_absent(const char *text);
/* Is it the name of a global of Lua's? */
bool command_is_lua_name(struct console *console, const char *text, size_t size);
/* Splits text into its command and the arguments. *ret_command is NULL for
 * Lua: the first word is no command, or what follows makes it an expression. */
struct error *command_parse(const char *text, const struct command **ret_command,
			    const char **ret_arguments);
/* Runs one text: a command, else Lua. Errors: the command's, runtime_run's;
 * ERR_INCOMPLETE asks for another line. */
struct error *command_execute(struct console *console, const char *text);
/* Runs one of rows, a command's children; kind as in command_find. */
struct error *command_run_child(struct console *console, const char *kind,
				const struct command *rows, const char *arguments,
				struct buffer *out);
/* As runtime_options.command: commands only. */
struct error *command_capture(struct console *console, const char *line, struct buffer *out);
/* Runs text as a script of the language; name is for its messages. */
struct error *command_run_text(struct console *console, const char *text, bool is_interactive);
/* Runs a script file. */
struct error *command_run_file(struct console *console, const char *path);

/* 1, 2-3, 1.2, 1.2-4; $bpnum for a number */
struct id_range {
	unsigned first, last;
	unsigned location, last_location; /* 0: the whole probe */
};
typedef VECTOR(struct id_range) id_list;
/* latest: $bpnum, or 0. ERR_USAGE with GDB's texts. On error *ret is untouched. */
struct error *id_list_parse(const char *text, unsigned latest, id_list *ret);
/* The probe whose number text begins with; *ret_rest is what follows. ERR_NO_PROBE. */
struct error *console_take_probe(struct console *console, const char *text, struct probe **ret,
				 const char **ret_rest);
/* Calls act for each probe of a list (not empty), or for all; goes on after errors, as GDB
 * does, and returns the first. */
struct error *console_each_probe(struct console *console, const char *ids,
				 struct error *(*act)(struct console *console, struct probe *probe,
						      void *context),
				 void *context);

/* A probe as a statement of the language, in parts. */
struct statement {
	const char *keyword;
	char *location, *goroutine, *condition, *block; /* NULL but for location: it has none */
	unsigned depth;					/* 0: it has none */
};
/* ERR_USAGE: it cannot be written so (made by probe(), or it uses locals of its script). */
struct error *statement_of(const struct probe *probe, struct statement *ret);
void statement_format(const struct statement *statement, struct buffer *out);
void statement_deinit(struct statement *statement);

struct error *cmd_apropos(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_break(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_tbreak(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_rbreak(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_finish(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_dprintf(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_every(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_delete(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_disable(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_enable(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_condition(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_ignore(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_commands(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_save(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_directory(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_echo(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_examine(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_list(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_printf(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_print(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_pwd(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_set(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_shell(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_show(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_unset(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_ptype(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_whatis(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_explain(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_info(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_file(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_attach(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_detach(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_recipe(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_run(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_kill(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_branches(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_cover(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_flow(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_calls(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_disassemble(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_source(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_help(struct console *console, const char *arguments, struct buffer *out);
struct error *cmd_quit(struct console *console, const char *arguments, struct buffer *out);

/* info_*.c: the subjects of info */
struct error *info_aggregates(struct console *console, const char *arguments, struct buffer *out);
struct error *info_breakpoints(struct console *console, const char *arguments, struct buffer *out);
struct error *info_functions(struct console *console, const char *arguments, struct buffer *out);
struct error *info_address(struct console *console, const char *arguments, struct buffer *out);
struct error *info_line(struct console *console, const char *arguments, struct buffer *out);
struct error *info_settings(struct console *console, const char *arguments, struct buffer *out);
struct error *info_source(struct console *console, const char *arguments, struct buffer *out);
struct error *info_sources(struct console *console, const char *arguments, struct buffer *out);
struct error *info_args(struct console *console, const char *arguments, struct buffer *out);
struct error *info_locals(struct console *console, const char *arguments, struct buffer *out);
struct error *info_probes(struct console *console, const char *arguments, struct buffer *out);
struct error *info_scope(struct console *console, const char *arguments, struct buffer *out);
struct error *info_sharedlibrary(struct console *console, const char *arguments,
				 struct buffer *out);
struct error *info_types(struct console *console, const char *arguments, struct buffer *out);
struct error *info_variables(struct console *console, const char *arguments, struct buffer *out);
struct error *info_symbol(struct console *console, const char *arguments, struct buffer *out);

/* The pictures of all covers as they are now; returns how many there are. */
size_t cover_draw(struct console *console, struct buffer *out);
/* Of the lines of a cover that are counted, how many have been reached. */
void cover_count(const struct probe *probe, size_t *ret_reached, size_t *ret_counted);
/* Compiles a POSIX extended regular expression (REG_NOSUB | flags); regfree it. ERR_USAGE. */
struct error *console_pattern(const char *text, int flags, regex_t *ret);
/* $rip and the like, which only a program that is stopped has. */
struct error *console_no_variable(const char *text);
/* The program of the target. ERR_NO_TARGET. */
struct error *console_program(struct console *console, struct program **ret);
/* The places in it of a location's text: one at least, for the caller to place_list_deinit. On
 * error *ret is untouched. */
struct error *console_places(struct console *console, const char *text, place_list *ret);
/* `x` goes on at a place. */
void examine_start_at(struct console *console, const struct place *place);
/* Splits text at spaces, quotes and backslashes obeyed, and puts first (if not
 * NULL) before them. Ended by NULL; free with words_free. ERR_USAGE. */
struct error *words_split(const char *first, const char *text, char ***ret);
void words_free(char **words);
/* The opposite of words_split; the caller frees. */
char *words_join(char *const *words);
/* text without a pair of quotes around it; the caller frees. */
char *words_unquote(const char *text);

#endif
