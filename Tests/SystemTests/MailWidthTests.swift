import Foundation
import JSON
import Telemetry
import TestSupport
import Testing
import Transfer

@Suite("Mail on a phone")
struct MailWidthTests {
    private static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("RenderingTests/Golden")

    @Test(
        "Chromium: no message is wider than 390 px, light or dark, with or without its styles",
        .enabled(if: Browser.isInstalled, "chromium-driver is not installed"))
    func width() async throws {
        let engine = TransferEngine(telemetry: .silent)
        defer { engine.shutdown() }
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.golden.path)
            .filter { $0.hasSuffix(".html") }.sorted()
        #expect(files.count > 10)
        let folder = try TemporaryDirectory("mail")
        let browser = try await Browser(engine)
        do {
            _ = try await browser.devTools(
                "Emulation.setDeviceMetricsOverride",
                #"{"width":390,"height":844,"deviceScaleFactor":1,"mobile":true}"#)
            let wide = "<meta name=viewport content='width=device-width'><p style='width:500px'>x"
            try wide.write(toFile: folder.file("wide.html"), atomically: true, encoding: .utf8)
            try await browser.open("file://" + folder.file("wide.html"))
            #expect(try await widest(browser) > 390, "a wide page is found")
            for file in files { try await look(at: file, in: folder, browser) }
        } catch {
            await browser.quit()
            throw error
        }
        await browser.quit()
    }

    private func look(
        at file: String, in folder: TemporaryDirectory, _ browser: Browser
    ) async throws {
        let html = try String(contentsOf: Self.golden.appendingPathComponent(file), encoding: .utf8)
        // Some mail programs remove the element `style`.
        let bare = html.replacing(#/<style>.*?<\/style>/#.dotMatchesNewlines(), with: "")
        #expect(bare != html)
        for (name, text) in [(file, html), ("bare-\(file)", bare)] {
            try text.write(toFile: folder.file(name), atomically: true, encoding: .utf8)
            try await browser.open("file://" + folder.file(name))
            let shown = try await browser.value("document.body.textContent.length").integer
            #expect((shown ?? 0) > 100, "\(name) is shown")
            for scheme in ["light", "dark"] {
                _ = try await browser.devTools(
                    "Emulation.setEmulatedMedia",
                    #"{"features":[{"name":"prefers-color-scheme","value":"\#(scheme)"}]}"#)
                let widest = try await widest(browser)
                #expect(widest <= 390, "\(name), \(scheme)")
            }
        }
        if let shots = ProcessInfo.processInfo.environment["BELLWETHER_SCREENSHOTS"] {
            try await browser.open("file://" + folder.file(file))
            try await browser.screenshot(to: "\(shots)/\(file).png")
        }
    }

    /// The right edge of the widest part: also what scrolls within a box of its own is cut by
    /// clients without such boxes.
    private func widest(_ browser: Browser) async throws -> Int64 {
        let found = try await browser.value(
            """
            Math.max(document.documentElement.scrollWidth, ...Array.from(
            document.querySelectorAll('table, td, th, p, a, li'),
            e => Math.ceil(e.getBoundingClientRect().right)))
            """)
        return try #require(found.integer)
    }
}
