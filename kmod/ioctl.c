// SPDX-License-Identifier: GPL-2.0
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/jhash.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/syscall.h>
#include "compat.h"
#include "ioctl.h"
#include "reserve.h"

static bool ioctl_decode = true;
module_param_named(decode, ioctl_decode, bool, 0644);
MODULE_PARM_DESC(decode, "read the commands that ioctls of some drivers have in their arguments (Y)");

static struct bkt_reserve ioctl_reserve;
static u32 ioctl_seed;	/* of all hashes */

static_assert(BKT_IOCTLS < U8_MAX);

/*
 * The drivers whose requests have a command in their argument. The size of the argument,
 * which the request contains, changes between versions of a driver, so it is compared only
 * where it says which structure the argument is. The numbers are those of NVIDIA's
 * src/common/sdk/nvidia/inc/nvos.h: NVOS54_PARAMETERS, NVOS21_PARAMETERS and
 * NVOS64_PARAMETERS.
 */
static const struct ioctl_driver {
	char owner[BRICKTRACE_FILE_NAME_LEN];
	u8 type;
	u8 nr;
	u16 size;	/* 0: any */
	u16 command;	/* offset of the command, a u32 */
	u16 status;	/* offset of the driver's error, a u32; 0: none is known */
} ioctl_drivers[] = {
	{ "nvidia", 'F', 0x2a, .command = 8, .status = 28 },		/* RM CONTROL */
	{ "nvidia", 'F', 0x2b, .size = 32, .command = 12, .status = 28 },	/* RM ALLOC */
	{ "nvidia", 'F', 0x2b, .size = 48, .command = 12, .status = 40 },
	{ "nvidia", 'F', 0x2b, .size = 40, .command = 12, .status = 36 },	/* before 535 */
	{ "nvidia", 'F', 0x2b, .command = 12 },
};

int bkt_ioctl_init(void)
{
	ioctl_seed = get_random_u32();
	return bkt_reserve_init(&ioctl_reserve, "bricktrace_ioctls", sizeof(struct bkt_ioctls));
}

void bkt_ioctl_exit(void)
{
	bkt_reserve_exit(&ioctl_reserve);
}

static struct bkt_ioctls *ioctl_alloc(void)
{
	struct bkt_ioctls *t = bkt_reserve_take(&ioctl_reserve);

	if (t) {
		t->used = 0;
		memset(t->index, 0, sizeof(t->index));
	}
	return t;
}

void bkt_ioctl_release(struct bkt_ioctls *t)
{
	bkt_reserve_free(&ioctl_reserve, t);
}

/*
 * The seed prevents that a program chooses requests that all have the same hash, since
 * tables are searched under bkt_tasks_lock.
 */
void bkt_ioctl_hash(struct bkt_ioctl_id *id)
{
	id->hash = 0;
	id->hash = jhash2((const u32 *)id, sizeof(*id) / sizeof(u32), ioctl_seed);
}

void bkt_ioctl_unknown(struct bkt_ioctl_id *id, enum bricktrace_arch arch, u32 request)
{
	*id = (struct bkt_ioctl_id){ .command = BRICKTRACE_NONE, .request = request,
				     .arch = arch, .file = BRICKTRACE_FILE_UNKNOWN };
	bkt_ioctl_hash(id);
}

struct bkt_slot *bkt_ioctl_slot(struct bkt_ioctls **table, const struct bkt_ioctl_id *id)
{
	struct bkt_ioctls *t = *table;
	u32 i = id->hash;

	if (!t) {
		t = ioctl_alloc();
		if (!t)
			return NULL;
		/* Pairs with bkt_account_try_read(). */
		smp_store_release(table, t);
	}
	for (;; i++) {
		i &= BKT_IOCTL_INDEX - 1;
		if (!t->index[i])
			break;
		if (bkt_ioctl_same(&t->id[t->index[i] - 1], id))
			return &t->slot[t->index[i] - 1];
	}
	if (t->used == BKT_IOCTLS)
		return NULL;
	t->id[t->used] = *id;
	t->slot[t->used] = (struct bkt_slot){};
	t->index[i] = t->used + 1;
	/* Pairs with bkt_account_try_read(): it sees the id of each slot in use. */
	smp_store_release(&t->used, t->used + 1);
	return &t->slot[t->used - 1];
}

