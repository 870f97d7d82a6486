/// Why a line or record was rejected: it could not be understood.
///
/// The name is the `reason` label. Append-only.
public enum RejectionReason: UInt8, Error, Sendable, CaseIterable {
    case malformedJSON = 0
    case notAnObject = 1
    case invalidUTF8 = 2
    case invalidUnicode = 3
    case lineTooLong = 4
    case tooDeep = 5
    case tooManyKeys = 6
    case invalidTimestamp = 7
    case malformedLine = 8
    case malformedValue = 9
    case unknownType = 10
    case invalidSampleRate = 11
    case columnCount = 12
    case partialLine = 13
    case noSignal = 14
    case nonfinite = 15
    case truncated = 16
    case encoding = 17
    case mixedTags = 18
    case negativeCount = 19
    case typeConflict = 20
    case nameConflict = 21
    case malformedPayload = 22
    case tooManyRows = 23
    case noIdentifier = 24

    /// The `reason` label value.
    public var label: String {
        switch self {
        case .malformedJSON: "malformed_json"
        case .notAnObject: "not_an_object"
        case .invalidUTF8: "invalid_utf8"
        case .invalidUnicode: "invalid_unicode"
        case .lineTooLong: "line_too_long"
        case .tooDeep: "too_deep"
        case .tooManyKeys: "too_many_keys"
        case .invalidTimestamp: "invalid_timestamp"
        case .malformedLine: "malformed_line"
        case .malformedValue: "malformed_value"
        case .unknownType: "unknown_type"
        case .invalidSampleRate: "invalid_sample_rate"
        case .columnCount: "column_count"
        case .partialLine: "partial_line"
        case .noSignal: "no_signal"
        case .nonfinite: "nonfinite"
        case .truncated: "truncated"
        case .encoding: "encoding"
        case .mixedTags: "mixed_tags"
        case .negativeCount: "negative_count"
        case .typeConflict: "type_conflict"
        case .nameConflict: "name_conflict"
        case .malformedPayload: "malformed_payload"
        case .tooManyRows: "too_many_rows"
        case .noIdentifier: "no_identifier"
        }
    }
}

/// Why something well-formed was dropped: a limit was reached.
///
/// Append-only.
public enum DropReason: UInt8, Sendable, CaseIterable {
    case queueFull = 0
    case shutdown = 1
    case metricLimit = 2

    /// The `reason` label value.
    public var label: String {
        switch self {
        case .queueFull: "queue_full"
        case .shutdown: "shutdown"
        case .metricLimit: "metric_limit"
        }
    }
}

/// Why something well-formed was ignored: nobody asked for it.
///
/// Append-only.
public enum IgnoreReason: UInt8, Sendable, CaseIterable {
    case blankLine = 0
    case comment = 1
    case unmapped = 2
    case event = 3
    case serviceCheck = 4
    case header = 5
    case nulBytes = 6
    case mappingRule = 7
    /// A line beside the records of a mixed log.
    case otherText = 8

    /// The `reason` label value.
    public var label: String {
        switch self {
        case .blankLine: "blank_line"
        case .comment: "comment"
        case .unmapped: "unmapped"
        case .event: "event"
        case .serviceCheck: "service_check"
        case .header: "header"
        case .nulBytes: "nul_bytes"
        case .mappingRule: "mapping_rule"
        case .otherText: "other_text"
        }
    }
}

/// Why bytes of a file were never read.
///
/// Append-only.
public enum LossReason: UInt8, Sendable, CaseIterable {
    case truncated = 0
    case removed = 1
    /// Compressed bytes behind the place where a compressed file is damaged.
    case corrupt = 2

    /// The `reason` label value.
    public var label: String {
        switch self {
        case .truncated: "truncated"
        case .removed: "removed"
        case .corrupt: "corrupt"
        }
    }
}

/// How a compressed file ended that was read as far as it goes.
///
/// Append-only.
public enum ArchiveEnd: UInt8, Sendable, CaseIterable {
    /// Every byte of it was read, and its checksums are right.
    case complete = 0
    /// It ends in the middle, and nothing came for long.
    case truncated = 1
    /// Its bytes cannot be decompressed from some place on, or a checksum is wrong.
    case corrupt = 2
    /// It is no gzip file, whatever its name says.
    case foreign = 3

    /// The `result` label value.
    public var label: String {
        switch self {
        case .complete: "complete"
        case .truncated: "truncated"
        case .corrupt: "corrupt"
        case .foreign: "not_gzip"
        }
    }
}

