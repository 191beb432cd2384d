#!/usr/bin/python3
"""Bad input is `file:line: error: …` on stderr and a non-zero exit: tests/golden/errors.py PROTOC_GEN_QVT

A comment `// ERROR: text` marks the line of the error that the text is part of; every marked error must come, no other.
"""
import os
import re
import subprocess
import sys
import tempfile

HEAD = 'syntax = "proto3";\npackage bad.v1;\n'
HTTP = HEAD + 'import "google/api/annotations.proto";\n'
REQUEST = "message Request { string name = 1; repeated string names = 2; Part part = 3; }\nmessage Part { string id = 1; }\n"


def service(*methods):
    return HTTP + REQUEST + "service Bad {\n" + "\n".join(methods) + "\n}\n"


def method(rule, mark, name="Do", stream=""):
    return f"rpc {name}({stream}Request) returns (Part) {{\n  option (google.api.http) = {{ {rule} }}; // ERROR: {mark}\n}}"


CASES = {
    "unknown_field_in_path": service(method('get: "/v1/{nmae}"', 'no such field in the request: "nmae"')),
    "unknown_nested_field_in_path": service(method('get: "/v1/{part.nmae}"', 'no such field in the request: "part.nmae"')),
    "capture_of_a_message": service(method('get: "/v1/{part}"', 'a capture must be a singular scalar: "part"')),
    "capture_of_a_list": service(method('get: "/v1/{names}"', 'a capture must be a singular scalar: "names"')),
    "capture_of_several_segments": service(method('get: "/v1/{name=**}"', "a capture takes one segment")),
    "captured_twice": service(method('get: "/v1/{name}/x/{name}"', 'captured twice: "name"')),
    "verb_suffix": service(method('get: "/v1/things:list"', "a literal is made of letters")),
    "relative_path": service(method('get: "v1/things"', "must start with /")),
    "empty_segment": service(method('get: "/v1//things"', "empty segment")),
    "unknown_body": service(method('post: "/v1/x" body: "nmae"', 'body "nmae" is no field of bad.v1.Request')),
    "scalar_body": service(method('post: "/v1/x" body: "name"', 'body "name" must be a singular message')),
    "get_with_body": service(method('get: "/v1/x" body: "*"', "a get has no body")),
    "delete_with_body": service(method('delete: "/v1/x" body: "*"', "a delete has no body")),
    "no_pattern": service(method('body: "*"', "google.api.http needs one of")),
    "stream_as_post": service(method('post: "/v1/x" body: "*"', "can only be a get", stream="stream ")),
    "nested_bindings": service(
        method('get: "/v1/x" additional_bindings { get: "/v1/y" additional_bindings { get: "/v1/z" } }',
               "additional_bindings inside additional_bindings")),
    "duplicate_route": service(method('get: "/v1/{name}"', "", name="One").replace("// ERROR: ", ""),
                               method('get: "/v1/{part.id}"', 'path "/v1/{part.id}" is taken by One', name="Two")),
    "duplicate_route_in_one_method": service(
        method('get: "/v1/{name}" additional_bindings { get: "/v1/{part.id}" }', "is taken by Do")),
    "methods_with_one_c_name": HEAD + "message M {}\nservice Bad {\n  rpc GetIt(M) returns (M);\n"
                               "  rpc Get_it(M) returns (M); // ERROR: methods GetIt and Get_it have the same name in C\n}\n",
    "services_with_one_c_name": HEAD + "message M {}\nservice OneTwo { rpc Do(M) returns (M); }\n"
                                "service One_Two { rpc Do(M) returns (M); } "
                                "// ERROR: services OneTwo and One_Two have the same name in C\n",
    "too_many_captures": HTTP + "message Request { " + " ".join(f"string f{i} = {i};" for i in range(1, 18)) + " }\n"
                         "message Part {}\nservice Bad {\n"
                         + method('get: "/' + "/".join(f"{{f{i}}}" for i in range(1, 18)) + '"', "more than 16 captures")
                         + "\n}\n",
    "too_many_segments": service(method('get: "' + "/a" * 33 + '"', "more than 32 segments")),
    "method_that_meets_a_keyword": HEAD + "message M {}\nservice Bad {\n  rpc Int(M) returns (M);\n"
                                   "  rpc Int_(M) returns (M); // ERROR: methods Int and Int_ have the same name in C\n}\n",
    "messages_with_one_c_name": HEAD + "message OneTwo {}\n"
                                "message One_two {} // ERROR: bad.v1.OneTwo and bad.v1.One_two have the same name in C\n",
    "fields_with_one_c_name": 'syntax = "proto2";\npackage bad.v1;\nmessage M {\n  optional string one = 1;\n'
                              '  optional string ONE = 2; // ERROR: fields "one" and "ONE" have the same name in C\n}\n',
    "fields_with_one_json_name": 'syntax = "proto2";\npackage bad.v1;\nmessage M {\n  optional string one_two = 1;\n'
                                 '  optional string oneTwo = 2; // ERROR: fields "one_two" and "oneTwo" have the same name in JSON\n}\n',
    "group": 'syntax = "proto2";\npackage bad.v1;\nmessage M {\n'
             "  optional group Inner = 1 { optional string a = 1; } // ERROR: bad.v1.M.inner: groups are not supported\n}\n",
    "struct": HEAD + 'import "google/protobuf/struct.proto";\nmessage M {\n'
              "  google.protobuf.Value value = 1; // ERROR: google.protobuf.Value is not supported\n}\n",
    "two_errors_are_both_told": service(method('get: "/v1/{a}"', 'request: "a"', name="One"),
                                        method('get: "/v1/{b}"', 'request: "b"', name="Two")),
}


