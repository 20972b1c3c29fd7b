import Reports

extension [FaultID: FaultStatement.Standing] {
    /// What stands after the changes.
    /// - Parameter stamp: the last that was given; the last given now.
    /// - Returns: the changes with their stamps.
    mutating func take(_ changes: [FaultChange], after stamp: inout Int64) -> [FaultChange] {
        var stamped = changes
        for index in stamped.indices {
            stamp += 1
            stamped[index].stamp = stamp
            let change = stamped[index]
            self[change.fault.id] =
                change.kind == .cleared
                ? nil : FaultStatement.Standing(stamp: stamp, fault: change.fault, because: change.because)
        }
        return stamped
    }
}