static void ioctl_describe(struct bkt_ioctl_id *id, const struct file *file)
{
	const struct inode *inode = file_inode(file);
	const char *name = "";

	if (inode->i_sb->s_magic == ANON_INODE_FS_MAGIC) {
		id->file = BRICKTRACE_FILE_ANON;
		/* The file holds its dentry, and nobody can rename it. */
		name = file->f_path.dentry->d_name.name;
	} else if (S_ISCHR(inode->i_mode)) {
		id->file = BRICKTRACE_FILE_CHAR;
		id->dev = inode->i_rdev;
		if (file->f_op->owner)
			name = module_name(file->f_op->owner);
	} else if (S_ISBLK(inode->i_mode)) {
		id->file = BRICKTRACE_FILE_BLOCK;
		id->dev = inode->i_rdev;
	} else if (S_ISSOCK(inode->i_mode)) {
		id->file = BRICKTRACE_FILE_SOCKET;
	} else if (S_ISFIFO(inode->i_mode)) {
		id->file = BRICKTRACE_FILE_PIPE;
	} else {
		id->file = S_ISDIR(inode->i_mode) ? BRICKTRACE_FILE_DIRECTORY :
						    BRICKTRACE_FILE_REGULAR;
		name = inode->i_sb->s_type->name;
	}
	strscpy(id->name, name, sizeof(id->name));
}

/* Returns the driver's row for an ioctl, or NULL. */
static const struct ioctl_driver *ioctl_driver(const struct bkt_ioctl_id *id)
{
	const struct ioctl_driver *d;

	if (id->file != BRICKTRACE_FILE_CHAR)
		return NULL;
	for (d = ioctl_drivers; d < ioctl_drivers + ARRAY_SIZE(ioctl_drivers); d++)
		if (d->nr == _IOC_NR(id->request) && d->type == _IOC_TYPE(id->request) &&
		    (!d->size || d->size == _IOC_SIZE(id->request)) &&
		    !memcmp(d->owner, id->name, sizeof(id->name)))
			return d;
	return NULL;
}

/*
 * Reads a word of the program's memory, without a page fault. Returns whether it could.
 * copy_from_user_nofault() does the same in twice as many instructions.
 */
static bool ioctl_peek(const void __user *from, u32 *to)
{
	bool done;

	pagefault_disable();
	done = !get_user(*to, (const u32 __user *)from);
	pagefault_enable();
	return done;
}

bool bkt_ioctl_enter(struct bkt_ioctl_id *id, const void __user **status,
		     enum bricktrace_arch arch)
{
	const struct ioctl_driver *d = NULL;
	/* All that is read of it is written first. */
	unsigned long args[6] BKT_UNINITIALIZED;
	u32 command;
	struct fd f;

	syscall_get_arguments(current, current_pt_regs(), args);
	f = fdget(args[0]);
	if (fd_file(f) && fd_file(f)->f_op->owner == THIS_MODULE) {
		fdput(f);
		return false;
	}
	*id = (struct bkt_ioctl_id){ .command = BRICKTRACE_NONE, .request = args[1],
				     .arch = arch, .file = BRICKTRACE_FILE_BAD };
	if (fd_file(f)) {
		ioctl_describe(id, fd_file(f));
		fdput(f);
		d = ioctl_driver(id);
	}
	if (d && bkt_ioctl_decodes() &&
	    ioctl_peek((void __user *)args[2] + d->command, &command)) {
		id->command = command;
		if (d->status)
			*status = (void __user *)args[2] + d->status;
	}
	bkt_ioctl_hash(id);
	return true;
}

bool bkt_ioctl_decodes(void)
{
	return READ_ONCE(ioctl_decode);
}

void bkt_ioctl_set_decodes(bool on)
{
	WRITE_ONCE(ioctl_decode, on);
}

bool bkt_ioctl_failed(const void __user *status)
{
	u32 error;

	return ioctl_peek(status, &error) && error;
}
