import Daemon
import FoundationEssentials
import Reports

extension DataDirectory {
    /// Makes the folder of a copy, which holds what is in this one by the same names.
    /// - Throws: `DataDirectoryError` where there is something already: a copy replaces nothing.
    func beginCopy(at path: String) throws(DataDirectoryError) -> DataDirectory {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw DataDirectoryError(
                doing: "making the copy", path: path,
                because: "there is something already: name a folder that is not there",
                status: .cannotWrite)
        }
        do throws(PrivateFileError) { try PrivateFile.makeFolder(path) } catch {
            throw DataDirectoryError(doing: "making the copy", path: path, code: error.code)
        }
        return DataDirectory(copy: path)
    }

    /// Authorities, certificates and keys; what is not there is made anew where it can be.
    func copyKeys(to copy: DataDirectory) throws(DataDirectoryError) {
        for (from, to) in zip(keyFiles, copy.keyFiles) {
            guard let text = try text(at: from) else { continue }
            try copy.write(text, to: to)
        }
    }
}
