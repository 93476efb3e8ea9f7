// SPDX-License-Identifier: MIT
/*
 * Fuzzes the parser of records: the input is a recording. Whatever its bytes are, the
 * library refuses it with a text, or makes records of which everything can be read.
 */
#include <stdlib.h>

#include "../unit/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

uint64_t fuzz_sum; /* keeps the compiler from leaving out what nobody uses */

static void fuzz_expect(bool good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct bt_recording *recording;
	struct bt_record *record;
	uint64_t last, sequence = 0;
	int err, again;

	memory_set(bytes, size);
	/* The last byte, which has no other meaning, says how large the pieces are. */
	if (size && bytes[size - 1])
		memory.chunk = 64 * bytes[size - 1];
	if (bti_recording_open(&memory_ops, -1, &recording)) {
		fuzz_expect(!recording && *bt_error_text());
		return 0;
	}
	while (!(err = bt_recording_read(recording, &record)) && record) {
		/* A loss may come late, but no run comes twice. */
		fuzz_expect(record->sequence > (record->result ? sequence : 0));
		last = record->sequence + (record->lost ? record->lost - 1 : 0);
		if (last > sequence)
			sequence = last;
		fuzz_expect(!record->result == (record->type == BT_RECORD_LOSS));
		fuzz_expect(!memcmp(bti_record_bytes(record), &record->size,
				    sizeof(record->size)));
		fuzz_sum += touch_record(record);
		bt_record_free(record);
	}
	again = bt_recording_read(recording, &record);
	fuzz_expect(again == err && !record && (!err || *bt_error_text()));
	bt_recording_free(recording);
	return 0;
}
