import Foundation

/// Prints a line at once, also into a file: after a crash one sees how far it was.
func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
