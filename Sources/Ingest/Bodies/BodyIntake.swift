import Events
import LineFormats

/// What a source of bodies does with their lines, without HTTP and without its thread.
///
/// All records of a body find room or none does, so that a client that is told to come again repeats nothing.
final class BodyIntake {
    /// The schema in use; `nil` until inferred.
    private(set) var schema: Schema?
    /// Whether bodies are taken.
    var isOpen = false
    private let settings: BodySettings
    private let pool: BatchPool
    private let queue: BatchQueue
    private var decoder: LineDecoder
    private var batch: EventBatch?
    private var batchSince: Int64 = 0
    /// Counts that belong to no line of a batch in hand.
    private var pending = Receipt()
    private var held = HeldRecords()
    private var pairs = InferencePairs()
    private var events: [SourceEvent] = []
    private var rejections = RejectionExcerpts()

    init(schema: SourceSchema, settings: BodySettings, pool: BatchPool, queue: BatchQueue) {
        self.settings = settings
        self.pool = pool
        self.queue = queue
        if case .fixed(let schema) = schema {
            self.schema = schema
            decoder = LineDecoder(schema: schema)
            refill(schema)
        } else {
            decoder = LineDecoder(schema: Schema(signals: [], defaultModel: settings.defaultModel))
        }
    }

    /// Whether records wait for their schema.
    var isInferring: Bool { schema == nil && !held.isEmpty }

    /// Takes lines, each with its newline.
    func take(_ lines: [UInt8], records: Int, now: Int64) -> BodyAnswer {
        guard isOpen else { return .stopped }
        if lines.isEmpty { return .taken(Receipt()) }
        guard schema == nil else { return decode(lines, records: records, now: now) }
        var at = 0
        unsafe lines.withUnsafeBytes { lines in
            while let end = unsafe memchrOffset(of: 0x0A, in: lines, from: at) {
                unsafe held.add(UnsafeRawBufferPointer(rebasing: lines[at...end]), now: now)
                at = end + 1
            }
        }
        if held.isFull { infer(now: now) }
        return .held(records: records)
    }

    /// Takes one half of an inference; the pair is a record when both are there, or one has waited long enough.
    func take(_ event: CloudEvent, now: Int64) -> BodyAnswer {
        guard isOpen else { return .stopped }
        let due = pairs.add(event, now: now)
        guard let last = due.last else { return .held(records: 1) }
        for record in due.dropLast() { _ = take(record, records: 1, now: now) }
        return take(last, records: 1, now: now)
    }

    /// Counts a body that holds no records as one that was rejected.
    func reject(_ reason: RejectionReason, bytes: Int, now: Int64) -> BodyAnswer {
        var receipt = Receipt()
        receipt.reject(reason)
        return count(receipt, bytes: bytes, now: now)
    }

    /// Counts a body that nobody asked for as one that was ignored.
    func ignore(_ reason: IgnoreReason, bytes: Int, now: Int64) -> BodyAnswer {
        var receipt = Receipt()
        receipt.ignore(reason)
        return count(receipt, bytes: bytes, now: now)
    }

    private func count(_ receipt: Receipt, bytes: Int, now: Int64) -> BodyAnswer {
        guard isOpen else { return .stopped }
        var receipt = receipt
        receipt.bytesRead = UInt64(clamping: bytes)
        if batch == nil, pending == Receipt() { batchSince = now }
        pending.add(receipt)
        return .taken(receipt)
    }

    /// Infers and hands over what is due; true if there is something new to show.
    func tick(now: Int64) -> Bool {
        var hasNews = !events.isEmpty
        takeHalves(before: now - IngestLimits.inferencePatience, now: now)
        if isInferring, now >= held.dueAt {
            infer(now: now)
            hasNews = true
        }
        if now - batchSince >= IngestLimits.flushInterval {
            flush()
            let schema = schema
            if pending != Receipt(), let carrier = pool.lend({ .carrier(source: $0, schema: schema) }) { send(carrier) }
            batchSince = now
        }
        return hasNews
    }

    /// Hands over everything, counts included, and takes no more.
    func finish(now: Int64) {
        takeHalves(before: .max, now: now)
        if isInferring { infer(now: now) }
        isOpen = false
        flush()
        if pending != Receipt() { send(.carrier(source: pool.source, schema: schema)) }
    }

    /// Halves that have waited long enough are records of their own.
    private func takeHalves(before: Int64, now: Int64) {
        for record in pairs.expired(before: before) { _ = take(record, records: 1, now: now) }
    }

    /// What there is to log since the last call.
    func takeEvents() -> [SourceEvent] {
        defer { events = [] }
        return events
    }

    // MARK: - Decoding

