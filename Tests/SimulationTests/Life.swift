import Events
import LineFormats
import Monitor
import StateCodec

@testable import Daemon
@testable import Ingest

/// One process from its start to its death: the parts of the daemon as `Sidecar` puts them together, without threads.
final class Life {
    private static func schema(model: String) -> Schema {
        var schema = Schema(
            signals: [
                Signal(name: "seq", role: .feature, kind: .numeric),
                Signal(name: "k", role: .prediction, kind: .categorical),
            ], defaultModel: model)
        schema.timestamp = ["ms"]
        schema.timestampUnit = .milliseconds
        return schema
    }

    let standing: StateStore.Standing
    /// Number of the commit that it goes on from; `nil` for none.
    let restored: UInt64?
    let publication = Publication()
    let queue = BatchQueue()
    var loop: TailLoop
    var intake: LineIntake
    var monitor: Monitor
    private var sequence: CommitSequence

    /// Starts from what is in the directory.
    ///
    /// `first` sees the first cut before it is committed, and the positions of the state that it goes on from.
    init(
        _ files: any FileSystem, _ directory: any StateDirectory, settings: MonitorSettings, at now: Instant,
        rowsPerBatch: Int,
        first: (MonitorCut, StateStore.Standing, UInt64?, [FilePosition], EventBatch?) throws(Violation) -> Void
    ) throws(Violation) {
        let store = StateStore(directory)
        var state: MonitorState?
        let found = store.load { state.take($0) }
        standing = found.standing
        restored = state?.generation
        if standing == .behind { state?.resetCounters() }
        if let state {
            monitor = Monitor(settings: settings, restoring: state, at: now)
        } else {
            monitor = Monitor(settings: settings, at: now)
        }
        sequence = CommitSequence(store: store, publication: publication)
        var tail = TailSettings(path: LogWriter.path)
        (tail.batchBytes, tail.batchRows, tail.lineBytes) = (8_192, rowsPerBatch, 2_048)
        let pools = [BatchPool(source: 0), BatchPool(source: 1)]
        for pool in pools { queue.register(pool) }
        let positions = state?.sources.first?.positions ?? []
        var logs = LogSet(
            settings: tail, pattern: PathPattern(literal: tail.path), files: UnpackingFiles(files),
            resume: positions, startAt: .beginning)
        logs.look(now: now.monotonic)
        let carrier = logs.hasPending ? EventBatch.carrier(source: 0) : nil
        if let carrier {
            logs.attachPending(to: carrier)
            monitor.apply(carrier, at: now)
        }
        loop = TailLoop(
            logs: logs, schema: .fixed(Self.schema(model: World.model)), pool: pools[0], queue: queue)
        intake = LineIntake(
            schema: .fixed(Self.schema(model: "datagrams")), defaultModel: "datagrams", pool: pools[1], queue: queue)
        let cut = monitor.cut(at: now)
        try first(cut, standing, restored, positions, carrier)
        commit(cut)
    }

    /// Makes a cut durable and publishes it.
    @discardableResult
    func commit(_ cut: MonitorCut) -> CommitSequence.Outcome { sequence.run(cut, mustWrite: true) }
}
