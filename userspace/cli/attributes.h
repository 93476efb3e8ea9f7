/* SPDX-License-Identifier: MIT */
/* Reading the attributes of a netlink message into a structure, as a table says. */
#ifndef ATTRIBUTES_H
#define ATTRIBUTES_H

#include <stddef.h>
#include <stdint.h>

#include <netlink/attr.h>

enum attribute_kind {
	ATTRIBUTE_NUMBER, /* stays as it is if it is absent */
	ATTRIBUTE_FIGURE, /* a number of 64 bits that is BRICKTRACE_NONE if it is absent */
	ATTRIBUTE_TEXT,	  /* is cut to @size, with a NUL */
	ATTRIBUTE_BYTES,  /* exactly @size of them, otherwise it is ignored */
	ATTRIBUTE_NEST,	 /* its attributes are read by @table into the place at @offset */
	ATTRIBUTE_ARRAY, /* each one is an element, which is read by @table */
	ATTRIBUTE_OTHER, /* @read reads it into the structure */
};

struct attribute {
	int type; /* of the attribute; 0 ends a table */
	enum attribute_kind kind;
	size_t offset, size; /* of the member; of an array those of the first element */
	const struct attribute *table;
	size_t array; /* of an array: the offset of its struct bricktrace_array, and ... */
	uint32_t cap; /* ... for how many elements there is room */
	void (*read)(const struct nlattr *attribute, void *to);
};

/* The structures of host.h. */
extern const struct attribute attributes_status[], attributes_user[],
	attributes_session[], attributes_thread[], attributes_brick[];

/*
 * Reads the attributes in the @length bytes at @first. Those that the table does not have,
 * and those that have another size than they should, are ignored: the module may be newer.
 * The structure consists of zeros before.
 */
void attributes_read(const struct attribute *table, const struct nlattr *first,
		     int length, void *to);

/* Returns a number of 32 or 64 bits; 0 if the attribute has another size. */
uint64_t attributes_number(const struct nlattr *attribute);

#endif
