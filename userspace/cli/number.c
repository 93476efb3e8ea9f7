// SPDX-License-Identifier: MIT
/* Parsing whole numbers and numbers of bytes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

int parse_number(const char *what, const char *option, uint32_t least, uint32_t most,
		 uint32_t *n)
{
	size_t digits = strspn(optarg, "0123456789");
	unsigned long value = strtoul(optarg, NULL, 10);

	if (!digits || optarg[digits] || value < least || value > most) {
		complain("bad %s '%s': %s needs a whole number from %" PRIu32
			 " to %" PRIu32,
			 what, optarg, option, least, most);
		return EXIT_OWN;
	}
	*n = value;
	return -1;
}

int parse_size(const char *option, uint64_t least, uint64_t most, uint64_t *bytes)
{
	static const char units[] = "KMG";
	size_t digits = strspn(optarg, "0123456789");
	const char *unit = optarg[digits] ? strchr(units, optarg[digits]) : NULL;
	int shift = unit ? 10 * (int)(unit + 1 - units) : 0;
	/* With 12 digits, the product is less than 2^64 by far. */
	bool good = digits && digits <= 12 && !optarg[digits + (unit ? 1 : 0)];

	*bytes = strtoull(optarg, NULL, 10) << shift;
	if (good && *bytes >= least && *bytes <= most)
		return -1;
	complain("bad size '%s': %s needs a number of bytes, or a number with the unit K, M or G (1024, 1024^2 or 1024^3 bytes), from %" PRIu64
		 "K to %" PRIu64 "%s",
		 optarg, option, least >> 10, most >> (most >> 30 ? 30 : 20),
		 most >> 30 ? "G" : "M");
	return EXIT_OWN;
}
