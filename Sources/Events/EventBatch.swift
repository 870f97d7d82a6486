/// A stretch of a batch's bytes.
///
/// Valid only together with the batch, until it is cleared.
public struct ByteRange: Sendable, Equatable, BitwiseCopyable {
    /// First byte.
    public var offset: UInt32
    /// Number of bytes.
    ///
    /// `ByteRange.absent` has `UInt32.max`, other sentinels below that.
    public var length: UInt32

    /// Creates a range.
    @inlinable
    public init(offset: UInt32, length: UInt32) { (self.offset, self.length) = (offset, length) }

    /// The record has the field with the value null, or lacks it.
    @inlinable public static var missing: ByteRange { ByteRange(offset: 0, length: .max) }
    /// The record has the field with a value of the wrong type.
    @inlinable public static var invalid: ByteRange { ByteRange(offset: 0, length: .max - 1) }
    /// Whether this is bytes and not a sentinel.
    @inlinable public var isPresent: Bool { length < .max - 1 }
}

/// Marks of a numeric cell that holds no number.
///
/// All are NaN, so no arithmetic can mistake them for a value.
public enum NumberMark {
    /// Bits of a cell whose field is null or lacking.
    public static let missingBits: UInt64 = 0x7FF8_0000_0000_0001
    /// Bits of a cell whose field is not a number, or not a finite one.
    public static let invalidBits: UInt64 = 0x7FF8_0000_0000_0002
    /// The cell of a field that is null or lacking.
    @inlinable public static var missing: Double { Double(bitPattern: missingBits) }
    /// The cell of a field that is not a finite number.
    @inlinable public static var invalid: Double { Double(bitPattern: invalidBits) }
}

/// How the model answered the call.
public enum Status: UInt8, Sendable, CaseIterable {
    case success = 0
    case error = 1
    case timeout = 2
    case rejected = 3

    /// The `status` label value.
    public var label: String {
        switch self {
        case .success: "success"
        case .error: "error"
        case .timeout: "timeout"
        case .rejected: "rejected"
        }
    }
}

/// One value of one signal without the rest of its event: what a StatsD line carries.
public struct Observation: Sendable {
    /// Event time in nanoseconds since the epoch, or `EventBatch.noTimestamp`.
    public var timestamp: Int64
    /// Model name; `.missing` for the source's default.
    public var model: ByteRange
    /// Model version; `.missing` for the source's default.
    public var version: ByteRange
    /// What is observed.
    public var role: Role
    /// Feature name; `.missing` for the roles that have only one signal.
    public var name: ByteRange
    /// The value of a numeric observation; a `NumberMark` if `text` is present.
    public var number: Double
    /// The value of a categorical observation; `.missing` if `number` is a number.
    public var text: ByteRange
    /// Number of events it stands for: 1 divided by the sample rate.
    ///
    /// Finite, at least 1.
    public var weight: Double
    /// Whether it counts as a prediction of its model.
    public var isPrediction: Bool
    /// How the model answered, when `isPrediction`.
    public var status: Status

    /// Creates an observation.
    public init(
        timestamp: Int64, model: ByteRange, version: ByteRange, role: Role, name: ByteRange, number: Double,
        text: ByteRange, weight: Double, isPrediction: Bool, status: Status
    ) {
        self.timestamp = timestamp
        self.model = model
        self.version = version
        self.role = role
        self.name = name
        self.number = number
        self.text = text
        self.weight = weight
        self.isPrediction = isPrediction
        self.status = status
    }
}

/// Prediction events of one source in columns, with the bytes they refer to.
///
/// A batch has one owner at a time: the source thread fills it, the monitor thread reads it, and it returns to the
/// source's pool. It is handed over whole through a queue, which is what makes `@unchecked Sendable` true. All storage
/// is allocated once; filling and reading a batch allocates nothing.
///
/// Rows are whole events of `schema`; `observations` are single values that came without an event; `samples` are values
/// of metrics that are no model's. Text cells are ranges of `bytes`, already unescaped and valid UTF-8. What a source
/// never fills stays untouched memory, which costs it nothing.
@safe
public final class EventBatch: @unchecked Sendable {
    /// The timestamp of a row or observation whose record carries none.
    public static let noTimestamp = Int64.min

    /// Index of the source among the daemon's sources.
    public let source: Int
    /// Meaning of the columns; empty for a source that only takes observations.
    public let schema: Schema
    /// Most rows the batch holds.
    public let rowCapacity: Int
    /// Most observations the batch holds, and most samples.
    public let observationCapacity: Int
    /// Raw bytes; `byteCapacity + EventBatch.padding` are allocated, so that a reader may load 8 bytes at any offset.
    public let bytes: UnsafeMutableRawPointer
    /// Most bytes the batch holds.
    public let byteCapacity: Int
    /// Readable bytes after `byteCapacity`.
    public static let padding = 64