/// What became of the lines of one source: the terms of the conservation law.
///
///     received = accepted + Σ rejected + Σ dropped + Σ ignored
///
/// A receipt is a difference when it travels with a batch and a total when the monitor keeps it.
public struct Receipt: Sendable, Equatable {
    /// Lines (records, datagram lines) taken from the source.
    ///
    /// A blank line is a line.
    public var received: UInt64 = 0
    /// Lines that became a row or at least one observation.
    public var accepted: UInt64 = 0
    /// Lines that could not be understood, by `RejectionReason.rawValue`.
    public var rejected = [UInt64](repeating: 0, count: RejectionReason.allCases.count)
    /// Lines dropped at a limit, by `DropReason.rawValue`.
    public var dropped = [UInt64](repeating: 0, count: DropReason.allCases.count)
    /// Lines nobody asked for, by `IgnoreReason.rawValue`.
    public var ignored = [UInt64](repeating: 0, count: IgnoreReason.allCases.count)
    /// Bytes of a file never read, by `LossReason.rawValue`.
    public var lostBytes = [UInt64](repeating: 0, count: LossReason.allCases.count)
    /// Compressed files read as far as they go, by `ArchiveEnd.rawValue`.
    public var archives = [UInt64](repeating: 0, count: ArchiveEnd.allCases.count)
    /// Bytes taken from the source.
    public var bytesRead: UInt64 = 0
    /// Datagrams the kernel dropped before we could read them.
    public var kernelDrops: UInt64 = 0
    /// Times a file was seen to shrink.
    public var truncations: UInt64 = 0
    /// Times a path was seen to lead to another file.
    public var rotations: UInt64 = 0

    /// Creates an empty receipt.
    public init() {}

    /// Counts one rejected line.
    public mutating func reject(_ reason: RejectionReason) {
        received &+= 1
        rejected[Int(reason.rawValue)] &+= 1
    }

    /// Counts one ignored line.
    public mutating func ignore(_ reason: IgnoreReason, count: UInt64 = 1) {
        received &+= count
        ignored[Int(reason.rawValue)] &+= count
    }

    /// Counts `count` dropped lines.
    public mutating func drop(_ reason: DropReason, count: UInt64 = 1) {
        received &+= count
        dropped[Int(reason.rawValue)] &+= count
    }

    /// Counts `count` accepted lines.
    public mutating func accept(_ count: UInt64 = 1) {
        received &+= count
        accepted &+= count
    }

    /// Moves one line from accepted to rejected.
    ///
    /// For what only the monitor can know, such as the type of a metric.
    public mutating func revoke(_ reason: RejectionReason) {
        accepted &-= 1
        rejected[Int(reason.rawValue)] &+= 1
    }

    /// Moves one line from accepted to dropped.
    public mutating func revoke(_ reason: DropReason) {
        accepted &-= 1
        dropped[Int(reason.rawValue)] &+= 1
    }

    /// Moves one line from accepted to ignored.
    public mutating func revoke(_ reason: IgnoreReason) {
        accepted &-= 1
        ignored[Int(reason.rawValue)] &+= 1
    }

    /// Adds another receipt, term by term.
    public mutating func add(_ other: Receipt) {
        received &+= other.received
        accepted &+= other.accepted
        for i in rejected.indices where i < other.rejected.count { rejected[i] &+= other.rejected[i] }
        for i in dropped.indices where i < other.dropped.count { dropped[i] &+= other.dropped[i] }
        for i in ignored.indices where i < other.ignored.count { ignored[i] &+= other.ignored[i] }
        for i in lostBytes.indices where i < other.lostBytes.count { lostBytes[i] &+= other.lostBytes[i] }
        for i in archives.indices where i < other.archives.count { archives[i] &+= other.archives[i] }
        bytesRead &+= other.bytesRead
        kernelDrops &+= other.kernelDrops
        truncations &+= other.truncations
        rotations &+= other.rotations
    }

    /// Sets every term to zero and keeps the storage.
    public mutating func clear() {
        received = 0
        accepted = 0
        for i in rejected.indices { rejected[i] = 0 }
        for i in dropped.indices { dropped[i] = 0 }
        for i in ignored.indices { ignored[i] = 0 }
        for i in lostBytes.indices { lostBytes[i] = 0 }
        for i in archives.indices { archives[i] = 0 }
        bytesRead = 0
        kernelDrops = 0
        truncations = 0
        rotations = 0
    }

    /// Whether the conservation law holds.
    public var isBalanced: Bool {
        received == accepted &+ rejected.reduce(0, &+) &+ dropped.reduce(0, &+) &+ ignored.reduce(0, &+)
    }
}
