public import Events

/// Decodes newline-separated StatsD and DogStatsD lines (protocol 1.0 to 1.6), and JSON records among them, into a
/// batch.
///
///     model.feature:12.5|g|#model:fraud,version:3,feature:amount
///     model.feature:DE|s|#model:fraud,feature:country
///     model.feature:4|c|#model:fraud,feature:country,value:DE
///     model.prediction:1|c|#model:fraud,class:approve,status:success
///     model.prediction:101.5:99.0|g|#model:price
///     model.score:0.93|h|@0.1|#model:fraud
///     model.latency:8.1|ms|#model:fraud
///     model.outcome:approve|s|#model:fraud
///     page.views:3|c|@0.5|#page:home
///
/// - Lines about models become observations. `g`, `h`, `d` and `ms` carry numbers, `s` a category, `c` a count of the
///   category in the tag `class` (or `value`). Latencies are milliseconds as `ms` and seconds as any other type.
/// - Each `model.prediction` line counts as predictions, with the status of the tag `status`, which may be a name or an
///   HTTP code and is success without one; a count needs no class for that.
/// - Every other name becomes samples, whose meaning the monitor finds by name.
/// - Several values (`1:2:3`) are several observations; empty ones are skipped and a bad one rejects the line. The
///   value of a set keeps its colons.
/// - `@rate` makes a value stand for 1/rate events; it is ignored on gauges and on counts with a timestamp (`|T`).
/// - Events and service checks are counted under their own reasons. Fields come in any order, unknown ones mean
///   nothing.
///
/// A line that starts with `{` goes to a `RecordDecoder`. A line becomes all of its observations or none, and is
/// counted in the receipt exactly once.
public struct StatsDDecoder: Sendable {
    /// Smallest sample rate: a value stands for at most a million events.
    public static let smallestRate = 1e-6
    /// Largest count of one line.
    public static let largestCount = 1e12

    private let numbers = DecimalReader()
    private let options: StatsDOptions
    /// What `StatsDTagCache` remembers.
    private var knownTags = [StatsDTagCache.Entry](repeating: .init(), count: StatsDTagCache.capacity)

    /// The first line that the last call rejected, if it rejected any.
    public private(set) var rejectedLine: RejectedLine?

    /// Creates a decoder.
    public init(options: StatsDOptions = StatsDOptions()) { self.options = options }

    /// Decodes the lines of `batch.bytes[from..<to]`, the last one with or without a newline, until the batch is full.
    ///
    /// - Parameters:
    ///   - batch: Takes observations, and rows if its schema is that of `records`.
    ///   - from: Offset of the start of a line.
    ///   - to: Offset after the last byte, at most `batch.byteCapacity`.
    ///   - records: Decodes the lines that are JSON.
    /// - Returns: Number of bytes consumed, a whole number of lines; the rest is for the next batch.
    public mutating func decodeLines(
        in batch: EventBatch, from: Int, to: Int, records: inout RecordDecoder
    ) -> Int {
        precondition(from >= 0 && from <= to && to <= batch.byteCapacity)
        rejectedLine = nil
        let bytes = unsafe ByteWindow(batch.bytes)
        let next = bytes[to]
        bytes[to] = Byte.newline
        defer { bytes[to] = next }
        // Out of the decoder while it is in use, so that no access to it overlaps another.
        var known: [StatsDTagCache.Entry] = []
        swap(&known, &knownTags)
        defer { swap(&known, &knownTags) }
        return unsafe known.withUnsafeMutableBufferPointer { entries in
            guard let first = entries.baseAddress else { return 0 }
            var fill = unsafe Fill(batch, tags: StatsDTagCache(first))
            let behind = decodeLines(bytes, from, to, batch, &fill, &records)
            (batch.observationCount, batch.sampleCount) = (fill.observations, fill.samples)
            batch.receipt.accept(fill.accepted)
            return behind &- from
        }
    }

