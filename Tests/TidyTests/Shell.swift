import Foundation
import TestSupport

/// Runs a program of the search path to its end and gives all that it printed.
func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let result = try runProgram("/usr/bin/env", [program] + arguments, withErrors: true)
    return (result.status, String(decoding: result.output, as: UTF8.self))
}
