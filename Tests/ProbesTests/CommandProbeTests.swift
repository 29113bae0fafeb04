import Events
import Foundation
import Secrets
import TestSupport
import Testing
import Transfer

@testable import Probes

@Suite("Command probe")
struct CommandProbeTests {
    let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func measure(
        _ arguments: [String], environment: [String: String] = ["PATH": "/usr/bin:/bin"],
        fields: FieldSelection = .topLevel(), allowance: Duration = .seconds(30)
    ) async -> [Signal] {
        await CommandProbe(
            name: "doctor", arguments: arguments,
            environment: environment.mapValues(Secret.value), fields: fields
        ).measure(context(allowance: allowance))
    }

    private func shell(_ script: String, allowance: Duration = .seconds(30)) async -> [Signal] {
        await measure(["/bin/sh", "-c", script], allowance: allowance)
    }

    @Test("exit code and numbers")
    func good() async {
        let signals = await shell(#"echo '{"lag_ms": 4.5, "up": true}'"#)
        #expect(signals.number("gateway.doctor_ok") == 1)
        #expect(signals.number("gateway.doctor_lag_ms") == 4.5)
        #expect(signals["gateway.doctor_up"]?.value == .flag(true))
    }

    @Test("a failure, by code or by signal, is a result")
    func failure() async {
        for script in ["exit 3", "kill -9 $$"] {
            #expect(await shell(script)["gateway.doctor_ok"]?.value == .flag(false))
        }
        let fields = FieldSelection.pointers([.init("n", "/n")])
        let signals = await measure(["/bin/sh", "-c", "exit 3"], fields: fields)
        #expect(signals.reason("gateway.doctor_n") == .notRunning)
    }

    @Test("no shell parses the arguments, and only the configured environment is set")
    func clean() async {
        let script = #"printf '{"n":%s,"home":%s}' "$#" "${#HOME}""#
        let arguments = ["/bin/sh", "-c", script, "echo", "a; exit 1", "$(exit 1)", "b c"]
        let signals = await measure(arguments)
        #expect(signals.number("gateway.doctor_n") == 3)
        #expect(signals.number("gateway.doctor_home") == 0)
        let given = await measure(arguments, environment: ["HOME": "/xyz"])
        #expect(given.number("gateway.doctor_home") == 4)
    }

    @Test("at the deadline it is killed with its children")
    func deadline() async throws {
        let pidFile = folder.file("pid")
        let signals = await shell(
            "sleep 600 & echo $! > \(pidFile); wait", allowance: .milliseconds(500))
        #expect(signals.reason("gateway.doctor_ok") == .timeout)
        let child = ProcessProbe(name: "c", target: .pidFile(pidFile))
        try await eventually("the child is gone too") {
            await child.measure(context()).number("gateway.c_alive") == 0
        }
    }

    @Test("a child in its own session is killed at the deadline, also without its environment")
    func ownSession() async throws {
        let child = try sessionMaker()
        let signals = await shell(
            "env -i $(command -v python3) \(child.program) \(child.pidFile) stay & wait",
            allowance: .seconds(3))
        #expect(signals.reason("gateway.doctor_ok") == .timeout)
        try await eventually("the child is gone too") {
            await child.probe.measure(context()).number("gateway.c_alive") == 0
        }
    }

    @Test("a child in its own session is killed after its parent and the command have ended")
    func orphan() async throws {
        let child = try sessionMaker()
        let signals = await shell(
            "python3 \(child.program) \(child.pidFile) leave; "
                + "until [ -s \(child.pidFile) ]; do sleep 0.02; done; echo '{\"n\":1}'")
        #expect(signals.number("gateway.doctor_n") == 1)
        try await eventually("the child is gone too") {
            await child.probe.measure(context()).number("gateway.c_alive") == 0
        }
    }

    /// A program that creates its own session, writes its pid and keeps running. With `leave`, it
    /// does so as a child whose parent ends.
    private func sessionMaker() throws -> (program: String, pidFile: String, probe: ProcessProbe) {
        let (program, pidFile) = (folder.file("session.py"), folder.file("pid"))
        try """
        import os, sys, time
        if sys.argv[2] == "leave" and os.fork():
            os._exit(0)
        os.setsid()
        with open(sys.argv[1] + ".new", "w") as file:
            file.write(str(os.getpid()))
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        os.close(1)
        time.sleep(600)
        """.write(toFile: program, atomically: true, encoding: .utf8)
        return (program, pidFile, ProcessProbe(name: "c", target: .pidFile(pidFile)))
    }

    @Test("a child left running delays nothing, and is killed")
    func leftBehind() async throws {
        let pidFile = folder.file("pid")
        let signals = await shell("sleep 600 & echo $! > \(pidFile); echo '{\"n\":1}'")
        #expect(signals.number("gateway.doctor_n") == 1)
        let child = ProcessProbe(name: "c", target: .pidFile(pidFile))
        try await eventually("the child is gone") {
            await child.measure(context()).number("gateway.c_alive") == 0
        }
    }

    @Test("a command that closes its output and continues is awaited")
    func closedOutput() async {
        #expect(await shell("exec >&-; sleep 0.05; exit 4").number("gateway.doctor_ok") == 0)
    }

    @Test("endless output, and output that is not JSON")
    func hostile() async {
        let endless = await measure(["/usr/bin/env", "yes"])
        #expect(endless.reason("gateway.doctor_ok") == .tooLarge)
        #expect(await shell("echo hello").reason("gateway.doctor_ok") == .garbage)
        // Without a field the output is not parsed.
        let plain = await measure(["/bin/sh", "-c", "echo hello"], fields: .pointers([]))
        #expect(plain.number("gateway.doctor_ok") == 1)
    }

    @Test("a command that cannot be started")
    func missing() async {
        #expect(await measure([folder.file("none")]).reason("gateway.doctor_ok") == .missingFile)
        #expect(await measure([folder.path]).reason("gateway.doctor_ok") == .fault)
        #expect(await measure(["sh"]).reason("gateway.doctor_ok") == .fault)
        #expect(await measure([]).reason("gateway.doctor_ok") == .fault)
    }
}