    /// Decodes lines until the batch is full and returns the offset behind the last one taken.
    private mutating func decodeLines(
        _ bytes: ByteWindow, _ from: Int, _ to: Int, _ batch: EventBatch, _ fill: inout Fill,
        _ records: inout RecordDecoder
    ) -> Int {
        var at = from
        while at < to {
            let (end, isASCII) = bytes.line(from: at)
            if bytes[at] == Byte.openBrace {
                guard records.decodeRecord(in: batch, from: at, to: end) else { break }
                rejectedLine = rejectedLine ?? records.rejectedLine
            } else {
                let length = end > at && bytes[end &- 1] == Byte.carriageReturn ? end &- 1 &- at : end &- at
                do throws(RejectionReason) {
                    guard isASCII || UTF8Sequence.isValid(bytes, at, at &+ length) else { throw .invalidUTF8 }
                    guard try decodeLine(bytes, at, at &+ length, batch, &fill) else { break }
                } catch {
                    batch.receipt.reject(error)
                    if rejectedLine == nil {
                        rejectedLine = RejectedLine(reason: error, range: range(at, at &+ length))
                    }
                }
            }
            at = min(end &+ 1, to)
        }
        return at
    }

    /// What a call has put into its batch, booked there at its end: to book each line costs a tenth of its time.
    @safe
    private struct Fill {
        var observations: Int
        var samples: Int
        var accepted: UInt64 = 0
        /// Most observations, and most samples.
        let capacity: Int
        let observationCells: UnsafeMutablePointer<Observation>
        let sampleCells: UnsafeMutablePointer<MetricSample>
        let tags: StatsDTagCache

        init(_ batch: EventBatch, tags: StatsDTagCache) {
            self.tags = tags
            (observations, samples, capacity) = (batch.observationCount, batch.sampleCount, batch.observationCapacity)
            unsafe (observationCells, sampleCells) = (batch.observations, batch.samples)
        }
    }

    /// Decodes one line; `false` if the batch has no room for it.
    private func decodeLine(
        _ bytes: ByteWindow, _ from: Int, _ to: Int, _ batch: EventBatch, _ fill: inout Fill
    ) throws(RejectionReason) -> Bool {
        if from == to {
            batch.receipt.ignore(.blankLine)
            return true
        }
        if bytes[from] == Byte.underscore {
            if StatsDNotice.isEvent(bytes, from) {
                guard StatsDNotice.isWholeEvent(bytes, from, to) else { throw .malformedLine }
                batch.receipt.ignore(.event)
                return true
            }
            if StatsDNotice.isServiceCheck(bytes, from) {
                guard StatsDNotice.isWholeServiceCheck(bytes, from, to) else { throw .malformedLine }
                batch.receipt.ignore(.serviceCheck)
                return true
            }
        }
        let line = try StatsDLine(bytes, from, to, numbers, options)
        guard let role = line.role else { return try takeSamples(line, &fill) }
        return try takeObservations(line, role, batch, &fill)
    }

    // MARK: Models

    /// Appends the observations of a line about a model.
    private func takeObservations(
        _ line: StatsDLine, _ role: Role, _ batch: EventBatch, _ fill: inout Fill
    ) throws(RejectionReason) -> Bool {
        let tags = fill.tags.tags(of: line, numbers)
        if role == .feature && !tags.feature.isPresent { throw .noSignal }
        var observation = Observation(
            timestamp: line.timestamp, model: tags.model, version: tags.version, role: role,
            name: role == .feature ? tags.feature : .missing, number: NumberMark.missing, text: .missing,
            weight: line.weight, isPrediction: role == .prediction, status: tags.status)
        switch line.type {
        case .set:
            observation.text = range(line.valuesFrom, line.valuesTo)
        case .count:
            guard role == .prediction || tags.category.isPresent else { throw .noSignal }
            observation.text = tags.category
            let total = try line.sumOfCounts(numbers)
            if total == 0 {
                batch.receipt.ignore(.unmapped)
                return true
            }
            guard total >= 1 else { throw .malformedValue }
            observation.weight = total * line.weight
        case .number, .gauge, .milliseconds:
            let scale = role == .latency && line.type == .milliseconds ? 0.001 : 1
            let first = unsafe fill.observationCells + fill.observations
            guard
                let count = try readValues(
                    line, room: fill.capacity &- fill.observations, isFresh: fill.observations == 0,
                    { place, value, _ in
                        observation.number = value * scale
                        unsafe (first + place).initialize(to: observation)
                    })
            else { return false }
            fill.observations &+= count
            fill.accepted &+= 1
            return true
        }
        guard fill.observations < fill.capacity else { return false }
        unsafe (fill.observationCells + fill.observations).initialize(to: observation)
        fill.observations &+= 1
        fill.accepted &+= 1
        return true
    }

