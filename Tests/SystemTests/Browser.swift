import Foundation
import JSON
import TestSupport
import Transfer

/// A headless Chromium, controlled by the W3C WebDriver protocol over plain HTTP.
final class Browser: Sendable {
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// Whether this machine has Chromium and its driver.
    static let isInstalled =
        ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/chromedriver")
        } ?? false

    private static let limits = JSONLimits(maxBytes: 64 << 20, maxDepth: 200)

    private let driver: ChildProcess
    private let engine: TransferEngine
    private let profile: TemporaryDirectory
    private let session: String

    /// Starts the browser. It trusts any certificate, because the node's is self-signed.
    init(_ engine: TransferEngine) async throws {
        self.engine = engine
        profile = try TemporaryDirectory("chromium")
        let port = try FreePort.take()
        driver = try ChildProcess("chromedriver", ["--port=\(port)"])
        _ = try await driver.line { $0.contains("started successfully") }
        let arguments = [
            // Chromium's sandbox does not run as root.
            "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
            "--window-size=1280,1000", "--user-data-dir=\(profile.path)",
        ].map { #""\#($0)""# }.joined(separator: ",")
        let made = try await Self.send(
            engine, "POST", "http://127.0.0.1:\(port)/session",
            #"{"capabilities":{"alwaysMatch":{"acceptInsecureCerts":true,"goog:chromeOptions":{"args":[\#(arguments)]}}}}"#
        )
        guard let id = made["sessionId"]?.string else {
            throw Fault(description: "the driver named no session: \(made)")
        }
        session = "http://127.0.0.1:\(port)/session/\(id)"
    }

    /// Ends the browser, so that it no longer writes to its folder.
    func quit() async {
        _ = try? await Self.send(engine, "DELETE", session, "")
        driver.kill()
        _ = try? await driver.waitForExit()
    }

    func open(_ url: String) async throws {
        _ = try await Self.send(engine, "POST", session + "/url", #"{"url":"\#(url)"}"#)
    }

    /// Evaluates an expression in the page and returns its value.
    func value(_ expression: String) async throws -> JSONValue {
        var json = JSONWriter()
        json.object { json in
            json.member("script", "return (\(expression));")
            json.member(array: "args") { _ in }
        }
        return try await Self.send(engine, "POST", session + "/execute/sync", json.text)
    }

    /// Empty if there is no such element, or while another page is loading.
    func text(_ selector: String) async -> String {
        let found = try? await value("document.querySelector('\(selector)')?.textContent ?? ''")
        return found?.string ?? ""
    }

    func count(_ selector: String) async -> Int {
        let found = try? await value("document.querySelectorAll('\(selector)').length")
        return Int(found?.integer ?? 0)
    }

    /// Types and clicks through real key and mouse events.
    func type(_ words: String, into selector: String) async throws {
        let element = try await element(selector)
        _ = try await Self.send(
            engine, "POST", "\(session)/element/\(element)/value", #"{"text":"\#(words)"}"#)
    }

    func click(_ selector: String) async throws {
        // A live page may replace the element after it was found.
        for _ in 1...5 {
            let element = try await element(selector)
            do {
                _ = try await Self.send(engine, "POST", "\(session)/element/\(element)/click", "{}")
                return
            } catch let fault as Fault where fault.description.contains("stale element") {
                continue
            }
        }
        throw Fault(description: "\(selector) is replaced again and again")
    }

    private func element(_ selector: String) async throws -> String {
        let found = try await Self.send(
            engine, "POST", session + "/element",
            #"{"using":"css selector","value":"\#(selector)"}"#)
        guard case .object(let members) = found, let id = members.first?.value.string else {
            throw Fault(description: "no element \(selector)")
        }
        return id
    }

    /// Sends a Chrome DevTools Protocol command; `parameters` is a JSON object.
    func devTools(_ command: String, _ parameters: String = "{}") async throws -> JSONValue {
        try await Self.send(
            engine, "POST", session + "/goog/cdp/execute",
            #"{"cmd":"\#(command)","params":\#(parameters)}"#)
    }

    /// Roles and names of the accessibility tree, in order: `link attempt 3, unhealthy`.
    func accessibilityTree() async throws -> [String] {
        guard case .array(let nodes)? = try await devTools("Accessibility.getFullAXTree")["nodes"]
        else { return [] }
        return nodes.filter { $0["ignored"]?.bool != true }.map {
            "\($0["role"]?["value"]?.string ?? "") \($0["name"]?["value"]?.string ?? "")"
        }
    }

    /// Saves the whole page as a PNG file.
    func screenshot(to path: String) async throws {
        let shot = try await devTools(
            "Page.captureScreenshot", #"{"captureBeyondViewport":true,"format":"png"}"#)
        let data = Data(base64Encoded: shot["data"]?.string ?? "") ?? Data()
        try data.write(to: URL(fileURLWithPath: path))
    }

    private static func send(
        _ engine: TransferEngine, _ method: String, _ url: String, _ body: String
    ) async throws -> JSONValue {
        let reply = try await engine.http(
            HTTPTransfer(
                url: url, method: method, headers: [("Content-Type", "application/json")],
                body: Array(body.utf8), deadline: .seconds(60), maxBody: 64 << 20))
        let answer = try JSONValue(parsing: reply.body, limits: limits)
        guard reply.status == 200, let value = answer["value"] else {
            throw Fault(description: "\(method) \(url): \(answer)")
        }
        return value
    }
}
