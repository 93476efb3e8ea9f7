# SPDX-License-Identifier: MIT
"""
bricktrace export and receivers on this machine's loopback: a Collector, which writes what it gets to files, Jaeger, and a receiver that
does what a script says.
"""
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))

# What end-to-end leaves for the other tests: what programs logged, and the runs of them all.
OUT = f"{TOP}/build/vm-out/otlp"
RECORDING = f"{OUT}/recording"

# What a test starts ends with it, also when its time is up.
WITH_TEST = ["setpriv", "--pdeathsig", "KILL"]


def export(endpoint, source=RECORDING, stdin=subprocess.DEVNULL, **settings):
    """Starts bricktrace export, which replays a recording; settings are variables of its environment."""
    return subprocess.Popen([*WITH_TEST, f"{TOP}/build/userspace/bricktrace-export", "--from", source, "--endpoint", f"http://{endpoint}"],
                            env={**os.environ, **settings}, stdin=stdin, stderr=subprocess.PIPE, text=True)


SUMMARY = re.compile(r"(\d+) runs were read, of which (\d+) were not sampled; (\d+) spans were exported, (\d+) rejected, "
                     r"(\d+) dropped; (\d+) runs were lost")


def finish(program, seconds):
    """Ends export by SIGTERM if it goes on for so long. Returns what it said, and how many spans were exported, rejected and dropped."""
    try:
        text = program.communicate(timeout=seconds)[1]
    except subprocess.TimeoutExpired:
        program.send_signal(signal.SIGTERM)
        text = program.communicate(timeout=60)[1]
    counts = SUMMARY.search(text)
    return text, [int(n) for n in counts.group(3, 4, 5)] if counts else [None] * 3


def constant(reaction):
    """The setting that makes a receiver react to each request in this way."""
    return {"OTEL_EXPORTER_OTLP_HEADERS": "x-reaction=" + "".join(f"%{byte:02x}" for byte in json.dumps(reaction).encode())}


