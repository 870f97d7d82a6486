internal import Events
internal import FoundationEssentials
internal import Monitor

/// What `/api/v1/status` says, and the landing page shows.
///
/// Key names are those of the JSON.
struct StatusDocument: Encodable, Sendable {
    struct Source: Encodable, Sendable {
        var name: String
        /// `starting`, `waiting`, `blocked`, `inferring`, `reading`, `stopped`.
        var state: String
        var detail: String
        /// Bytes not read yet, and seconds since everything was read; `null` for datagrams.
        var lag_bytes: UInt64?
        var lag_seconds: Double?
        var received: UInt64
        var accepted: UInt64
        /// Lines not taken, by what became of them and reason; only reasons that occurred.
        var rejected: [String: UInt64]
        var dropped: [String: UInt64]
        var ignored: [String: UInt64]
        var schema: [Field]?
    }

    struct Field: Encodable, Sendable {
        var name: String
        var role: String
        var kind: String
        var path: [String]
    }

    struct Model: Encodable, Sendable {
        var model: String
        var version: String
        var predictions: UInt64
        /// RFC 3339; `null` before the first.
        var last_prediction: String?
        /// `none`, `learning`, `ready`.
        var reference_state: String
        var reference: String?
        var reference_source: String?
        var reference_events: UInt64?
        /// Events learned from, and wanted; while learning.
        var learned: UInt64?
        var learning_goal: UInt64?
        var signals: Int
    }

    var version: String
    var started: String
    var taken: String?
    var commit: UInt64?
    var ready: Bool
    var config_file: String?
    var config_reload_successful: Bool
    var state_directory: String?
    var state_written: String?
    var failed_commits: UInt64
    var sources: [Source]
    var models: [Model]

    /// The document as JSON, pretty, sorted keys.
    func json() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Every number in here is finite, so encoding cannot fail.
        let data = (try? encoder.encode(self)) ?? Data("{}".utf8)
        return Array(data) + [UInt8(ascii: "\n")]
    }
}

extension StatusDocument.Source {
    /// A source by what was committed and what it is doing now.
    init(_ snapshot: SourceSnapshot, activity: SourceActivity?) {
        func counts<R: CaseIterable & RawRepresentable>(
            _ values: [UInt64], _ reasons: R.Type, _ label: (R) -> String
        ) -> [String: UInt64] where R.RawValue == UInt8 {
            var result: [String: UInt64] = [:]
            for reason in R.allCases where values.indices.contains(Int(reason.rawValue)) {
                let count = values[Int(reason.rawValue)]
                if count > 0 { result[label(reason)] = count }
            }
            return result
        }
        let receipt = snapshot.receipt
        name = snapshot.name
        state = activity?.state ?? "stopped"
        detail = activity?.detail ?? ""
        lag_bytes = activity?.lagBytes
        lag_seconds = activity?.lagSeconds.map { $0.isFinite ? $0 : 0 }
        received = receipt.received
        accepted = receipt.accepted
        rejected = counts(receipt.rejected, RejectionReason.self, \.label)
        dropped = counts(receipt.dropped, DropReason.self, \.label)
        ignored = counts(receipt.ignored, IgnoreReason.self, \.label)
        schema = snapshot.schema?.signals.map { signal in
            StatusDocument.Field(
                name: signal.name, role: "\(signal.role)", kind: "\(signal.kind)", path: signal.path)
        }
    }
}

extension StatusDocument.Model {
    /// A model as published.
    init(_ snapshot: ModelSnapshot) {
        model = snapshot.model
        version = snapshot.version
        predictions = snapshot.predictions.reduce(0, &+)
        last_prediction = snapshot.lastPrediction.map(Timestamps.text)
        signals = snapshot.signals.count
        reference = snapshot.reference?.hash
        reference_source = snapshot.reference?.source.label
        reference_events = snapshot.reference?.events
        switch snapshot.referenceState {
        case .none: reference_state = "none"
        case .ready: reference_state = "ready"
        case .learning(let events, let goal):
            reference_state = "learning"
            (learned, learning_goal) = (events, goal)
        }
    }
}
