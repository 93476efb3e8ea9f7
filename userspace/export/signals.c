// SPDX-License-Identifier: MIT
/* The signals of the service. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/time.h>
#include <unistd.h>

#include "signals.h"

static volatile sig_atomic_t signals_end_count, signals_hangup;
/* The descriptor that ends, and one that is at its end. */
static volatile sig_atomic_t signals_cut = -1, signals_null = -1;
static sigset_t signals_open_mask, signals_kept_mask;

static void signals_note(int number)
{
	int err = errno;

	if (number == SIGHUP) {
		signals_hangup = 1;
	} else if (number != SIGALRM) {
		signals_end_count++;
		if (signals_cut >= 0)
			dup2(signals_null, signals_cut);
	}
	errno = err;
}

void signals_catch(void)
{
	static const int caught[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct sigaction action = { .sa_handler = signals_note }, old;
	size_t i;

	sigemptyset(&action.sa_mask);
	sigprocmask(SIG_SETMASK, NULL, &signals_open_mask);
	signals_kept_mask = signals_open_mask;
	for (i = 0; i < sizeof(caught) / sizeof(*caught); i++) {
		/* Signals that are ignored already, for instance by nohup, stay ignored. */
		if (sigaction(caught[i], NULL, &old) || old.sa_handler == SIG_IGN)
			continue;
		sigaction(caught[i], &action, NULL);
		sigaddset(&signals_kept_mask, caught[i]);
		sigdelset(&signals_open_mask, caught[i]);
	}
	signals_keep();
	signal(SIGPIPE, SIG_IGN);
}

const sigset_t *signals_open(void)
{
	return &signals_open_mask;
}

unsigned int signals_ends(void)
{
	return (unsigned int)signals_end_count;
}

bool signals_reload(void)
{
	if (!signals_hangup)
		return false;
	signals_hangup = 0;
	return true;
}

void signals_let(int fd, uint64_t interrupt_ns)
{
	const struct timeval each = { .tv_sec = (time_t)(interrupt_ns / 1000000000),
				      .tv_usec = (suseconds_t)(interrupt_ns / 1000 %
							       1000000) };
	const struct itimerval timer = { .it_interval = each, .it_value = each };
	const struct sigaction action = { .sa_handler = signals_note };

	if (signals_null < 0)
		signals_null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	signals_cut = fd;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	pthread_sigmask(SIG_SETMASK, &signals_open_mask, NULL);
}

void signals_keep(void)
{
	static const struct itimerval none;

	setitimer(ITIMER_REAL, &none, NULL);
	pthread_sigmask(SIG_SETMASK, &signals_kept_mask, NULL);
	signals_cut = -1;
}
