#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The transport of libbricktrace-otlp against a receiver that does what it is told.
bats_require_minimum_version 1.8.0
method=opentelemetry.proto.collector.trace.v1.TraceService/Export

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || exit
	local d=$BATS_FILE_TMPDIR
	make -s -C tests/otlp >&2
	tests/otlp/certificates "$d"
	# bats waits until nobody has the descriptor 3.
	PYTHONPATH=$(tests/otlp/python) tests/otlp/receiver.py --certificates "$d" "$d" >&2 3>&- &
	echo $! >"$d/pid"
	for _ in {1..100}; do
		[[ ! -e $d/ports ]] || return 0
		sleep 0.1
	done
	echo "the receiver does not start" >&2
	return 1
}

teardown_file() {
	kill "$(<"$BATS_FILE_TMPDIR/pid")"
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || exit
	d=$BATS_FILE_TMPDIR
	: >"$d/log"
}

url() { # PORT
	local scheme=http path=v1/traces
	case $1 in
	https | grpcs | *mutual) scheme=https ;;
	esac
	[[ $1 != grpc* ]] || path=$method
	sed -E "s|.*\"$1\": ([0-9]+).*|$scheme://localhost:\1/$path|" "$d/ports"
}

# Sends to a port, of which the name says the protocol, and shows what became of it.
send() { # PORT OPTION...
	local protocol=()
	[[ $1 != grpc* ]] || protocol=(-g)
	run timeout 20 build/otlp/send "${protocol[@]}" "${@:2}" "$(url "$1")"
	echo "$output"
}

answer() { # PORT REACTION [OPTION]...
	send "$1" "${@:3}" -h "x-reaction: $2"
}

