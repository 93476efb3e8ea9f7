#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""receiver.py [OPTION]... DIRECTORY: a receiver of OTLP that does what a script says.

It listens on ports of its own choice and writes them to DIRECTORY/ports, a JSON object, when it is
ready: "http" and "grpc"; with --certificates also "https" and "grpcs", and "mutual" and
"grpc-mutual", which want a certificate of the client; and ports with faults of TCP: "reset" resets a
connection when something arrives, "silent" never answers, and "garbage" answers with what is neither
HTTP nor gRPC.

Each request becomes a JSON line in DIRECTORY/log: "port" (such as "grpc"), "peer" (the client's
address), "path", "headers", "bytes" (of the message, decompressed), "spans" (objects with "trace_id",
"span_id", "name"), "metrics" (names), "reaction", with gRPC "left_ms" (of the timeout) and, with
--full, the whole "message".

A reaction is a JSON object with these members, each of which may be left out:
    delay           seconds before the answer
    status          the status of HTTP; 200 by default
    headers         an object with further headers of the HTTP answer
    body            the body of the HTTP answer, in hexadecimal digits
    huge            answer with so many bytes
    rate            read the body of an HTTP request with so many bytes a second
    reset           true: reset the HTTP connection instead of an answer
    close           true: close the HTTP connection after the answer, without telling before
    code            the name of the status of gRPC; OK by default
    text            the message of that status, or of a partial success
    rejected        how many spans or data points a partial success rejects
    retry           seconds of a RetryInfo in the details of a status of gRPC
    details         the details of a status of gRPC, in hexadecimal digits

The reaction to a request is what its header x-reaction says, else the next one of the JSON array in
the file of the option --script, else {}: the request is accepted.
"""
import argparse
import concurrent.futures
import gzip
import http.server
import json
import os
import socket
import ssl
import struct
import threading
import time

import grpc
from google.protobuf import any_pb2, duration_pb2, json_format
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

TRACES = (trace_service_pb2.ExportTraceServiceRequest, trace_service_pb2.ExportTraceServiceResponse,
          "rejected_spans")
METRICS = (metrics_service_pb2.ExportMetricsServiceRequest,
           metrics_service_pb2.ExportMetricsServiceResponse, "rejected_data_points")
SERVICES = {
    "/v1/traces": TRACES,
    "/v1/metrics": METRICS,
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": TRACES,
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": METRICS,
}


class Receiver:
    def __init__(self, directory, script, full):
        self.log = open(os.path.join(directory, "log"), "a", encoding="utf-8")
        self.script = script
        self.full = full
        self.lock = threading.Lock()

    def react(self, headers):
        """Return the reaction to a request with these headers."""
        if "x-reaction" in headers:
            return json.loads(headers["x-reaction"])
        with self.lock:
            return self.script.pop(0) if self.script else {}

    def write(self, message, reaction, **line):
        line |= {"bytes": message.ByteSize(), "reaction": reaction, "spans": [], "metrics": []}
        for resource in getattr(message, "resource_spans", ()):
            line["spans"] += [{"trace_id": span.trace_id.hex(), "span_id": span.span_id.hex(),
                               "name": span.name}
                              for scope in resource.scope_spans for span in scope.spans]
        for resource in getattr(message, "resource_metrics", ()):
            line["metrics"] += [m.name for scope in resource.scope_metrics for m in scope.metrics]
        if self.full:
            line["message"] = json_format.MessageToDict(message)
        with self.lock:
            print(json.dumps(line), file=self.log, flush=True)


def answer_of(service, reaction):
    """Return the message that a reaction answers with."""
    answer = service[1]()
    # A Collector always sends an empty partial success.
    answer.partial_success.SetInParent()
    if "rejected" in reaction:
        setattr(answer.partial_success, service[2], reaction["rejected"])
    answer.partial_success.error_message = reaction.get("text", "")
    if "huge" in reaction:
        answer.partial_success.error_message = "x" * reaction["huge"]
    return answer


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else the body waits until the client has acknowledged the headers.
    disable_nagle_algorithm = True
    port = receiver = None

    def log_message(self, *arguments):
        pass

    def read_body(self, rate):
        size = int(self.headers["content-length"])
        piece = max(rate // 10, 1) if rate else size
        body = b""
        while len(body) < size:
            got = self.rfile.read(min(piece, size - len(body)))
            if not got:
                raise ConnectionError
            body += got
            if rate:
                time.sleep(0.1)
        return body

    def do_POST(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        reaction = self.receiver.react(headers)
        try:
            body = self.read_body(reaction.get("rate", 0))
        except ConnectionError:
            self.close_connection = True
            return
        service = SERVICES.get(self.path)
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if "application/grpc" in headers.get("content-type", ""):
            body = body[5:]
        message = (service or TRACES)[0].FromString(body)
        self.receiver.write(message, reaction, port=self.port, path=self.path, headers=headers,
                            peer="%s:%d" % self.client_address)
        time.sleep(reaction.get("delay", 0))
        if reaction.get("reset"):
            reset(self.connection)
            self.close_connection = True
            return
        self.answer(service, reaction)
        self.close_connection |= bool(reaction.get("close"))

    def answer(self, service, reaction):
        body = bytes.fromhex(reaction["body"]) if "body" in reaction else b""
        if service and "body" not in reaction:
            body = answer_of(service, reaction).SerializeToString()
        self.send_response(reaction.get("status", 200) if service else 404)
        headers = {"content-type": "application/x-protobuf", "content-length": str(len(body))}
        for name, value in (headers | reaction.get("headers", {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def reset(connection):
    """Close a connection with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass


def serve_http(receiver, port, context=None):
    server = Server(("127.0.0.1", 0), type("Handler", (Handler,), {"port": port, "receiver": receiver}))
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def details_of(reaction, code):
    """Return a packed google.rpc.Status, whose two numbered fields precede its details."""
    if "details" in reaction:
        return bytes.fromhex(reaction["details"])
    delay = duration_pb2.Duration()
    delay.FromNanoseconds(int(reaction["retry"] * 1e9))
    info = bytes([0x0a, delay.ByteSize()]) + delay.SerializeToString()
    detail = any_pb2.Any(type_url="type.googleapis.com/google.rpc.RetryInfo", value=info)
    return bytes([0x08, code.value[0], 0x1a, detail.ByteSize()]) + detail.SerializeToString()


class Methods(grpc.GenericRpcHandler):
    def __init__(self, receiver, port):
        self.receiver = receiver
        self.port = port

    def service(self, call):
        service = SERVICES.get(call.method)
        if not service or call.method.startswith("/v1/"):
            return None

        def export(message, context):
            headers = {key: str(value) for key, value in context.invocation_metadata()}
            reaction = self.receiver.react(headers)
            self.receiver.write(message, reaction, port=self.port, path=call.method,
                                headers=headers, peer=context.peer(),
                                left_ms=int(context.time_remaining() * 1000))
            time.sleep(reaction.get("delay", 0))
            code = grpc.StatusCode[reaction.get("code", "OK")]
            if "retry" in reaction or "details" in reaction:
                context.set_trailing_metadata((("grpc-status-details-bin", details_of(reaction, code)),))
            if code != grpc.StatusCode.OK:
                context.abort(code, reaction.get("text", ""))
            return answer_of(service, reaction)

        return grpc.unary_unary_rpc_method_handler(
            export, request_deserializer=service[0].FromString,
            response_serializer=service[1].SerializeToString)


def serve_grpc(receiver, port, credentials=None):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), (Methods(receiver, port),),
                         options=(("grpc.max_receive_message_length", 64 << 20),))
    if credentials:
        number = server.add_secure_port("localhost:0", credentials)
    else:
        number = server.add_insecure_port("localhost:0")
    server.start()
    serve_grpc.servers.append(server)
    return number


serve_grpc.servers = []


def serve_fault(react):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        kept = []
        while True:
            connection = listener.accept()[0]
            connection.recv(1)
            react(connection)
            kept.append(connection)

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def serve_tls(receiver, directory):
    def path(name):
        return os.path.join(directory, name)

    def content(name):
        with open(path(name), "rb") as file:
            return file.read()

    ports = {}
    for mutual in False, True:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path("server.pem"), path("server.key"))
        context.set_alpn_protocols(["http/1.1"])
        if mutual:
            context.load_verify_locations(path("ca.pem"))
            context.verify_mode = ssl.CERT_REQUIRED
        credentials = grpc.ssl_server_credentials(
            ((content("server.key"), content("server.pem")),),
            content("ca.pem") if mutual else None, mutual)
        for port, serve, secret in (("mutual" if mutual else "https", serve_http, context),
                                    ("grpc-mutual" if mutual else "grpcs", serve_grpc, credentials)):
            ports[port] = serve(receiver, port, secret)
    return ports


def main():
    parser = argparse.ArgumentParser(description="receive OTLP and react as a script says")
    parser.add_argument("--certificates", help="the directory that tests/otlp/certificates has filled")
    parser.add_argument("--script", help="a file with a JSON array of reactions")
    parser.add_argument("--full", action="store_true", help="log whole messages")
    parser.add_argument("directory")
    options = parser.parse_args()
    script = []
    if options.script:
        with open(options.script, encoding="utf-8") as file:
            script = json.load(file)
    receiver = Receiver(options.directory, script, options.full)
    ports = {
        "http": serve_http(receiver, "http"),
        "grpc": serve_grpc(receiver, "grpc"),
        "reset": serve_fault(reset),
        "silent": serve_fault(lambda connection: None),
        "garbage": serve_fault(lambda connection: connection.sendall(bytes(range(256)) * 8)),
    }
    if options.certificates:
        ports |= serve_tls(receiver, options.certificates)
    new = os.path.join(options.directory, "ports.new")
    with open(new, "w", encoding="utf-8") as file:
        json.dump(ports, file)
    os.rename(new, os.path.join(options.directory, "ports"))
    threading.Event().wait()


main()
