// swift-tools-version: 6.2
import PackageDescription

// Bellwether consists of small modules (targets). A module imports only modules
// above it in this list; `ARCHITECTURE.md` shows the dependencies.
// `Scripts/test.sh` builds with `--explicit-target-dependency-import-check error`,
// so that a dependency which is not declared here does not compile.

/// The language settings of every target.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library target below `Sources/`.
func module(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = [],
    resources: [Resource]? = nil, settings: [SwiftSetting] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, exclude: exclude, resources: resources,
        swiftSettings: strict + settings)
}

/// Optimizes a module in debug builds too: `JSON`, because tests spend a third of their time in the
/// parser, which is many times slower otherwise; `EventLog` and `Shipping`, so that their tests run the
/// code that users run: see `ShippedCodeTests`. Arithmetic still traps.
let optimized: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// The test target of a module, below `Tests/`.
func tests(
    _ name: String, _ more: [Target.Dependency] = [], resources: [Resource]? = nil
) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + more,
        resources: resources, swiftSettings: strict)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
// Only Hummingbird's server is used. Its module `Hummingbird` holds the router, and would add
// swift-system, NIO's file system and swift-distributed-tracing to each build.
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdHTTP2 = Target.Dependency.product(name: "HummingbirdHTTP2", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(
    name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioHTTPTypesHTTP2 = Target.Dependency.product(
    name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
// Tests make certificates with these; the product does not link them.
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let swiftASN1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let serviceLifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(
    name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")

/// Defines `name` for C as the value of the build's environment variable of that name.
func environment(_ name: String) -> [CSetting] {
    Context.environment[name].map { [.define(name, to: $0)] } ?? []
}

let package = Package(
    name: "bellwether",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "bellwether", targets: ["bellwether"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-crypto", "3.12.0"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.10.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.30.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.38.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.27.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.7.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // System libraries, through small shims.
        .systemLibrary(
            name: "CCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
        .systemLibrary(
            name: "CZlib", pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .systemLibrary(
            name: "CDeflate", pkgConfig: "libdeflate",
            providers: [.apt(["libdeflate-dev"]), .brew(["libdeflate"])]),
        .systemLibrary(
            name: "CExpat", pkgConfig: "expat",
            providers: [.apt(["libexpat1-dev"]), .brew(["expat"])]),
        // Beside libcurl, which loads it anyway. BoringSSL, which swift-nio-ssl contains, has no
        // public module; the one of swift-crypto would be compiled for digests alone.
        .systemLibrary(
            name: "CCrypto", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .systemLibrary(name: "CProcess"),
        .systemLibrary(name: "CSpawn"),

        // The commit, the compiler's version, Config/bellwether.yaml and the needed part of ICU's
        // data, for the executable alone: a new commit rebuilds nothing else.
        .target(
            name: "CBuild",
            cSettings: environment("BELLWETHER_COMMIT") + environment("BELLWETHER_SWIFT")
                + environment("BELLWETHER_ICU_SYMBOL")),

        // Values and pure logic.
        module("Core", ["CCrypto"]),
        module("JSON", settings: optimized),
        module("Events", ["Core", "JSON"]),
        module("Secrets", ["Core"]),
        module("Arguments", ["Core"]),
        module("Settings", ["Core", "Secrets", "Arguments", "Events", "JSON", yams]),
        module("Telemetry", ["Core", "Events", logging, coreMetrics]),
        module("Analysis", ["Core", "Events", "JSON"]),
        module("Digests", ["Events", "JSON"]),
        module("Replication", ["Events", "JSON"], exclude: ["README.md"]),

        // Modules that use a disk or the network.
        module("State", ["Core", "Events", grdb]),
        module(
            "EventLog", ["CDeflate", "CZlib", "Core", "JSON", "Events", "Telemetry"],
            exclude: ["README.md"], settings: optimized),
        module("Transfer", ["Core", "CCurl", "CSpawn", "Telemetry"]),
        module("Bucket", ["CExpat", "Core", "Secrets", "JSON", "Events", "Transfer"]),
        module(
            "Archives",
            ["Core", "JSON", "Events", "Telemetry", "EventLog", "Transfer", "Bucket"]),
        module(
            "Shipping",
            [
                "Core", "JSON", "Events", "Telemetry", "Replication", "EventLog", "Transfer",
                "Bucket", "Archives", logging,
            ], settings: optimized),
        module("Probes", ["CZlib", "Core", "Secrets", "Arguments", "JSON", "Events", "Transfer"]),
        module(
            "Rehearsal", ["Core", "Secrets", "JSON", "Events", "Telemetry", "Transfer", "Probes"]),
        module("Rendering", ["Core", "Events", "JSON", "Digests", mustache]),
        module(
            "Delivery",
            [
                "Core", "Secrets", "Events", "JSON", "State", "Rendering", "Transfer", "Telemetry",
            ]),
        module(
            "Server",
            [
                "CCrypto", "CZlib", "Core", "Events", "JSON", "State", "Telemetry",
                hummingbirdCore, hummingbirdHTTP2, httpTypes, nioCore, nioPosix, nioHTTP1,
                nioHTTP2, nioHPACK, nioHTTPTypes, nioHTTPTypesHTTP1, nioHTTPTypesHTTP2, nioSSL,
                nioTLS, serviceLifecycle, logging,
            ]),

        // The two roles, and the node that runs them.
        module(
            "Gateway",
            [
                "Core", "Secrets", "Arguments", "Events", "JSON", "Analysis", "Probes", "Transfer",
                "EventLog", "State",
                "Server", "Telemetry", hummingbirdCore, httpTypes, logging, nioCore,
            ]),
        module(
            "Notifier",
            [
                "Core", "Events", "JSON", "EventLog", "State", "Digests", "Rendering", "Delivery",
                "Server", "Telemetry", hummingbirdCore, httpTypes, logging, nioCore,
                serviceLifecycle,
            ]),
        module(
            "Console",
            [
                "Core", "Events", "JSON", "EventLog", "State", "Digests", "Rendering", "Delivery",
                "Server", "Notifier", hummingbirdCore, httpTypes, nioCore, serviceLifecycle,
            ]),
        module(
            "App",
            [
                "CProcess", "Core", "Secrets", "Arguments", "Events", "JSON", "Settings",
                "Telemetry", "State", "EventLog", "Analysis",
                "Probes", "Transfer", "Bucket", "Archives", "Shipping", "Digests", "Rendering",
                "Delivery",
                "Server",
                "Gateway",
                "Notifier", "Console", hummingbirdCore, httpTypes, nioCore, nioPosix,
                serviceLifecycle, unixSignals, logging, metrics, yams,
            ]),
        .executableTarget(
            name: "bellwether",
            dependencies: [
                "CBuild", "App", "Core", "Secrets", "Events", "JSON", "Settings", "State",
                "EventLog",
                "Analysis",
                "Digests", "Rehearsal", "Rendering", "Delivery", "Server", "Notifier",
                argumentParser,
            ], swiftSettings: strict),

        // Tests: one target for each module, and one that runs the real executable.
        .target(
            name: "TestSupport", dependencies: ["CSpawn", "Events", "JSON"],
            path: "Tests/TestSupport",
            exclude: ["Doubles"], swiftSettings: strict),
        tests("Core"),
        tests("JSON"),
        tests("Events", ["Core", "JSON"]),
        tests("Secrets"),
        tests("Arguments"),
        tests("Settings", ["Secrets", "Arguments", "Events"]),
        tests("Telemetry", ["Events", coreMetrics]),
        tests("State", ["Events", grdb]),
        // Writes a log until it is killed.
        .executableTarget(
            name: "EventLogDriver", dependencies: ["EventLog", "Events"],
            path: "Tests/EventLogDriver",
            swiftSettings: strict),
        // A node whose log readers end the process at marked lines.
        .executableTarget(
            name: "PoisonDriver", dependencies: ["App", "EventLog", "Settings"],
            path: "Tests/PoisonDriver", swiftSettings: strict),
        tests("EventLog", ["EventLogDriver", "Core", "CZlib", "JSON", "Events", "Telemetry"]),
        tests("Analysis", ["Events", "JSON"], resources: [.copy("Vectors")]),
        tests("Digests", ["Events", "JSON"]),
        // Runs the replication protocol of two nodes with seeded faults.
        .executableTarget(
            name: "ReplicationSimulator", dependencies: ["Replication", "Events"],
            path: "Tests/ReplicationSimulator", swiftSettings: strict),
        tests("Replication", ["ReplicationSimulator", "Events"]),
        tests("Transfer", ["Core", "Telemetry"]),
        tests("Bucket", ["Core", "Secrets", "JSON", "Events", "Telemetry", "Transfer"]),
        tests(
            "Archives",
            ["Bucket", "EventLog", "Events", "Secrets", "Telemetry", "Transfer"]),
        tests(
            "Shipping",
            [
                "Archives", "Bucket", "Events", "EventLog", "JSON", "Replication", "Secrets",
                "Telemetry",
                "Transfer",
            ]),
        tests("Probes", ["CZlib", "Secrets", "Arguments", "Events", "JSON", "Transfer"]),
        tests("Rehearsal", ["Events", "JSON"]),
        tests("Rendering", ["Events", "JSON", "Digests"], resources: [.copy("Golden")]),
        tests(
            "Delivery",
            [
                grdb, "Core", "Secrets", "Digests", "Events", "JSON", "State", "Rendering",
                "Transfer", "Telemetry",
            ]),
        tests(
            "Server",
            [
                "CZlib", "Events", "State", "JSON", "Telemetry", grdb, crypto, hummingbirdCore,
                httpTypes, nioCore, nioPosix, nioEmbedded, nioHTTP1, nioSSL, x509, swiftASN1,
                logging, serviceLifecycle,
            ]),
        tests(
            "Notifier",
            [
                grdb, "Delivery", "Digests", "Events", "EventLog", "JSON", "Rendering",
                "Server", "State", "Telemetry", "Transfer", httpTypes, hummingbirdCore, nioCore,
                yams,
            ]),
        tests(
            "Gateway",
            [
                grdb, "Core", "Analysis", "Arguments", "Events", "JSON", "EventLog", "Notifier",
                "Probes",
                "Secrets",
                "Server", "State", "Telemetry", "Transfer", httpTypes, nioCore,
                serviceLifecycle,
            ]),
        tests("Console", ["Events", "JSON", "EventLog", "Delivery"]),
        tests(
            "App",
            [
                "Analysis", "Events", "Gateway", "EventLog", "Notifier", "Probes", "Server",
                "Settings", "State", "Telemetry", "Delivery", "Digests", "JSON", "Rendering",
                "Transfer", grdb, logging, yams,
            ]),
        // Runs the fuzz targets over their corpus; `Fuzzing/` builds them for libFuzzer.
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "JSON", "Arguments", "Events", "Settings", "Analysis", "Digests", "EventLog",
                "Probes", "Rendering", "Server", "Gateway", "Notifier", "Console", "App",
                "TestSupport",
                httpTypes,
            ],
            resources: [.copy("Corpus")], swiftSettings: strict),
        .testTarget(
            name: "SystemTests",
            dependencies: [
                "bellwether", "PoisonDriver", "App", "TestSupport", "Events", "JSON",
                "Settings", "Telemetry", "Transfer",
            ],
            exclude: ["Releases"], swiftSettings: strict),
    ]
)
