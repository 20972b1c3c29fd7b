import Glibc
import Transfer

/// Why histories cannot be replayed.
public enum BacktestError: Error, Sendable, CustomStringConvertible {
    case noFiles(path: String)
    case unreadable(path: String, because: String)
    case damaged(path: String, because: String)
    case header(path: String, because: String)
    case tooLarge(path: String, limit: Int)
    case unwritable(because: String)

    public var description: String {
        switch self {
        case .noFiles(let path): "\(path): there is no .csv or .csv.gz file here; name fleet histories"
        case .unreadable(let path, let because): "\(path): the file cannot be read: \(because)"
        case .damaged(let path, let because): "\(path): \(because); get the file anew"
        case .header(let path, let because): "\(path): \(because)"
        case .tooLarge(let path, let limit):
            "\(path): unpacked, the files that are not sorted by drive have more than \(limit >> 30) GiB; unpack them, so "
                + "that rows can be read where they lie"
        case .unwritable(let because): "the fault changes cannot be written: \(because)"
        }
    }
}
