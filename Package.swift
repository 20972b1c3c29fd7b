// swift-tools-version: 6.2
import PackageDescription

/// One set of rules for every target: the language mode, imports that say what they expose, no unsafe call unmarked,
/// and no warning left standing.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// The pattern engine is optimised in debug builds too: tests and the demonstration put millions of samples through it.
let hot = settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// The agent's program small: lld leaves out what nobody calls where symbols are not exported to plug-ins (the static
/// Swift library asks for that). Relocations are not packed (RELR): that is 1.3 MB, and asks for glibc 2.36, of which the
/// package's dependencies would not tell.
let small: [LinkerSetting] = [
    .unsafeFlags(
        ["-use-ld=lld", "-Xlinker", "--no-export-dynamic"], .when(platforms: [.linux], configuration: .release))
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "callhome",
    products: [
        .executable(name: "callhome-agent", targets: ["callhome-agent"]),
        .executable(name: "callhome-collector", targets: ["callhome-collector"]),
        .executable(name: "callhome", targets: ["callhome"]),
        .library(name: "SensorAgent", targets: ["SensorAgent"]),
        .library(name: "Collector", targets: ["Collector"]),
    ],
    // Exact versions: a clone of any day builds what was tested. A newer one may deprecate what is called here, and
    // warnings are errors. Those that only a dependency names are pinned too where their modules are imported.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates.git", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-log.git", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess.git", exact: "1.0.2", traits: []),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", exact: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", exact: "2.1.1"),
        .package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", exact: "2.37.6"),
        .package(url: "https://github.com/apple/swift-http-types.git", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-asn1.git", exact: "1.7.4"),
        .package(url: "https://github.com/groue/GRDB.swift.git", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams.git", exact: "6.2.2"),
    ],
    targets: [
        // MARK: What all programs share
        .target(name: "Reports", dependencies: [crypto], swiftSettings: settings),
        .target(name: "FaultPatterns", dependencies: ["Reports"], exclude: ["README.md"], swiftSettings: hot),
        .target(name: "PatternChannel", dependencies: ["Reports"], swiftSettings: settings),
        .systemLibrary(name: "CCurl", path: "Sources/Transfer/CLibraries/CCurl", pkgConfig: "libcurl"),
        .systemLibrary(name: "CZlib", path: "Sources/Transfer/CLibraries/CZlib", pkgConfig: "zlib"),
        .target(name: "Transfer", dependencies: ["CCurl", "CZlib"], exclude: ["CLibraries"], swiftSettings: settings),
        .target(
            name: "PatternMirror", dependencies: ["Reports", "PatternChannel", "Transfer"], swiftSettings: settings),
        .target(name: "Daemon", dependencies: ["Reports", logging], swiftSettings: settings),

        // MARK: The agent
        .systemLibrary(name: "CSensors", path: "Sources/SensorAgent/CLibraries/CSensors"),
        .systemLibrary(name: "CUdev", path: "Sources/SensorAgent/CLibraries/CUdev", pkgConfig: "libudev"),
        .systemLibrary(name: "CSQLite", path: "Sources/SensorAgent/CLibraries/CSQLite", pkgConfig: "sqlite3"),
        .systemLibrary(name: "CIPMI", path: "Sources/SensorAgent/CLibraries/CIPMI"),
        .systemLibrary(name: "CLoader", path: "Sources/SensorAgent/CLibraries/CLoader"),
        .target(
            name: "SensorAgent",
            dependencies: [
                "Reports", "FaultPatterns", "PatternChannel", "PatternMirror", "Transfer", "Daemon", "CSensors",
                "CUdev", "CSQLite", "CIPMI", "CLoader",
                crypto, logging,
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            exclude: ["CLibraries", "README.md"],
            swiftSettings: settings),
        .executableTarget(
            name: "callhome-agent", dependencies: ["Reports", "SensorAgent", arguments], swiftSettings: settings,
            linkerSettings: small),

        // MARK: The collector
        .target(
            name: "Collector",
            dependencies: [
                "Reports", "PatternChannel", "PatternMirror", "Transfer", "Daemon", crypto, logging, lifecycle,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            exclude: ["README.md"],
            swiftSettings: settings),
        .executableTarget(
            name: "callhome-collector", dependencies: ["Collector", "Reports", arguments], swiftSettings: settings),

        // MARK: The command
        .target(name: "Backtest", dependencies: ["Reports", "FaultPatterns", "Transfer"], swiftSettings: settings),
        .executableTarget(
            name: "callhome",
            dependencies: [
                "Reports", "FaultPatterns", "PatternChannel", "PatternMirror", "Transfer", "Backtest", arguments,
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings),

        // MARK: Showing
        .executableTarget(
            name: "callhome-demo", dependencies: ["SensorAgent", logging], path: "Demo",
            exclude: ["bin", "show", "mailbox.py"], swiftSettings: settings),

        // MARK: Measuring
        .executableTarget(
            name: "callhome-load", dependencies: ["Reports", "Transfer"], path: "Benchmarks/CollectorLoad",
            swiftSettings: settings),
        .executableTarget(
            name: "callhome-patterns-bench", dependencies: ["Reports", "FaultPatterns"],
            path: "Benchmarks/PatternsBench",
            swiftSettings: settings),
        .executableTarget(
            name: "callhome-patterns-fuzz", dependencies: ["Reports", "FaultPatterns"], path: "Benchmarks/PatternsFuzz",
            swiftSettings: settings),

        // MARK: Tests
        .testTarget(name: "ReportsTests", dependencies: ["Reports", crypto], swiftSettings: settings),
        .testTarget(
            name: "FaultPatternsTests", dependencies: ["FaultPatterns", "Reports", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "PatternChannelTests", dependencies: ["PatternChannel", "Reports", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "BacktestTests",
            dependencies: ["Backtest", "FaultPatterns", "Reports", "Transfer", "TestSupport", crypto],
            swiftSettings: settings),
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        .target(
            name: "RecordedFleet", dependencies: ["SensorAgent", "Reports", "Transfer", "TestSupport"],
            path: "Tests/RecordedFleet", swiftSettings: settings),
        .testTarget(name: "TransferTests", dependencies: ["Transfer", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "DaemonTests", dependencies: ["Daemon", logging], swiftSettings: settings),
        .testTarget(
            name: "SensorAgentTests",
            dependencies: [
                "SensorAgent", "Reports", "FaultPatterns", "PatternChannel", "PatternMirror", "Transfer", "Daemon",
                "RecordedFleet", "TestSupport", crypto,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CollectorTests",
            dependencies: [
                "Collector", "SensorAgent", "FaultPatterns", "PatternChannel", "PatternMirror", "Reports", "Transfer",
                "Daemon", "RecordedFleet", "TestSupport", crypto, logging,
                lifecycle,
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["Reports", "TestSupport", "callhome", "callhome-agent", "callhome-collector"],
            exclude: ["Patterns", "Servers"], swiftSettings: settings),
        .testTarget(
            name: "TidyTests", dependencies: ["TestSupport"], exclude: ["Finding.md"], swiftSettings: settings),
    ]
)

// `make soak` builds the simulation optimised, and nothing that it has no need of.
if Context.environment["CALLHOME_SOAK"] != nil {
    package.targets.removeAll { $0.isTest && $0.name != "CollectorTests" }
}
