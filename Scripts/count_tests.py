#!/usr/bin/env python3
"""count_tests.py EVENTS LOG: prints `PASSED FAILED` of one `swift test` run.

EVENTS is Swift Testing's event stream, one JSON record a line. A test counts
once, with all its arguments. A test that started and never ended (a crash)
failed; a skipped test is not counted. LOG is the run's output, for XCTest. The
names of failed tests are printed on standard error.
"""

import json
import re
import sys


def swift_testing(path):
    functions, began, ended, failed = {}, set(), set(), set()
    try:
        lines = open(path, encoding="utf-8")
    except FileNotFoundError:
        return set(), set()
    with lines:
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                continue  # A line that was cut off by a crash.
            payload = record["payload"]
            if record["kind"] == "test" and payload["kind"] == "function":
                functions[payload["id"]] = payload.get("displayName", payload["name"])
            elif record["kind"] == "event" and payload.get("testID") in functions:
                test = payload["testID"]
                if payload["kind"] == "testStarted":
                    began.add(test)
                elif payload["kind"] == "testEnded":
                    ended.add(test)
                    if any(m["symbol"] == "fail" for m in payload["messages"]):
                        failed.add(test)
    failed |= began - ended
    return began - failed, {f"{functions[test]} ({test})" for test in failed}


def xctest(path):
    passed, failed = set(), set()
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            match = re.match(r"Test Case '(.+)' (passed|failed) \(", line)
            if match:
                (passed if match[2] == "passed" else failed).add(match[1])
    return passed - failed, failed


def main():
    passed, failed = swift_testing(sys.argv[1])
    more_passed, more_failed = xctest(sys.argv[2])
    for name in sorted(failed | more_failed):
        print(f"failed: {name}", file=sys.stderr)
    print(len(passed) + len(more_passed), len(failed) + len(more_failed))


main()