def run(plugin, directory, name, text, options=""):
    path = os.path.join(directory, f"{name}.proto")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    command = ["protoc", f"-I{directory}", f"-I{root}/proto", "-I/usr/include", f"--plugin=protoc-gen-qvt={plugin}",
               f"--qvt_out={directory}", path]
    if options:
        command.insert(-1, f"--qvt_opt={options}")
    return subprocess.run(command, capture_output=True, text=True, check=False)


def check(plugin, directory, name, text):
    wanted = [(number, line.split("// ERROR: ", 1)[1])
              for number, line in enumerate(text.split("\n"), 1) if "// ERROR: " in line]
    done = run(plugin, directory, name, text, options="emit=methods+server+client+json")
    found = [(int(match[1]), match[2]) for match in
             re.finditer(rf"^{name}\.proto:(\d+): error: (.*)$", done.stderr, re.MULTILINE)]
    problems = []
    if done.returncode == 0:
        problems.append("exit status 0")
    if len(found) != len(wanted):
        problems.append(f"{len(found)} errors, {len(wanted)} expected")
    for (line, text_found), (line_wanted, part) in zip(found, wanted):
        if line != line_wanted or part not in text_found:
            problems.append(f"line {line}: {text_found!r}; expected line {line_wanted}: {part!r}")
    if problems:
        print(f"{name}: {'; '.join(problems)}\n{done.stderr}")
    return not problems


def check_garbage(plugin):
    done = subprocess.run([plugin], input=b"\xff\xff\xff", capture_output=True, check=False)
    good = done.returncode == 1 and b"CodeGeneratorRequest" in done.stderr and done.stdout == b""
    if not good:
        print(f"garbage on stdin: {done}")
    return good


def check_option(plugin, directory, option, text):
    done = run(plugin, directory, "fine", HEAD + "message M {}\n", options=option)
    good = done.returncode != 0 and text in done.stderr
    if not good:
        print(f"{option}: {done}")
    return good


def check_without_json(plugin, directory, name):
    """What has no place in JSON is nobody's fault where no JSON is asked for."""
    done = run(plugin, directory, name, CASES[name].replace("// ERROR", "//"))
    if done.returncode != 0 or done.stderr:
        print(f"{name} without JSON: {done}")
    return done.returncode == 0 and not done.stderr


def main():
    plugin = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as directory:
        results = [check(plugin, directory, name, text) for name, text in CASES.items()]
        results.append(check_option(plugin, directory, "colour=blue", 'unknown option "colour=blue"'))
        results.append(check_option(plugin, directory, "emit=server+clinet", 'nothing called "clinet" to emit'))
        results += [check_without_json(plugin, directory, name)
                    for name in ("group", "struct", "verb_suffix", "fields_with_one_json_name")]
    results.append(check_garbage(plugin))
    print(f"{sum(results)} of {len(results)} as expected")
    return 0 if all(results) else 1


sys.exit(main())