def built(name):
    """Returns the path of a peer, which is built if the cache does not have it."""
    return subprocess.run([f"{HERE}/go-build", name], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def free_ports(n):
    """
    Returns ports that nobody uses. They are below those that the kernel gives to clients, one of
    which might otherwise take a port before the peer does.
    """
    found = []
    while len(found) < n:
        port = random.randrange(10000, 32000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        if port not in found:
            found.append(port)
    return found


class Peer:
    """A program with servers on some ports. What it says goes to a file."""

    def __init__(self, name, directory, ports):
        self.program = built(name)
        self.directory = directory
        self.ports = ports
        self.process = None
        os.makedirs(directory, exist_ok=True)

    def start(self, config, env=None):
        """Starts the program, and waits until it answers on all ports."""
        with open(f"{self.directory}/log", "a") as log:
            self.process = subprocess.Popen([*WITH_TEST, self.program, "--config", config], cwd=self.directory,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **(env or {})})
        end = time.monotonic() + 60
        for port in self.ports:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if self.process.poll() is not None or time.monotonic() > end:
                        with open(f"{self.directory}/log") as log:
                            raise RuntimeError(f"{self.program} did not start: {log.read()[-2000:]}")
                    time.sleep(0.05)

    def stop(self, signum=signal.SIGTERM):
        """SIGTERM lets it answer and write everything that it received."""
        self.process.send_signal(signum)
        self.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Collector(Peer):
    """
    A Collector with receivers of these names, each with a port for gRPC and one for HTTP, and
    with files of its own, one for each time that the Collector was started.
    """

    def __init__(self, directory, *names, secured=None, certificates=None):
        """The receiver named by secured has TLS, and wants a client's certificate; both are in a directory of tests/otlp/certificates."""
        ports = free_ports(2 * len(names))
        super().__init__("collector", directory, ports)
        self.names = names
        self.secured = secured
        self.tls = {"cert_file": f"{certificates}/server.pem", "key_file": f"{certificates}/server.key", "client_ca_file": f"{certificates}/ca.pem"}
        self.grpc = {name: f"127.0.0.1:{ports[2 * i]}" for i, name in enumerate(names)}
        self.http = {name: f"127.0.0.1:{ports[2 * i + 1]}" for i, name in enumerate(names)}
        self.starts = 0

    def start(self):
        self.starts += 1
        config = {"receivers": {}, "exporters": {}, "service": {
            "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}}, "pipelines": {}}}
        for name in self.names:
            config["receivers"][f"otlp/{name}"] = {"protocols": {
                "grpc": {"endpoint": self.grpc[name], "max_recv_msg_size_mib": 64}, "http": {"endpoint": self.http[name]}}}
            if name == self.secured:
                for protocol in config["receivers"][f"otlp/{name}"]["protocols"].values():
                    protocol["tls"] = self.tls
            config["exporters"][f"file/{name}"] = {"path": f"{self.directory}/{name}.{self.starts}.json", "flush_interval": "50ms"}
            for kind in ("traces", "metrics"):
                config["service"]["pipelines"][f"{kind}/{name}"] = {"receivers": [f"otlp/{name}"], "exporters": [f"file/{name}"]}
        with open(f"{self.directory}/config.json", "w") as f:
            json.dump(config, f, indent=1)
        super().start(f"{self.directory}/config.json")

    def ports_of(self):
        """Returns the ports of each receiver, by protocol."""
        return {name: {"grpc": int(self.grpc[name].split(":")[1]), "http": int(self.http[name].split(":")[1])} for name in self.names}

    def lines(self, name):
        """Yields what the receiver of this name got, as JSON; a line that is still being written is left out."""
        for i in range(1, self.starts + 1):
            path = f"{self.directory}/{name}.{i}.json"
            if os.path.exists(path):
                with open(path) as f:
                    for line in f:
                        if line.endswith("\n"):
                            yield json.loads(line)


class Jaeger(Peer):
    """Jaeger, which keeps spans in its memory and answers questions about them."""

    def __init__(self, directory):
        super().__init__("jaeger", directory, free_ports(4))
        self.grpc, self.http, self.query, query_grpc = (f"127.0.0.1:{port}" for port in self.ports)
        self.config = {
            "service": {
                "extensions": ["jaeger_storage", "jaeger_query"],
                "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "warn"}},
                "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}}},
            "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": self.grpc}, "http": {"endpoint": self.http}}}},
            "exporters": {"jaeger_storage_exporter": {"trace_storage": "memory"}},
            "extensions": {
                "jaeger_storage": {"backends": {"memory": {"memory": {"max_traces": 100000}}}},
                # It would trace itself, and end late.
                "jaeger_query": {"enable_tracing": False, "storage": {"traces": "memory"},
                                 "http": {"endpoint": self.query}, "grpc": {"endpoint": query_grpc}}}}

    def start(self):
        with open(f"{self.directory}/config.json", "w") as f:
            json.dump(self.config, f, indent=1)
        super().start(f"{self.directory}/config.json")

    def ask(self, path):
        """Returns the answer to a question of its API."""
        with urllib.request.urlopen(f"http://{self.query}{path}", timeout=30) as answer:
            return json.load(answer)


class Receiver:
    """
    A receiver of tests/otlp/receiver.py, which reacts to its first requests as a script says, and accepts all later ones. With
    certificates, in its directory, it has ports with TLS, too.
    """

    def __init__(self, script=(), certificates=False, options=()):
        self.directory = tempfile.mkdtemp(prefix="bt-receiver-")
        with open(f"{self.directory}/script", "w") as f:
            json.dump(script, f)
        if certificates:
            subprocess.run([f"{HERE}/certificates", self.directory], check=True)
            options = [*options, "--certificates", self.directory]
        packages = subprocess.run([f"{HERE}/python"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        self.process = subprocess.Popen([*WITH_TEST, f"{HERE}/receiver.py", "--script", f"{self.directory}/script", *options, self.directory],
                                        env={**os.environ, "PYTHONPATH": packages, "GRPC_VERBOSITY": "NONE"})
        end = time.monotonic() + 60
        while not os.path.exists(f"{self.directory}/ports"):
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit("the receiver does not start")
            time.sleep(0.05)
        with open(f"{self.directory}/ports") as f:
            self.ports = json.load(f)

    def requests(self):
        with open(f"{self.directory}/log") as f:
            return [json.loads(line) for line in f]

    def forget(self):
        os.truncate(f"{self.directory}/log", 0)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.directory)
