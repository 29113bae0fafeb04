// swift-tools-version: 6.2
import PackageDescription

// Fuzzes what reads bytes of strangers. A package of its own so that its flags
// and its build burden nobody: the rooms are the product's own sources, linked
// in below `Sources/`, built with coverage for libFuzzer. `Scripts/fuzz.sh` builds
// and runs it, and names the runtime library that comes with the compiler.

/// The room's own settings, optimised (checks stay on), with coverage.
let instrumented: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-sanitize=fuzzer", "-O", "-enable-testing"]),
]

/// A library room of the product.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: instrumented)
}

let package = Package(
    name: "fuzzing",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-crypto", "3.12.0"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.3.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate"),
        .systemLibrary(name: "CSpawn"),
        room("JSONScan"),
        room("Events", ["JSONScan", .product(name: "Crypto", package: "swift-crypto")]),
        room("Secrets"),
        room(
            "Settings", ["Secrets", "Events", "JSONScan", .product(name: "Yams", package: "Yams")]),
        room(
            "Telemetry",
            [
                "Events", .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ]),
        room("Analysis", ["Events", "JSONScan"]),
        room("Journal", ["CDeflate", "CZlib", "JSONScan", "Events", "Telemetry"]),
        room("Transfer", ["CCurl", "CSpawn", "Telemetry"]),
        room("Probes", ["Secrets", "JSONScan", "Events", "Transfer"]),
        room("Digests", ["Events", "JSONScan"]),
        room(
            "Rendering",
            [
                "Events", "JSONScan", "Digests",
                .product(name: "Mustache", package: "swift-mustache"),
            ]),
        // Of the rest what is pure, file by file: the others need a server.
        room("Serving", ["JSONScan", .product(name: "HTTPTypes", package: "swift-http-types")]),
        room("Gateway", ["Events", "JSONScan"]),
        room(
            "Notifier",
            [
                "Events", "JSONScan", "Serving",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]),
        room("Console", ["Events", "JSONScan"]),
        room("App"),
        .target(name: "CLibFuzzer"),
        .executableTarget(
            name: "bellwether-fuzz",
            dependencies: [
                "CLibFuzzer", "JSONScan", "Events", "Settings", "Analysis", "Digests", "Journal",
                "Probes", "Rendering", "Serving", "Gateway", "Notifier", "Console", "App", "CZlib",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: instrumented,
            linkerSettings: [
                .unsafeFlags([Context.environment["BELLWETHER_FUZZER_RUNTIME"] ?? ""]),
                .linkedLibrary("stdc++", .when(platforms: [.linux])),
                .linkedLibrary("c++", .when(platforms: [.macOS])),
            ]),
    ]
)
