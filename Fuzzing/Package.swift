// swift-tools-version: 6.2
import PackageDescription

// Fuzzes what reads bytes of strangers. A package of its own so that its flags
// and its build burden nobody: the modules are the product's own sources, linked
// in below `Sources/`, built with coverage for libFuzzer. `Scripts/fuzz.sh` builds
// and runs it, and names the runtime library that comes with the compiler.

/// The module's own settings, optimised (checks stay on), with coverage.
let instrumented: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-sanitize=fuzzer", "-O", "-enable-testing"]),
]

/// A library module of the product.
func module(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, exclude: exclude, swiftSettings: instrumented)
}

let package = Package(
    name: "fuzzing",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.3.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate"),
        .systemLibrary(name: "CSpawn"),
        module("JSON"),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto"),
        module("Core", ["CCrypto"]),
        module("Events", ["Core", "JSON"]),
        module("Secrets", ["Core"]),
        module("Arguments", ["Core"]),
        module(
            "Settings",
            [
                "Core", "Secrets", "Arguments", "Events", "JSON",
                .product(name: "Yams", package: "Yams"),
            ]),
        module(
            "Telemetry",
            [
                "Core", "Events", .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ]),
        module("Analysis", ["Core", "Events", "JSON"]),
        module(
            "EventLog", ["CDeflate", "CZlib", "Core", "JSON", "Events", "Telemetry"],
            exclude: ["README.md"]),
        module("Transfer", ["CCurl", "CSpawn", "Core", "Telemetry"]),
        module(
            "Probes",
            ["CZlib", "Core", "Secrets", "Arguments", "JSON", "Events", "Transfer"]),
        module("Digests", ["Core", "Events", "JSON"]),
        module(
            "Rendering",
            [
                "Core", "Events", "JSON", "Digests",
                .product(name: "Mustache", package: "swift-mustache"),
            ]),
        // Of the rest what is pure, file by file: the others need a server.
        module("Server", ["JSON", .product(name: "HTTPTypes", package: "swift-http-types")]),
        module("Gateway", ["Core", "Events", "JSON", "Transfer"]),
        module(
            "Notifier",
            [
                "Core", "Events", "JSON", "EventLog", "Server",
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]),
        module("Console", ["Core", "Events", "JSON"]),
        module("App"),
        .target(name: "CLibFuzzer"),
        .executableTarget(
            name: "bellwether-fuzz",
            dependencies: [
                "CLibFuzzer", "Core", "JSON", "Events", "Arguments", "Settings", "Analysis",
                "Digests", "EventLog", "Probes", "Rendering", "Server", "Gateway", "Notifier",
                "Console", "App", "CZlib",
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