    // MARK: Other metrics

    /// Appends the samples of a line about anything else.
    private func takeSamples(_ line: StatsDLine, _ fill: inout Fill) throws(RejectionReason) -> Bool {
        let first = unsafe fill.sampleCells + fill.samples
        var sample = MetricSample(
            name: range(line.nameFrom, line.nameTo),
            tags: line.tagsTo > line.tagsFrom ? range(line.tagsFrom, line.tagsTo) : .missing,
            separator: line.separator, kind: .observation, isFirst: true, value: 0, text: .missing,
            weight: line.weight, timestamp: line.timestamp)
        switch line.type {
        case .set:
            sample.kind = .member
            sample.text = range(line.valuesFrom, line.valuesTo)
        case .count:
            sample.kind = .count
            sample.value = try line.sumOfCounts(numbers)
        case .number, .gauge, .milliseconds:
            let kind: SampleKind =
                line.type == .gauge ? .gauge : line.type == .milliseconds ? .milliseconds : .observation
            let signsAreChanges = line.type == .gauge && options.signsAreChanges
            guard
                let count = try readValues(
                    line, room: fill.capacity &- fill.samples, isFresh: fill.samples == 0,
                    { place, value, isSigned in
                        sample.kind = signsAreChanges && isSigned ? .gaugeChange : kind
                        sample.value = value
                        sample.isFirst = place == 0
                        unsafe (first + place).initialize(to: sample)
                    })
            else { return false }
            fill.samples &+= count
            fill.accepted &+= 1
            return true
        }
        guard fill.samples < fill.capacity else { return false }
        unsafe first.initialize(to: sample)
        fill.samples &+= 1
        fill.accepted &+= 1
        return true
    }

    // MARK: Values

    /// Reads the numbers of a line and hands each over with its place and whether it has a sign.
    ///
    /// - Returns: How many there are; `nil` if there is no room for all, in which case none counts and the line starts
    ///   the next batch.
    @inline(__always)
    private func readValues(
        _ line: StatsDLine, room: Int, isFresh: Bool, _ take: (_ place: Int, _ value: Double, _ isSigned: Bool) -> Void
    ) throws(RejectionReason) -> Int? {
        let bytes = line.bytes
        var count = 0
        var at = line.valuesFrom
        // One more turn than there are colons; empty values are skipped.
        while at <= line.valuesTo {
            if at == line.valuesTo || bytes[at] == Byte.colon {
                at &+= 1
                continue
            }
            let isSigned = bytes[at] == Byte.minus || bytes[at] == Byte.plus
            guard let value = numbers.readLenient(bytes, &at), value.isFinite,
                at == line.valuesTo || bytes[at] == Byte.colon
            else { throw .malformedValue }
            guard count < room else {
                // A line that not even an empty batch can hold would come back for ever.
                if isFresh { throw .lineTooLong }
                return nil
            }
            take(count, value, isSigned)
            count &+= 1
            at &+= 1
        }
        guard count > 0 else { throw .malformedValue }
        return count
    }
}
