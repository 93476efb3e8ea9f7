#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Completion by bash: what it offers, and that it knows each option that --help describes.
bats_require_minimum_version 1.8.0

setup() {
	cd "$BATS_TEST_TMPDIR" || exit
	top=$BATS_TEST_DIRNAME/../..
	program=${BUILD:-$top/build/userspace}/bricktrace
	# The functions of bash-completion fail inside the conditions of bats.
	set +eET
	# shellcheck source=/dev/null
	. /usr/share/bash-completion/bash_completion
	# shellcheck source=dist/bash-completion/bricktrace
	. "$top/dist/bash-completion/bricktrace"
}

# Completes a line whose last word is the one at the cursor, and prints what is offered.
offers() { # LINE
	COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
	read -ra COMP_WORDS <<<"${1//:/ : }"
	[[ $1 != *[\ :] ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_bricktrace "${COMP_WORDS[0]}" "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
	((! ${#COMPREPLY[@]})) || printf '%s\n' "${COMPREPLY[@]}" | sort
}

check() { # LINE OFFER...
	local got wanted
	got=$(offers "$1")
	wanted=$(shift && printf '%s\n' "$@" | sort)
	[[ $got == "$wanted" ]] || { printf '%s: got\n%s\nwanted\n%s\n' "$1" "$got" "$wanted"; exit 1; }
}

# Makes a program that lists bricks and sessions.
lister() {
	cat >lister <<'END'
#!/bin/sh
echo "$*" >>asked
case "$*" in
"list bricks -j") cat <<'JSON' ;;
[{"brick":"decode step","session":3,"name":"decode step"},
{"brick": "4711:decode", "name": "decode"},{"name":"$(touch ran)"},{"name":"a\"b"},{"name":"`touch ran`;x"}]
JSON
"list sessions -j") echo '[{"id":17,"pid":4711},{"id":18,"pid":4712}]' ;;
esac
END
	chmod +x lister
}

@test "the options are those of --help" {
	for command in $("$program" --help | sed -nE 's/^  ([a-z]+) .*/\1/p'); do
		diff <("$program" "$command" --help | sed -nE \
			's/^  (   |(-.),) --([a-z-]+)( [A-Z]+.*| *.*)?$/\2\/--\3\4/p' |
			sed -E -e 's/^\///' -e 's/ [A-Z]+( .*|)$/=/' -e 's/[ [].*//' | sort) \
			<(tr -s '[:space:]' '\n' <<<"${_bricktrace_options[$command]}" | sed 's/=.*/=/' | sort) ||
			{ echo "the options of bricktrace $command are others"; exit 1; }
	done
}

@test "the settings are those of the netlink family" {
	sed -n '/name: config$/,/name: user$/p' "$top/docs/netlink/bricktrace.yaml" |
		sed -n 's/.*{name: \([a-z-]*\), type: u.*/\1/p' | tr - _ >wanted
	tr -s '[:space:]' '\n' <<<"$_bricktrace_settings" | diff wanted -
}

@test "commands" {
	check 'bricktrace re' record report reset
	check 'bricktrace st' status
	check 'bricktrace help mon' monitor
	check 'bricktrace --v' --version
	check 'bricktrace x' ''
}

@test "options and their arguments" {
	check 'bricktrace monitor --o' --over-budget
	check 'bricktrace attach --i' --interval --ioctl-names
	check 'bricktrace run -F j' json
	check 'bricktrace run -S a' avg-time
	check 'bricktrace attach -n -' ''
	check 'bricktrace list s' sessions
	check 'bricktrace set lin' linger_ms
	check 'bricktrace set linger_ms en' ''
	check 'bricktrace attach -d 1 -F t' table
}

@test "processes and threads" {
	check "bricktrace attach -p $$" "$(ps -eo pid= | tr -d ' ' | grep "^$$")"
	check "bricktrace attach --tid 1,$$" "$(ps -eLo tid= | tr -d ' ' | grep "^$$" | sed s/^/1,/)"
	check "bricktrace list --pid $$" "$(ps -eo pid= | tr -d ' ' | grep "^$$")"
}

@test "files" {
	mkdir directory && : >file-1 && : >file-2
	check 'bricktrace report fi' file-1 file-2
	check 'bricktrace report -j file-1 file' file-1 file-2
	check 'bricktrace record -o file-' file-1 file-2
	check 'bricktrace run --ioctl-names d' directory
}

@test "the command of run" {
	printf '#!/bin/sh\n' >our-command && chmod +x our-command && : >file-1
	check 'bricktrace run -b 5 ./our' ./our-command
	check 'bricktrace run -- ./our' ./our-command
	check 'bricktrace run ./our-command --json file' file-1
}

@test "bricks and sessions" {
	lister
	check './lister show dec' decode 'decode\ step'
	check './lister show 4711:d' decode
	check './lister reset 47' 4711:decode
	check './lister monitor --brick decode' decode 'decode\ step'
	check './lister detach 1' 17 18
	check './lister top --session 18' 18
	[[ $(sort -u asked) == "list bricks -j"$'\n'"list sessions -j" ]]
}

@test "names of other users are not executed" {
	lister
	# shellcheck disable=SC2016
	check './lister show ' '\$\(touch\ ran\)' '\`touch\ ran\`\;x' 4711:decode decode 'decode\ step'
	check './lister show a' ''
	[[ ! -e ran ]]
}

@test "a program that fails offers nothing and says nothing" {
	printf '#!/bin/sh\necho no >&2\nexit 1\n' >failing && chmod +x failing
	[[ ! $(offers './failing show d' 2>&1) ]]
}

@test "cgroups" {
	set -- /sys/fs/cgroup/*/
	[[ -d $1 ]] || skip "this host has no cgroups"
	check 'bricktrace attach --cgroup /' "${@#/sys/fs/cgroup}"
	check 'bricktrace attach --cgroup /sys/fs/cgroup/' "$@"
	check 'bricktrace attach --cgroup x' ''
}
