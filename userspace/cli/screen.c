// SPDX-License-Identifier: MIT
/* The terminal of bricktrace top. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include <ncurses.h>

#include "../lib/utf8.h"
#include "top.h"

/* The keys that a terminal sends with Control, or that have two codes. */
#define KEY_CONTROL(letter) ((letter)&0x1f)
#define KEY_ESCAPE	    0x1b

static const char screen_help[] =
	"Keys\n"
	"  b, t          bricks, threads\n"
	"  up, down, page up, page down, home, end\n"
	"                scroll\n"
	"  > or s, <     sort by the next or previous column\n"
	"  r             reverse the order\n"
	"  /             show only rows with a text: a part of the name of the\n"
	"                program or brick, or the number of a process or thread\n"
	"  d             change the time between updates\n"
	"  space         pause, and go on\n"
	"  h             this help\n"
	"  q             quit\n"
	"Any key ends this help.\n";

bool screen_begin(struct screen *s)
{
	const char *never = getenv("NO_COLOR");
	sigset_t resized;

	s->terminal = newterm(NULL, stdout, stdin);
	if (!s->terminal)
		return false;
	/* What is said while the screen is shown would be drawn over, and be lost. */
	s->errors = stderr;
	stderr = open_memstream(&s->said, &s->size) ?: s->errors;
	/* https://no-color.org takes an empty variable as one that is not set. */
	s->plain = never && *never;
	/* Another size that was noticed before the program waits would be shown late. */
	sigemptyset(&resized);
	sigaddset(&resized, SIGWINCH);
	sigprocmask(SIG_BLOCK, &resized, NULL);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, true);
	nodelay(stdscr, true);
	set_escdelay(25);
	curs_set(0);
	return true;
}

void screen_end(struct screen *s)
{
	if (!s->terminal)
		return;
	endwin();
	delscreen(s->terminal);
	s->terminal = NULL;
	if (stderr != s->errors)
		fclose(stderr);
	stderr = s->errors;
	fputs(s->said ?: "", stderr);
	free(s->said);
}

/* The number of rows that there is room for below the headings. */
static size_t screen_rows(void)
{
	return MAX(LINES - LISTING_HEAD - 1, 1);
}

static void screen_scroll(struct screen *s, const struct top *top)
{
	size_t rows = screen_rows();

	s->first = MIN(s->first, top->n > rows ? top->n - rows : 0);
}

static const char *screen_question(const struct screen *s)
{
	return s->asks == '/' ? "show only rows with: " : "time between updates: ";
}

/* Draws the lines of @text, which have no more columns than the terminal. */
static void screen_draw_lines(char *text)
{
	char *line, *end;
	int y;

	for (y = 0, line = text; (end = strchr(line, '\n')); line = end + 1, y++) {
		*end = 0;
		mvaddstr(y, 0, line);
	}
}

void screen_draw(struct screen *s, const struct top *top)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	screen_scroll(s, top);
	if (s->help) {
		fputs(screen_help, out);
	} else {
		listing_print_head(out, top, COLS);
		listing_print(out, top, COLS, s->first, screen_rows());
	}
	fclose(out);
	erase();
	screen_draw_lines(text);
	free(text);
	if (!s->help && !s->plain)
		mvchgat(LISTING_HEAD, 0, -1, A_REVERSE, 0, NULL);
	if (s->asks) {
		move(0, 0);
		clrtoeol();
		addstr(screen_question(s));
		addstr(s->input);
	}
	curs_set(s->asks ? 1 : 0);
	refresh();
}

/* Takes what was typed. Returns false if it is wrong. */
static bool screen_answer(struct screen *s, struct top *top)
{
	if (s->asks == 'd')
		return !top_set_delay(top, s->input);
	strcpy(top->text, s->input);
	top_choose(top);
	return true;
}

static void screen_type(struct screen *s, struct top *top, int key)
{
	size_t n = strlen(s->input);

	if (key == '\r' || key == '\n' || key == KEY_ENTER) {
		if (screen_answer(s, top))
			s->asks = 0;
		else
			beep();
	} else if (key == KEY_ESCAPE) {
		s->asks = 0;
	} else if (key == KEY_BACKSPACE || key == '\b' || key == 0x7f) {
		/* A character of UTF-8 begins with a byte that is not like 10xxxxxx. */
		while (n && (s->input[--n] & 0xc0) == 0x80)
			;
		s->input[n] = 0;
	} else if (key == KEY_CONTROL('u')) {
		*s->input = 0;
	} else if (key >= ' ' && key < 0x100 && n < sizeof(s->input) - 1) {
		s->input[n] = (char)key;
		s->input[n + 1] = 0;
	}
}

static void screen_ask(struct screen *s, const struct top *top, int key)
{
	s->asks = key;
	strcpy(s->input, key == '/' ? top->text : "");
}

static void screen_sort(struct top *top, int step)
{
	size_t n = columns_count(top->view), at = top->by - columns_of[top->view];

	top->by = &columns_of[top->view][(at + n + step) % n];
	top_choose(top);
}

static void screen_move(struct screen *s, int key)
{
	size_t page = screen_rows();

	switch (key) {
	case KEY_UP:
		s->first -= s->first > 0;
		break;
	case KEY_DOWN:
		s->first++;
		break;
	case KEY_PPAGE:
		s->first -= MIN(s->first, page);
		break;
	case KEY_NPAGE:
		s->first += page;
		break;
	case KEY_HOME:
		s->first = 0;
		break;
	case KEY_END:
		s->first = SIZE_MAX;
		break;
	}
}

static void screen_press(struct screen *s, struct top *top, int key)
{
	switch (key) {
	case 'q':
		top->ended = true;
		break;
	case 'b':
	case 't':
		s->first = 0;
		top_switch(top, key == 'b' ? RATES_BRICKS : RATES_THREADS);
		break;
	case 's':
	case '>':
		screen_sort(top, 1);
		break;
	case '<':
		screen_sort(top, -1);
		break;
	case 'r':
		top->reverse = !top->reverse;
		top_choose(top);
		break;
	case '/':
	case 'd':
		screen_ask(s, top, key);
		break;
	case ' ':
		top->paused = !top->paused;
		break;
	case 'h':
	case '?':
		s->help = true;
		break;
	default:
		screen_move(s, key);
		break;
	}
}

void screen_take_keys(struct screen *s, struct top *top)
{
	int key;

	while ((key = getch()) != ERR) {
		if (key == KEY_RESIZE)
			continue;
		if (key == KEY_CONTROL('l'))
			clearok(stdscr, true);
		else if (s->asks)
			screen_type(s, top, key);
		else if (s->help)
			s->help = false;
		else
			screen_press(s, top, key);
		/* Rows that do not exist cannot be scrolled to. */
		screen_scroll(s, top);
	}
}