# Whether the output is so many lines that begin and end like this; without END, nothing was wrong.
is() { # BEGINNING END [LINES]
	((${#lines[@]} == ${3:-1})) || return 1
	for line in "${lines[@]}"; do
		[[ $line == "$1 "*"${2:- }" ]] || return 1
	done
}

log() { # PYTHON: an expression of the list "log"
	python3 -c "import json; log = [json.loads(line) for line in open('$d/log')]; print($1)"
}

@test "HTTP: the receiver gets each span once, by one connection" {
	send http -n 3 -s 200
	is ACCEPTED '' 3
	[[ $(log '[len(r["spans"]) for r in log]') == '[200, 200, 200]' ]]
	[[ $(log 'len({s["span_id"] for s in log[0]["spans"]})') == 200 ]]
	[[ $(log 'log[0]["headers"]["user-agent"]') =~ ^OTel-OTLP-Exporter-bricktrace/[0-9.]+$ ]]
	[[ $(log 'log[0]["headers"]["content-type"]') == application/x-protobuf ]]
	[[ $(log '"expect" in log[0]["headers"]') == False ]]
	[[ $(log 'len({r["peer"] for r in log})') == 1 ]]
}

@test "HTTP: gzip, and headers of the user" {
	send http -z -s 200 -h 'X-Tenant: a b'
	is ACCEPTED ''
	[[ $(log 'len(log[0]["spans"])') == 200 ]]
	[[ $(log 'log[0]["headers"]["content-encoding"]') == gzip ]]
	[[ $(log 'log[0]["headers"]["x-tenant"]') == 'a b' ]]
	(($(log 'log[0]["headers"]["content-length"]') < 20000))
	[[ $output == *" sent=$(log 'log[0]["headers"]["content-length"]') "* ]]
}

@test "gRPC without TLS: the receiver gets each span once" {
	send grpc -n 3 -s 200 -t 5000 -h 'X-Tenant: a'
	is ACCEPTED '' 3
	[[ $(log '[len(r["spans"]) for r in log]') == '[200, 200, 200]' ]]
	[[ $(log 'log[0]["headers"]["user-agent"]') == OTel-OTLP-Exporter-bricktrace/* ]]
	[[ $(log 'log[0]["headers"]["x-tenant"]') == a ]]
	(($(log 'log[0]["left_ms"]') > 3000 && $(log 'log[0]["left_ms"]') <= 5000))
}

@test "gRPC without TLS: 200 requests in a row" {
	send grpc -n 200
	is ACCEPTED '' 200
	[[ $(log 'len(log)') == 200 ]]
}

@test "gRPC: gzip" {
	send grpc -z -s 200
	is ACCEPTED ''
	[[ $(log 'len(log[0]["spans"])') == 200 ]]
	[[ $output =~ sent=([0-9]+) ]]
	((BASH_REMATCH[1] < 20000))
}

@test "HTTP and gRPC over TLS, by one connection each" {
	for port in https grpcs; do
		: >"$d/log"
		send $port -a "$d/ca.pem" -n 20 -s 50
		is ACCEPTED '' 20
		[[ $(log 'len(log)') == 20 ]]
		[[ $(log 'len({r["peer"] for r in log})') == 1 ]]
	done
}

@test "a receiver whose authority is not known: wait until it is" {
	for port in https grpcs; do
		for options in "" "-a $d/other.pem"; do
			# shellcheck disable=SC2086
			send $port $options
			is RETRY 'certificate. Check OTEL_EXPORTER_OTLP_CERTIFICATE.'
		done
	done
	[[ $(log 'len(log)') == 0 ]]
}

@test "a receiver that wants the client's certificate" {
	for port in mutual grpc-mutual; do
		: >"$d/log"
		send $port -a "$d/ca.pem" -c "$d/client.pem" -k "$d/client.key"
		is ACCEPTED ''
		[[ $(log 'len(log)') == 1 ]]
		send $port -a "$d/ca.pem"
		[[ $output == RETRY*'gives no'* ]]
		# Nobody is asked for the password of a key.
		send $port -a "$d/ca.pem" -c "$d/client.pem" -k "$d/secret.key" <<<secret
		is RETRY 'Check OTEL_EXPORTER_OTLP_CLIENT_KEY.'
		[[ $(log 'len(log)') == 1 ]]
	done
}

@test "files that cannot be read" {
	for option in a c k; do
		send https -$option "$d/nothing"
		[[ $status == 1 && $output == "EINVAL cannot read the "*"$d/nothing: No such file"* ]]
	done
}

@test "each status of HTTP has its outcome" {
	while read -r code outcome advice; do
		answer http "{\"status\": $code, \"body\": \"6f\"}"
		is "$outcome" "answers with HTTP status $code$advice"
	done <<-'END'
		300 REFUSED , to go to. Check OTEL_EXPORTER_OTLP_ENDPOINT.
		400 BAD_DATA
		401 REFUSED . Check OTEL_EXPORTER_OTLP_HEADERS.
		403 REFUSED . Check OTEL_EXPORTER_OTLP_HEADERS.
		404 REFUSED . Check OTEL_EXPORTER_OTLP_ENDPOINT.
		408 REFUSED
		413 BAD_DATA . Lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE.
		422 BAD_DATA
		429 RETRY
		500 REFUSED
		502 RETRY
		503 RETRY
		504 RETRY
		505 REFUSED
	END
	for code in 200 202; do
		answer http "{\"status\": $code}"
		is ACCEPTED ''
	done
}

@test "a redirect is not followed, and said where to" {
	answer http '{"status": 307, "headers": {"location": "http://localhost:1/\u00a0\u0085"}}'
	[[ $output == *"307, to go to: http://localhost:1/"*"Check OTEL_EXPORTER_OTLP_ENDPOINT." ]]
	[[ ! $output =~ [[:cntrl:]] ]]
	[[ $(log 'len(log)') == 1 ]]
}

@test "HTTP: how long the receiver wants to be left alone" {
	date=$(LC_ALL=C date -u -d '+100 seconds' '+%a, %d %b %Y %H:%M:%S GMT')
	while IFS='|' read -r after least most; do
		answer http "{\"status\": 503, \"headers\": {\"retry-after\": \"$after\"}}"
		is RETRY 'status 503'
		[[ $output =~ wait_ms=([0-9]+) ]]
		((BASH_REMATCH[1] >= least && BASH_REMATCH[1] <= most))
	done <<-END
		0|0|0
		7|7000|7000
		-5|0|0
		abc|0|0
		Thu, 01 Jan 1970 00:00:10 GMT|0|0
		$date|90000|100000
		100000|86400000|86400000
	END
	answer http '{"status": 500, "headers": {"retry-after": "7"}}'
	[[ $output == REFUSED*' wait_ms=0 '* ]]
}

@test "HTTP: the receiver's own words" {
	# A google.rpc.Status with the code 3, and the text that a proxy has written.
	answer http '{"status": 400, "body": "0803120474657874"}'
	is BAD_DATA 'answers with HTTP status 400: text'
	answer http '{"status": 502, "headers": {"content-type": "text/plain"}, "body": "610a621b5b316d"}'
	is RETRY 'answers with HTTP status 502: a b�[1m'
}

@test "each status of gRPC has its outcome" {
	while read -r code outcome advice; do
		answer grpc "{\"code\": \"$code\", \"text\": \"own words é\"}"
		is "$outcome" "answers with gRPC status $code: own words é$advice"
	done <<-'END'
		CANCELLED RETRY
		UNKNOWN REFUSED
		INVALID_ARGUMENT BAD_DATA
		DEADLINE_EXCEEDED RETRY
		NOT_FOUND REFUSED . Check OTEL_EXPORTER_OTLP_ENDPOINT.
		ALREADY_EXISTS REFUSED
		PERMISSION_DENIED REFUSED . Check OTEL_EXPORTER_OTLP_HEADERS.
		RESOURCE_EXHAUSTED BAD_DATA . Lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE.
		FAILED_PRECONDITION REFUSED
		ABORTED RETRY
		OUT_OF_RANGE RETRY
		UNIMPLEMENTED REFUSED . Check OTEL_EXPORTER_OTLP_ENDPOINT.
		INTERNAL REFUSED
		UNAVAILABLE RETRY
		DATA_LOSS RETRY
		UNAUTHENTICATED REFUSED . Check OTEL_EXPORTER_OTLP_HEADERS.
	END
}

@test "gRPC: how long the receiver wants to be left alone" {
	answer grpc '{"code": "UNAVAILABLE", "retry": 1.5}'
	[[ $output == RETRY*' wait_ms=1500 '* ]]
	answer grpc '{"code": "RESOURCE_EXHAUSTED", "retry": 2}'
	[[ $output == RETRY*' wait_ms=2000 '* ]]
	answer grpc '{"code": "RESOURCE_EXHAUSTED", "retry": 0}'
	[[ $output == RETRY*' wait_ms=0 '* ]]
	answer grpc '{"code": "UNAVAILABLE", "retry": 1e8}'
	[[ $output == RETRY*' wait_ms=86400000 '* ]]
	answer grpc '{"code": "INTERNAL", "retry": 2}'
	[[ $output == REFUSED*' wait_ms=0 '* ]]
	answer grpc '{"code": "RESOURCE_EXHAUSTED", "details": "ffff"}'
	[[ $output == BAD_DATA*' wait_ms=0 '* ]]
}

@test "gRPC over HTTP that is no gRPC" {
	local url
	url=$(url https)
	for reaction in '{"status": 200}|REFUSED|answers without a gRPC status. Check OTEL_EXPORTER_OTLP_PROTOCOL.' \
		'{"status": 503}|RETRY|answers with HTTP status 503' \
		'{"status": 400}|REFUSED|answers with HTTP status 400' \
		'{"status": 413}|REFUSED|answers with HTTP status 413. Lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE.'; do
		IFS='|' read -r reaction outcome text <<<"$reaction"
		run timeout 20 build/otlp/send -g -a "$d/ca.pem" -h "x-reaction: $reaction" \
			"${url%/v1/traces}/$method"
		echo "$output"
		is "$outcome" "$text"
	done
	# Each side may also just end the connection, which says nothing about the protocol.
	run timeout 20 build/otlp/send -g "$(url http)"
	[[ $output == 'RETRY '*' gives no answer: '* ]]
	url=$(url grpc)
	run timeout 20 build/otlp/send "${url%"$method"}v1/traces"
	[[ $output == 'RETRY '*' gives no answer: '* ]]
}

@test "partial success: what was rejected is counted and not sent again" {
	for port in http grpc; do
		answer $port '{"rejected": 3, "text": "no \u001b[1mroom"}' -s 5
		is ACCEPTED "rejects 3 of the request's items: no �[1mroom"
		[[ $output == *' rejected=3 '* ]]
		answer $port '{"rejected": 0, "text": "slow down"}'
		is ACCEPTED 'warns: slow down'
		[[ $output == *' rejected=0 '* ]]
		answer $port '{"rejected": -1}'
		is ACCEPTED ''
		[[ $output == *' rejected=0 '* ]]
	done
}

@test "an answer that is no message, or too large" {
	answer http '{"body": "ff"}'
	is ACCEPTED 'accepts the request, but its answer cannot be read'
	answer http '{"huge": 5000000}'
	is ACCEPTED 'accepts the request, but its answer cannot be read: it is too large'
	answer grpc '{"huge": 5000000}'
	is REFUSED 'answers with too many bytes. Check OTEL_EXPORTER_OTLP_PROTOCOL.'
	answer http '{"huge": 4000000}'
	[[ $output == ACCEPTED*' warns: xxx'* ]]
}

@test "a receiver that is slow, or too slow" {
	for port in http grpc; do
		answer $port '{"delay": 0.5}'
		is ACCEPTED ''
		answer $port '{"delay": 3}' -t 300
		[[ $output == RETRY*'Operation timed out after 3'* || $output == RETRY*DEADLINE_EXCEEDED* ]]
		[[ $output =~ ms=([0-9]+)\ http ]]
		((BASH_REMATCH[1] >= 290 && BASH_REMATCH[1] < 2000))
	done
	answer http '{"rate": 400000}' -s 500
	is ACCEPTED ''
	[[ $(log 'len(log[-1]["spans"])') == 500 ]]
}

@test "connections that are reset, silent or closed" {
	for port in reset garbage; do
		send $port
		[[ $output == RETRY*' gives no '* ]]
		run timeout 20 build/otlp/send -g "$(url $port)"
		[[ $output == RETRY*' gives no '* ]]
	done
	send silent -t 300
	[[ $output == RETRY*'timed out'* ]]
	answer http '{"reset": true}'
	[[ $output == RETRY*'gives no answer: '* ]]
	# The next request notices that the connection is closed, and needs no other attempt.
	answer http '{"close": true}' -n 3
	is ACCEPTED '' 3
	[[ $(log '[r["peer"] for r in log].count(log[-1]["peer"])') == 1 ]]
	run timeout 20 build/otlp/send http://localhost:1/v1/traces
	is RETRY "Couldn't connect to server. Is the receiver running?"
	run timeout 20 build/otlp/send http://nothing.invalid/v1/traces
	is RETRY 'Could not resolve host: nothing.invalid'
}

@test "a request that is cancelled ends at once" {
	for port in http grpc; do
		answer $port '{"delay": 3}' -x 300
		[[ $output =~ ^CANCELLED.*\ ms=([0-9]+) ]]
		((BASH_REMATCH[1] >= 290 && BASH_REMATCH[1] < 600))
	done
}

@test "the URL is shown without what may be secret" {
	for port in http grpc; do
		url=$(url $port)
		answer $port '{"code": "INTERNAL", "status": 500}'
		[[ $output == *" ${url%"$method"} answers with "* ]]
	done
	url=$(url http)
	run timeout 20 build/otlp/send "${url/localhost/user:secret@localhost}?key=secret#secret"
	[[ $output == "REFUSED "*" $url answers with HTTP status 404."* && $output != *secret* ]]
}
