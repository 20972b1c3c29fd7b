/// What the spool could not do.
enum SpoolError: Error, Hashable, CustomStringConvertible {
    /// Its own bound is reached, and what may be dropped is dropped.
    case full(bytes: Int64)
    /// SQLite's result code (https://sqlite.org/rescode.html) and words; the directory or the disk is the matter.
    case disk(code: Int32, message: String)
    /// Another process works in it.
    case inUse(path: String)
    /// The file, or one report in it, is not what was written.
    case malformed(path: String, problem: String)
    /// The file has the layout of a newer agent, and is left as it is.
    case later(path: String, layout: Int64, known: Int64)

    var description: String {
        switch self {
        case .full(let bytes):
            "the spool is full (\(bytes) bytes): reach the collector, or raise spool.limit in the configuration"
        case .disk(let code, let message):
            "the spool cannot be written: \(message) (SQLite code \(code)); make room on its disk, check its permissions"
        case .inUse(let path):
            "another process works in \(path): an agent runs already; stop it first, or give this one a state.directory "
                + "of its own"
        case .malformed(let path, let problem): "\(path) is damaged: \(problem)"
        case .later(let path, let layout, let known):
            "\(path) was written by a newer agent: it has layout \(layout), this agent knows \(known). Install the newer agent "
                + "again, or move the file away (its unsent reports are then lost)"
        }
    }
}
