#!/usr/bin/env python3
"""Messages in Confluent's wire format, with schemas from a registry on loopback and from a directory."""
import http.server
import json
import os
import struct
import subprocess
import tempfile
import threading

CLIENT = os.environ.get("STARHOUSE_CLIENT", "build/release/starhouse")
ORDER = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "required": ["id"], "javaType": "Order",
         "properties": {"id": {"type": "integer"}, "tags": {"type": "array", "items": [{"type": "string"}], "additionalItems": False}}}
ANSWERS = {
    1: (200, {"schema": json.dumps(ORDER), "schemaType": "JSON"}),
    2: (200, {"schema": "{\"type\":\"record\"}"}),
    3: (200, {"schema": "{\"$ref\":\"other.json\"}", "schemaType": "JSON", "references": [{"name": "other.json", "subject": "o", "version": 1}]}),
    4: (200, {"schema": "{\"type\":\"wrong\"}", "schemaType": "JSON"}),
    5: (500, {"error_code": 50001, "message": "broken"}),
    6: (200, ["no registry"]),
    7: (401, {"error_code": 40101}),
    9: (200, {"schema": " " * (5 << 20), "schemaType": "JSON"}),
}
asked = []


class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append((self.path, self.headers.get("Authorization")))
        status, answer = ANSWERS.get(int(self.path.rsplit("/", 1)[1]), (404, {"error_code": 40403}))
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
threading.Thread(target=server.serve_forever, daemon=True).start()
URL = f"http://127.0.0.1:{server.server_port}"
tests = 0


def ok(holds, name, told=""):
    global tests
    tests += 1
    print(("ok" if holds else "not ok") + f" {tests} - {name}")
    if not holds:
        print("# " + str(told).replace("\n", "\n# "))


def frame(schema_id, value):
    return b"\0" + struct.pack(">I", schema_id) + json.dumps(value).encode()


def message(registry, *messages):
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for number, content in enumerate(messages):
            names.append(f"{folder}/m{number}")
            with open(names[-1], "wb") as file:
                file.write(content)
        options = ["--registry", registry] if registry else []
        run = subprocess.run([CLIENT, "message", *options, *names], capture_output=True, text=True, timeout=60)
        return run.returncode, (run.stdout + run.stderr).replace(folder + "/", "")


def is_told(registry, content, status, part, name):
    got, told = message(registry, content)
    ok(got == status and part in told, name, f"{got} {told}")


def suite(registry, kind):
    is_told(registry, frame(1, {"id": 1, "tags": ["a"], "more": 2}), 0, "m0: schema 1, fits, 35 bytes of payload", f"{kind}: a message that fits")
    is_told(registry, frame(1, {"id": "x"}), 1, "schema 1, 23514: /id is not an integer (schema: /properties/id/type), by the registered schema 1",
            f"{kind}: one that does not")
    is_told(registry, frame(1, {"id": 1, "tags": ["a", "b"]}), 1, "/tags/1 is not allowed here (schema: /properties/tags/additionalItems)",
            f"{kind}: draft-07 by its own rules")
    is_told(registry, frame(1, {}), 1, "23502: the record lacks the field \"id\"", f"{kind}: a field is missing")
    is_told(registry, b"\0\0\0\0\1{", 1, "22032: the record is not valid JSON", f"{kind}: no JSON")
    is_told(registry, frame(8, {}), 1, "42704: ", f"{kind}: no such schema")
    is_told(registry, frame(4, {}), 1, "22023: JSON Schema, /type: the value is not one of", f"{kind}: a schema that is none")


suite(URL, "registry")
suite(URL + "/", "registry with a slash")
is_told(URL, frame(2, {}), 1, "0A000: schema 2 of " + URL + " is AVRO, not JSON Schema", "Avro is refused")
is_told(URL, frame(3, {}), 1, "0A000: schema 3 of " + URL + " refers to other subjects", "so are references")
is_told(URL, frame(5, {}), 1, "error: the schema registry " + URL + " answers 500 for schema 5", "a failing registry is an error")
is_told(URL, frame(6, {}), 1, "is none of a registry's", "so is one that is none")
is_told(URL, frame(7, {}), 1, "hint: Give the user and the password", "and one that wants a password")
is_told(URL, frame(9, {}), 1, "0A000: schema 9 of " + URL + " is longer than", "a schema too long")
is_told(f"http://me:secret@127.0.0.1:{server.server_port}", frame(5, {}), 1, f"the schema registry {URL} answers", "no password in messages")
ok(asked[-1][1] == "Basic bWU6c2VjcmV0", "but in the request", asked[-1])

del asked[:]
got, told = message(URL, frame(1, {"id": 1}), frame(1, {"id": 2}), frame(8, {}), frame(8, {}))
ok(got == 1 and sorted(path for path, _ in asked) == ["/schemas/ids/1", "/schemas/ids/8"], "each id is asked for once", asked)

with tempfile.TemporaryDirectory() as schemas:
    for number, text in ((1, json.dumps(ORDER)), (4, "{\"type\":\"wrong\"}")):
        with open(f"{schemas}/{number}.json", "w") as file:
            file.write(text)
    suite(schemas, "directory")

is_told("/no/such/directory", frame(1, {}), 1, "is neither an http(s) URL nor a directory", "neither URL nor directory")
is_told(None, frame(7, {"a": 1}), 0, "m0: schema 7, 8 bytes of payload", "without a registry the id is told")
is_told(None, b"{\"a\":1}", 0, "m0: no schema id, 7 bytes of payload", "a plain message")
is_told(None, b"\0\0\0", 1, "22P03: the message ends within its schema id", "a broken frame")
server.shutdown()
server.server_close()
is_told(URL, frame(1, {}), 1, "does not answer", "a registry that is not there")
print(f"1..{tests}")
