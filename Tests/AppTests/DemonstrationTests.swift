import Foundation
import Settings
import TestSupport
import Testing

@testable import App

@Suite("The demonstration")
struct DemonstrationTests {
    @Test(
        "calls the node at an address that leads to it",
        arguments: [
            ("127.0.0.1:8443", "https://127.0.0.1:8443"), (":8443", "https://localhost:8443"),
            ("0.0.0.0:9000", "https://localhost:9000"), ("[::]:8443", "https://localhost:8443"),
        ])
    func address(listen: String, url: String) throws {
        let folder = try TemporaryDirectory()
        let data = DataFolder(folder.path)
        try data.prepare()
        for name in ["analysis", "read"] { try data.writeSecret("bw_x", to: data.token(name)) }
        var settings = Settings.embedded
        settings.dataDirectory = folder.path
        settings.listen.address = listen
        #expect(try Demonstration(settings: settings) { _ in }.url == url)
    }
}
