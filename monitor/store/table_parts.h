/* Shared by table.c and table_file.c only. */
#ifndef UTWATCH_STORE_TABLE_PARTS_H
#define UTWATCH_STORE_TABLE_PARTS_H

#include "store/table.h"

enum { TABLE_PAGE = 4096, TABLE_PAGES_A_WORD = 64 /* of the marks in table.dirty */ };

/* The layout of the image and the file: a page for the header, the jumps, the servers, a page with the header
 * again, because entries are meaningless without its key, the places of buckets, and the entries, of which
 * the file has those in use. */
struct table_layout {
    size_t jumps, servers, second_header, places, entries, bytes;
};
struct table_layout table_layout(uint64_t buckets);

/* Memory for the image, all zero. */
enum table_result table_allocate(struct table *t, uint64_t buckets);

/* Counts what the image holds, and drops what was half written when the machine stopped. `filled`: places
 * beyond which there are zeros only. */
void table_take_stock(struct table *t, uint64_t filled);

uint64_t table_buckets_for(uint32_t capacity);

/* The last place that a bucket has, by what the image says. */
uint64_t table_last_place(const struct table *t);

/* The bytes are to be written to the file. */
void table_mark(struct table *t, const void *bytes, size_t size);

#endif
