/*
 * What the table star_event (bench/starscan/run) allows at the most in one process: each query written out by hand, for its columns'
 * offsets and its keys' ranges, over pages that are known to be all-visible. No NULLs, no visibility, no other types: a yardstick, not a scan.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"

PG_MODULE_MAGIC;

/* user_id bigint, device int, region int, minute int, amount float8, ts timestamptz follow the header of 24 bytes. */
#define USER_ID(row) (*(const int64 *) ((row) + 24))
#define DEVICE(row) (*(const int32 *) ((row) + 32))
#define REGION(row) (*(const int32 *) ((row) + 36))
#define AMOUNT(row) (*(const float8 *) ((row) + 48))
#define TS(row) (*(const int64 *) ((row) + 56))

#define SLOTS (1 << 21)			/* at most half full: 50,000 devices, 1,000,000 users */

typedef struct
{
	int64		count;
	float8		sum;
	int32		key;
} Group;

static inline uint32
slot_of(uint64 key, int bits)
{
	return (uint32) (key * UINT64CONST(0x9E3779B97F4A7C15) >> (64 - bits));
}

PG_FUNCTION_INFO_V1(star_prototype);

/* The number of groups or of different users, or the value where there is one group. */
Datum
star_prototype(PG_FUNCTION_ARGS)
{
	Relation	table = relation_open(PG_GETARG_OID(0), AccessShareLock);
	char	   *query = text_to_cstring(PG_GETARG_TEXT_PP(1));
	BlockNumber blocks = RelationGetNumberOfBlocks(table);
	Group	   *groups = palloc0(sizeof(Group) * 131072);
	int64	   *users = NULL;	/* plus one, so that 0 is an empty slot */
	int64		count = 0;
	float8		sum = 0;
	int64		first = 820454400000000 / 60000000; /* 2026-01-01, in minutes since 2000 */
	enum
	{
		COUNT, SUM, REGIONS, DEVICES, MINUTES, DISTINCT
	}			what = strcmp(query, "count") == 0 ? COUNT : strcmp(query, "sum") == 0 ? SUM : strcmp(query, "regions") == 0 ? REGIONS :
		strcmp(query, "devices") == 0 ? DEVICES : strcmp(query, "minutes") == 0 ? MINUTES : DISTINCT;

	if (what == DISTINCT)
		users = palloc0(sizeof(int64) * SLOTS);
	for (BlockNumber block = 0; block < blocks; block++)
	{
		Buffer		buffer = ReadBuffer(table, block);
		Page		page;
		const char *rows[MaxHeapTuplesPerPage];
		int			n = 0;
		OffsetNumber last;

		CHECK_FOR_INTERRUPTS();
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		page = BufferGetPage(buffer);
		if (!PageIsAllVisible(page))
			elog(ERROR, "block %u is not all-visible", block);
		last = PageGetMaxOffsetNumber(page);
		for (OffsetNumber i = 1; i <= last; i++)
		{
			ItemId		item = PageGetItemId(page, i);

			if (ItemIdIsNormal(item))
				rows[n++] = (const char *) PageGetItem(page, item);
		}
		switch (what)
		{
			case COUNT:
				count += n;
				break;
			case SUM:
				for (int i = 0; i < n; i++)
					sum += AMOUNT(rows[i]);
				break;
			case REGIONS:
				for (int i = 0; i < n; i++)
				{
					groups[REGION(rows[i])].count++;
					groups[REGION(rows[i])].sum += AMOUNT(rows[i]);
				}
				break;
			case DEVICES:
				for (int i = 0; i < n; i++)
				{
					int32		key = DEVICE(rows[i]);
					uint32		at = slot_of((uint32) key, 17);

					while (groups[at].count != 0 && groups[at].key != key)
						at = (at + 1) % 131072;
					groups[at].key = key;
					groups[at].count++;
					groups[at].sum += AMOUNT(rows[i]);
				}
				break;
			case MINUTES:
				for (int i = 0; i < n; i++)
					groups[TS(rows[i]) / 60000000 - first].count++;
				break;
			case DISTINCT:
				for (int i = 0; i < n; i++)
				{
					int64		key = USER_ID(rows[i]) + 1;
					uint32		at = slot_of((uint64) key, 21);

					while (users[at] != 0 && users[at] != key)
						at = (at + 1) % SLOTS;
					count += users[at] == 0;
					users[at] = key;
				}
				break;
		}
		UnlockReleaseBuffer(buffer);
	}
	if (what > SUM && what < DISTINCT)
		for (int i = 0; i < 131072; i++)
			count += groups[i].count > 0;
	relation_close(table, AccessShareLock);
	PG_RETURN_FLOAT8(what == SUM ? sum : (float8) count);
}