    /// Decodes all lines into the batch in hand and further ones, or takes everything back.
    private func decode(_ lines: [UInt8], records: Int, now: Int64) -> BodyAnswer {
        var mark: Mark?
        var filled: [EventBatch] = []
        var total = Receipt()
        var at = 0
        while at < lines.count {
            guard let batch = batchInHand(now: now) else {
                takeBack(filled, to: mark)
                read(bytes: lines.count, now: now)
                pending.drop(.queueFull, count: UInt64(clamping: records))
                return .full(records: records)
            }
            if mark == nil { mark = Mark(batch) }
            let length = min(lines.count - at, batch.byteCapacity - batch.byteCount)
            let from = batch.byteCount
            unsafe lines.withUnsafeBytes { lines in
                let piece = unsafe UnsafeRawBufferPointer(rebasing: lines[at..<(at + length)])
                unsafe UnsafeMutableRawBufferPointer(start: batch.bytes + from, count: length).copyMemory(from: piece)
            }
            let taken = decoder.decodeLines(in: batch, from: from, to: from + length, isFinal: false)
            batch.byteCount = from + taken
            if let event = rejections.event(for: decoder.rejectedLine, in: batch, now: now) { events.append(event) }
            at += taken
            if at == lines.count { break }
            if taken == 0, from == 0 {
                // No batch holds this line.
                batch.receipt.reject(.lineTooLong)
                at = (lines[at...].firstIndex(of: 0x0A) ?? lines.count - 1) + 1
                continue
            }
            filled.append(batch)
            self.batch = nil
        }
        for batch in filled {
            total.add(batch.receipt)
            if let before = mark?.receipt(of: batch) { batch.receipt.add(before) }
            queue.push(batch)
        }
        if let batch {
            total.add(batch.receipt)
            if let before = mark?.receipt(of: batch) { batch.receipt.add(before) }
        }
        read(bytes: lines.count, now: now)
        return .taken(total)
    }

    /// What was in the batch in hand before a body; its own counts are set aside meanwhile.
    private struct Mark {
        let batch: EventBatch
        let rowCount: Int
        let byteCount: Int
        let unexpectedFields: UInt64
        let receipt: Receipt

        init(_ batch: EventBatch) {
            self.batch = batch
            (rowCount, byteCount) = (batch.rowCount, batch.byteCount)
            (unexpectedFields, receipt) = (batch.unexpectedFields, batch.receipt)
            batch.receipt.clear()
        }

        /// The counts set aside, if they are those of this batch.
        func receipt(of other: EventBatch) -> Receipt? { other === batch ? receipt : nil }
    }

    /// Makes the batches as they were before a body.
    private func takeBack(_ filled: [EventBatch], to mark: Mark?) {
        for batch in filled where batch !== mark?.batch { pool.put(batch) }
        guard let mark else { return }
        mark.batch.rowCount = mark.rowCount
        mark.batch.byteCount = mark.byteCount
        mark.batch.unexpectedFields = mark.unexpectedFields
        mark.batch.receipt = mark.receipt
        batch = mark.batch
    }

    private func read(bytes: Int, now: Int64) {
        if batch == nil, pending == Receipt() { batchSince = now }
        pending.bytesRead &+= UInt64(clamping: bytes)
    }

    private func batchInHand(now: Int64) -> EventBatch? {
        if batch == nil {
            batch = pool.take()
            if pending == Receipt() { batchSince = now }
        }
        return batch
    }

    private func flush() {
        guard let full = batch.take() else { return }
        send(full)
    }

    private func send(_ batch: EventBatch) {
        batch.receipt.add(pending)
        pending.clear()
        queue.push(batch)
    }

    private func refill(_ schema: Schema) {
        let (source, rows) = (pool.source, schema.signals.isEmpty ? 1 : EventLimits.batchRows)
        pool.refill(limit: IngestLimits.batchesPerSocket) {
            EventBatch(source: source, schema: schema, rowCapacity: rows, observationCapacity: 0)
        }
    }

    // MARK: - Inferring

    private func infer(now: Int64) {
        let held = held
        self.held = HeldRecords()
        var hints = settings.hints
        // Whatever else it says, what comes in bodies is JSON, and nothing is around it.
        (hints.format.wrapper, hints.format.grammar, hints.format.isMixed) = (RecordFormat.Wrapper.none, .json, false)
        var inference = SchemaInference(hints: hints)
        inference.add(lines: held.bytes, head: [])
        if var inferred = inference.infer(defaultModel: settings.defaultModel) {
            inferred.schema.fingerprint = settings.hints.fingerprint
            events.append(.schemaInferred(inferred.schema, explanation: inferred.explanation))
            schema = inferred.schema
            decoder = LineDecoder(schema: inferred.schema)
            refill(inferred.schema)
        } else {
            // Nothing measurable: a decoder that knows no signal says of each record why.
            events.append(.schemaNotInferred(records: held.records.count))
            refill(Schema(signals: [], defaultModel: settings.defaultModel))
        }
        _ = decode(held.bytes, records: held.records.count, now: now)
        if schema == nil { flush() }
    }
}
