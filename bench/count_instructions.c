/* Counts the instructions that a program executes under qemu's user emulation, by function.
 *
 * What it does: at the end it writes a line for each function that was executed, instructions first, most first.
 * How: a plugin of qemu (interface version 1). Each block of code, when it is translated, is given an addition to the counter
 * of the function that it belongs to.
 * Limits: one thread counts right; FUNCTIONS_MAX functions, the others are counted as one. The interface is declared
 * here, since no package of Debian has its header.
 *
 * cc -shared -fPIC -O2 -o count_instructions.so count_instructions.c
 * qemu-aarch64 -plugin ./count_instructions.so -d plugin PROGRAM
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t plugin_id;

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
extern void qemu_plugin_register_atexit_cb(plugin_id, void (*)(plugin_id, void *), void *);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *);
extern void qemu_plugin_outs(const char *);

#define EXPORT __attribute__((visibility("default")))
#define ADD_U64 0

enum { FUNCTIONS_MAX = 16384, NAME_MAX_BYTES = 512, PLACES = 32768 };

struct function {
    char *name;
    uint64_t count;
};

EXPORT int qemu_plugin_version = 1;

/* The last one stands for all that found no room. */
static struct function functions[FUNCTIONS_MAX];
static unsigned used;
static unsigned places[PLACES];

static struct function *find(const char *name)
{
    uint32_t hash = 2166136261u;
    for (const char *at = name; *at != 0; at++) {
        hash = (hash ^ (unsigned char)*at) * 16777619u;
    }
    for (unsigned step = 0; step < PLACES; step++) {
        unsigned *place = &places[(hash + step) % PLACES];
        if (*place != 0 && strcmp(functions[*place - 1].name, name) == 0) {
            return &functions[*place - 1];
        }
        if (*place == 0) {
            if (used + 1 >= FUNCTIONS_MAX) {
                break;
            }
            functions[used].name = strdup(name);
            *place = ++used;
            return &functions[used - 1];
        }
    }
    return &functions[FUNCTIONS_MAX - 1];
}

static void translated(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    const char *name = qemu_plugin_insn_symbol(qemu_plugin_tb_get_insn(block, 0));
    struct function *function = find(name != NULL ? name : "(no name)");
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &function->count, qemu_plugin_tb_n_insns(block));
}

static int more_first(const void *a, const void *b)
{
    uint64_t x = ((const struct function *)a)->count, y = ((const struct function *)b)->count;
    return x < y ? 1 : x > y ? -1 : 0;
}

static void ended(plugin_id id, void *data)
{
    (void)id;
    (void)data;
    char line[NAME_MAX_BYTES];
    functions[FUNCTIONS_MAX - 1].name = "(others)";
    qsort(functions, FUNCTIONS_MAX, sizeof functions[0], more_first);
    for (unsigned n = 0; n < FUNCTIONS_MAX && functions[n].count > 0; n++) {
        snprintf(line, sizeof line, "%" PRIu64 " %s\n", functions[n].count, functions[n].name);
        qemu_plugin_outs(line);
    }
}

EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    (void)argc;
    (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
