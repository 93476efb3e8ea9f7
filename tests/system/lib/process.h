/* SPDX-License-Identifier: MIT */
/* Child processes, the state of threads, and words in memory that threads wait for. */
#ifndef TEST_PROCESS_H
#define TEST_PROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>
#include "clock.h"

/* A child that runs @body and then ends with _exit(0). */
pid_t child_of(void (*body)(void));
/* The status of a child that has ended. */
int wait_for(pid_t pid);

/*
 * Threads that sleep in futex() for ever. Each adds 1 to @count, if there is one, before it
 * falls asleep.
 */
void create_sleepers(int threads, atomic_int *count);
/* Creates a process of @threads such threads, which ends with its creator. */
pid_t create_sleeping_process(int threads);

/* A page that this process shares with its children. */
void *shared_page(void);
/* Waits until the word has the value, for a minute at most. */
void wait_value(atomic_int *word, int value);

/* The letter of /proc/PID/task/TID/stat: R, S, t, T, Z, X; 0 if the thread is gone. */
char state_of(pid_t pid, pid_t tid);
/* Waits until the thread is in one of these states and off its CPU. */
void wait_state(pid_t pid, pid_t tid, const char *states);

/* Takes all ids and rights of a user, and stays dumpable. */
void become_uid(uid_t uid);
/* Takes these ids, and these capabilities and no others, unless the user is root. */
void become_caps(uid_t uid, gid_t gid, u64 caps);
/* Lets users create user namespaces, where Debian's kernels have a switch for that. */
void allow_user_namespaces(void);

/* Passes an open file to the process at the other end of a socket of packets. */
void file_send(int socket, int fd);
int file_receive(int socket);

/* Binds the calling thread to a CPU. */
void stay_on(int cpu);

#endif /* TEST_PROCESS_H */