    /// Rows filled so far.
    public var rowCount = 0
    /// Observations filled so far.
    public var observationCount = 0
    /// Samples filled so far.
    public var sampleCount = 0
    /// Bytes filled so far.
    public var byteCount = 0
    /// What became of the lines in this batch, as a difference.
    public var receipt = Receipt()
    /// Changes of the source's file positions that this batch accounts for.
    public var positions: [PositionUpdate] = []
    /// Fields of a record that the schema does not know.
    public var unexpectedFields: UInt64 = 0

    /// Per row: event time in nanoseconds since the epoch, or `noTimestamp`.
    public let timestamps: UnsafeMutablePointer<Int64>
    /// Per row: hash of the identifier, or 0.
    public let identifiers: UnsafeMutablePointer<UInt64>
    /// Per row: model name, or `.missing` for `schema.defaultModel`.
    public let models: UnsafeMutablePointer<ByteRange>
    /// Per row: model version, or `.missing` for `schema.defaultVersion`.
    public let versions: UnsafeMutablePointer<ByteRange>
    /// Per row: raw value of `Status`.
    public let statuses: UnsafeMutablePointer<UInt8>
    /// Per signal of the schema: index of its column among the numeric or the text columns, by its kind.
    public let columnIndices: [Int]
    /// Number of numeric columns.
    public let numberColumnCount: Int
    /// Number of text columns.
    public let textColumnCount: Int
    /// Numeric cells, column after column: cell `row` of column `c` is at `c * rowCapacity + row`.
    public let numbers: UnsafeMutablePointer<Double>
    /// Text cells, laid out as `numbers`.
    public let texts: UnsafeMutablePointer<ByteRange>
    /// Single observations.
    public let observations: UnsafeMutablePointer<Observation>
    /// Samples of metrics that are no model's.
    public let samples: UnsafeMutablePointer<MetricSample>

    /// Allocates a batch.
    ///
    /// - Parameters:
    ///   - source: Index of the source.
    ///   - schema: Meaning of the columns.
    ///   - rowCapacity: At least 1.
    ///   - observationCapacity: At least 0.
    ///   - byteCapacity: At least 1, below 2³¹.
    public init(
        source: Int, schema: Schema, rowCapacity: Int = EventLimits.batchRows,
        observationCapacity: Int = EventLimits.batchObservations, byteCapacity: Int = EventLimits.batchBytes
    ) {
        precondition(rowCapacity > 0 && observationCapacity >= 0 && byteCapacity > 0 && byteCapacity < 1 << 31)
        self.source = source
        self.schema = schema
        self.rowCapacity = rowCapacity
        self.observationCapacity = observationCapacity
        self.byteCapacity = byteCapacity
        var indices: [Int] = []
        var (numberCount, textCount) = (0, 0)
        for signal in schema.signals {
            switch signal.kind {
            case .numeric:
                indices.append(numberCount)
                numberCount += 1
            case .categorical:
                indices.append(textCount)
                textCount += 1
            }
        }
        columnIndices = indices
        numberColumnCount = numberCount
        textColumnCount = textCount
        unsafe bytes = .allocate(byteCount: byteCapacity + Self.padding, alignment: 64)
        unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0, count: byteCapacity + Self.padding)
        unsafe timestamps = .allocate(capacity: rowCapacity)
        unsafe identifiers = .allocate(capacity: rowCapacity)
        unsafe models = .allocate(capacity: rowCapacity)
        unsafe versions = .allocate(capacity: rowCapacity)
        unsafe statuses = .allocate(capacity: rowCapacity)
        unsafe numbers = .allocate(capacity: max(1, numberCount * rowCapacity))
        unsafe texts = .allocate(capacity: max(1, textCount * rowCapacity))
        unsafe observations = .allocate(capacity: max(1, observationCapacity))
        unsafe samples = .allocate(capacity: max(1, observationCapacity))
    }

    deinit {
        unsafe bytes.deallocate()
        unsafe timestamps.deallocate()
        unsafe identifiers.deallocate()
        unsafe models.deallocate()
        unsafe versions.deallocate()
        unsafe statuses.deallocate()
        unsafe numbers.deallocate()
        unsafe texts.deallocate()
        unsafe observations.deallocate()
        unsafe samples.deallocate()
    }

    /// Empties the batch and keeps its storage.
    public func clear() {
        rowCount = 0
        observationCount = 0
        sampleCount = 0
        byteCount = 0
        receipt.clear()
        positions.removeAll(keepingCapacity: true)
        unexpectedFields = 0
    }

    /// Whether the batch carries nothing at all, neither events nor counts nor positions.
    public var isEmpty: Bool {
        rowCount == 0 && observationCount == 0 && sampleCount == 0 && positions.isEmpty && receipt == Receipt()
    }
}
