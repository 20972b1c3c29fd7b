public import Foundation

/// The pack of this package's own patterns, as `callhome patterns build` makes it; built once for all tests, since a debug
/// build takes a quarter of a minute for it.
public enum ShippedPackFile {
    /// A file that is there as long as the tests run: to be read, not changed.
    public static func url() throws -> URL { try once.get() }

    private static let file = FileManager.default.temporaryDirectory
        .appending(path: "callhome-shipped-\(getpid()).json")

    private static let once = Result {
        atexit { try? FileManager.default.removeItem(at: ShippedPackFile.file) }
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let callhome = URL(filePath: tests).deletingLastPathComponent().appending(path: "callhome").path
        let patterns = ServerProgram.packageRoot.appending(path: "patterns").path
        let built = try runProgram(callhome, ["patterns", "build", patterns, "-o", file.path], withErrors: true)
        guard built.status == 0 else {
            throw ShippedPackError(output: String(decoding: built.output, as: UTF8.self))
        }
        return file
    }
}

/// The shipped patterns could not be built.
public struct ShippedPackError: Error { public let output: String }
