import Reports

/// Gathers the batches of many agents into one transaction, so that they share one write to the disk.
///
/// While a transaction is being written, whoever comes waits for the next one; alone, nobody waits.
actor IntakeQueue {
    typealias Answer = Result<Receipt, StoreError>

    struct Waiting: Sendable {
        var batch: VerifiedBatch
        var time: Timestamp
        var answer: CheckedContinuation<Answer, Never>
    }

    /// Batches in one transaction.
    static let batchesPerTransaction = 256

    private let write: @Sendable ([(VerifiedBatch, Timestamp)]) async -> [Answer]
    private var waiting: [Waiting] = []
    private var isWriting = false
    /// Whether the last transaction was one of light batches.
    private var wasLight = false

    /// - Parameter write: one transaction over all batches, with one answer each.
    init(write: @escaping @Sendable ([(VerifiedBatch, Timestamp)]) async -> [Answer]) { self.write = write }

    /// Batches that wait.
    var count: Int { waiting.count }

    func accept(_ batch: VerifiedBatch, at time: Timestamp) async -> Answer {
        await withCheckedContinuation { answer in
            waiting.append(Waiting(batch: batch, time: time, answer: answer))
            guard !isWriting else { return }
            isWriting = true
            Task { await drain() }
        }
    }

    /// All that are light, then the oldest of the heavy ones by itself, in turn: who brings little waits for one who brings
    /// much at most.
    private func nextGroup() -> [Waiting] {
        let heavy = waiting.firstIndex { $0.batch.isHeavy }
        if let heavy, wasLight || waiting.allSatisfy({ $0.batch.isHeavy }) {
            wasLight = false
            return [waiting.remove(at: heavy)]
        }
        wasLight = true
        var group: [Waiting] = []
        var left: [Waiting] = []
        for member in waiting {
            if group.count < IntakeQueue.batchesPerTransaction, !member.batch.isHeavy {
                group.append(member)
            } else {
                left.append(member)
            }
        }
        waiting = left
        return group
    }

    private func drain() async {
        // More may have come while the transaction was written, so the queue is looked at again each time.
        while !waiting.isEmpty {
            let group = nextGroup()
            let answers = await write(group.map { ($0.batch, $0.time) })
            for (member, answer) in zip(group, answers) { member.answer.resume(returning: answer) }
        }
        isWriting = false
    }
}
