/* tests/judge/judge.h: reading a judge's file, and counting what holds.
 *
 * An entry is a JSON object whose members must all be taken: a member that
 * nobody asked for fails the case, so that nothing in a file is passed over in
 * silence. What is no JSON, lacks a member or has one of the wrong type ends
 * the program with one line (file:line:column) and exit status 2. */
#pragma once
#include "base/json.h"
#include <stdbool.h>
#include <stdint.h>

enum { ENTRY_KEYS_MOST = 32, JUDGE_TEXT_BYTES = 256 };

struct judge {
    const char *group;
    uint32_t number; /* of the case in its group, from 1 */
    bool is_open, is_bad;
    uint32_t checks; /* made in this case */
    uint64_t passed, failed, nonnormative;
};

/* The whole input, for line and column. Lives as long as the program looks at nodes of it. */
void input_use(const char *name, const char *text, int line_before);
/* "file:line:column: words" to stderr, exit status 2. */
void input_refuse(const struct json_node *node, const char *words) __attribute__((noreturn));
void input_refuse_diag(const struct json_node *node, const struct diag *diag) __attribute__((noreturn));

/* Where in `text` the value with this path begins, or its closest ancestor that is there. */
const char *locate(const char *text, const char *path);

struct entry {
    struct judge *judge;
    struct json_node node;
    const char *taken[ENTRY_KEYS_MOST];
    uint32_t taken_count;
};

struct entry entry_open(struct judge *judge, const struct json_node *node);
void entry_close(struct entry *entry); /* a member not taken fails the case, or is a failing case */
bool entry_has(const struct entry *entry, const char *key);
uint64_t entry_u64(struct entry *entry, const char *key);
int64_t entry_i64(struct entry *entry, const char *key);
double entry_number(struct entry *entry, const char *key);
bool entry_bool(struct entry *entry, const char *key);
const char *entry_text(struct entry *entry, const char *key);
struct json_node entry_array(struct entry *entry, const char *key);
struct json_node entry_object(struct entry *entry, const char *key);
struct json_node entry_any(struct entry *entry, const char *key);
/* A share written as a number of one; it must be whole basis points. */
uint32_t entry_bps(struct entry *entry, const char *key);
void entry_words(struct entry *entry, const char *key); /* for people: any text, taken if it is there */

/* The same for elements of arrays. */
uint64_t node_u64(const struct json_node *node);
int64_t node_i64(const struct json_node *node);
double node_number(const struct json_node *node);
const char *node_text(const struct json_node *node);
bool node_bool(const struct json_node *node);
bool node_is_text(const struct json_node *node);
bool node_is_number(const struct json_node *node);
bool node_is_bool(const struct json_node *node);

void case_begin(struct judge *judge);
void case_end(struct judge *judge); /* a case in which nothing was checked has failed */
void case_fail(struct judge *judge, const char *field, const char *expected, const char *got);
void check_i64(struct judge *judge, const char *field, int64_t expected, int64_t got);
void check_u64(struct judge *judge, const char *field, uint64_t expected, uint64_t got);
void check_bool(struct judge *judge, const char *field, bool expected, bool got);
void check_text(struct judge *judge, const char *field, const char *expected, const char *got);
void check_number(struct judge *judge, const char *field, double expected, double got, double tolerance);

/* Runs `run` on an object, or on every object of an array, that is to be judged by its status; lists those
 * that are not normative. `run` opens and ends its own cases. */
void judge_entries(struct judge *judge, const struct json_node *node,
                   void (*run)(struct judge *judge, struct entry *entry));
void judge_nonnormative(struct judge *judge, const char *why);
