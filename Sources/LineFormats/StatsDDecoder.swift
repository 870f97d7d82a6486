public import Events

/// Decodes newline-separated DogStatsD lines, and JSON records among them, into a batch.
///
///     model.feature:12.5|g|#model:fraud,version:3,feature:amount
///     model.feature:DE|s|#model:fraud,feature:country
///     model.feature:4|c|#model:fraud,feature:country,value:DE
///     model.prediction:1|c|#model:fraud,class:approve,status:success
///     model.prediction:101.5:99.0|g|#model:price
///     model.score:0.93|h|@0.1|#model:fraud
///     model.latency:8.1|ms|#model:fraud
///     model.outcome:approve|s|#model:fraud
///
/// - `g`, `h`, `d` and `ms` carry numbers, `s` a category, `c` a count of the category in the tag `class` (or `value`).
///   Latencies are milliseconds as `ms` and seconds as any other type. A gauge with a sign is a negative number, as
///   DogStatsD clients mean it, not a difference.
/// - Each `model.prediction` line counts as predictions, with the status of the tag `status`, which may be a name or an
///   HTTP code and is success without one; a count needs no class for that.
/// - Several values (`1:2:3`) are several observations; empty ones are skipped and a bad one rejects the line.
/// - `@rate` makes a value stand for 1/rate events; it is ignored on gauges and on counts with a timestamp (`|T`).
/// - Other names are ignored as `unmapped`, events and service checks under their own reasons, unknown fields silently.
///
/// The first line that starts with `{` and everything like it goes to a `RecordDecoder`. A line becomes all of its
/// observations or none, and is counted in the receipt exactly once.
public struct StatsDDecoder: Sendable {
    /// Smallest sample rate: a value stands for at most a million events.
    public static let smallestRate = 1e-6
    /// Largest count of one line.
    public static let largestCount = 1e12

    private let numbers = DecimalReader()

    /// The first line that the last call rejected, if it rejected any.
    public private(set) var rejectedLine: RejectedLine?

    /// Creates a decoder.
    public init() {}

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
        var at = from
        while at < to {
            let end = bytes.newline(from: at)
            if bytes[at] == Byte.openBrace {
                guard records.decodeRecord(in: batch, from: at, to: end) else { break }
                rejectedLine = rejectedLine ?? records.rejectedLine
            } else {
                let length = end > at && bytes[end &- 1] == Byte.carriageReturn ? end &- 1 &- at : end &- at
                do throws(RejectionReason) {
                    guard try decodeLine(bytes, at, at &+ length, batch) else { break }
                } catch {
                    batch.receipt.reject(error)
                    if rejectedLine == nil {
                        rejectedLine = RejectedLine(reason: error, range: range(at, at &+ length))
                    }
                }
            }
            at = min(end &+ 1, to)
        }
        return at &- from
    }

    /// Decodes one line; `false` if the batch has no room for it.
    private func decodeLine(
        _ bytes: ByteWindow, _ from: Int, _ to: Int, _ batch: EventBatch
    ) throws(RejectionReason) -> Bool {
        if from == to {
            batch.receipt.ignore(.blankLine)
            return true
        }
        if bytes[from] == Byte.underscore {
            if bytes.half(from) & 0xFF_FFFF == 0x7B_655F {  // _e{
                batch.receipt.ignore(.event)
                return true
            }
            if bytes.half(from) == 0x7C63_735F {  // _sc|
                batch.receipt.ignore(.serviceCheck)
                return true
            }
        }
        guard UTF8Sequence.isValid(bytes, from, to) else { throw .invalidUTF8 }
        let line = try StatsDLine(bytes, from, to, numbers)
        guard let role = line.role else {
            batch.receipt.ignore(.unmapped)
            return true
        }
        if role == .feature && !line.feature.isPresent { throw .noSignal }
        let count = batch.observationCount
        var observation = Observation(
            timestamp: line.timestamp, model: line.model, version: line.version, role: role,
            name: role == .feature ? line.feature : .missing, number: NumberMark.missing, text: .missing,
            weight: line.weight, isPrediction: role == .prediction, status: line.status)
        switch line.type {
        case .set:
            observation.text = range(line.valuesFrom, line.valuesTo)
            guard observation.text.length > 0 else { throw .malformedValue }
            return take(observation, batch)
        case .count:
            guard role == .prediction || line.category.isPresent else { throw .noSignal }
            observation.text = line.category
            guard let total = try line.sumOfCounts(numbers) else {
                batch.receipt.ignore(.unmapped)
                return true
            }
            observation.weight = total * line.weight
            return take(observation, batch)
        case .number, .milliseconds:
            let scale = role == .latency && line.type == .milliseconds ? 0.001 : 1
            var written = count
            var at = line.valuesFrom
            // One more turn than there are colons; empty values are skipped.
            while at <= line.valuesTo {
                if at == line.valuesTo || bytes[at] == Byte.colon {
                    at &+= 1
                    continue
                }
                guard let value = numbers.read(bytes, &at, .lenient), value.isFinite,
                    at == line.valuesTo || bytes[at] == Byte.colon
                else { throw .malformedValue }
                guard written < batch.observationCapacity else {
                    // Nothing of the line is taken: it starts the next batch, unless no batch could hold it.
                    if count == 0 { throw .lineTooLong }
                    return false
                }
                observation.number = value * scale
                unsafe (batch.observations + written).initialize(to: observation)
                written &+= 1
                at &+= 1
            }
            guard written > count else { throw .malformedValue }
            batch.observationCount = written
            batch.receipt.accept()
            return true
        }
    }

    /// Appends one observation; `false` if there is no room.
    private func take(_ observation: Observation, _ batch: EventBatch) -> Bool {
        guard batch.observationCount < batch.observationCapacity else { return false }
        unsafe (batch.observations + batch.observationCount).initialize(to: observation)
        batch.observationCount &+= 1
        batch.receipt.accept()
        return true
    }
}
