internal import FoundationEssentials

/// What `/api/v1/drift` says: verdicts, the gates they passed or not, and what moved.
///
/// Key names are those of the JSON, described in `deploy/docs/drift-api.md`. Times are RFC 3339 in UTC.
struct DriftDocument: Encodable, Sendable {
    /// Most signals of one document, the drifted ones and those with the most evidence first.
    static let signalLimit = 500

    struct Model: Encodable, Sendable {
        var model: String
        var version: String
        /// `none`, `learning`, `ready`.
        var reference_state: String
        var reference: Source?
        /// What all verdicts of the model have to pass; `null` while nothing is compared.
        var gates: Gates?
        var kinds: [Kind]
        var signals: [Signal]
    }

    struct Source: Encodable, Sendable {
        var hash: String
        /// `file` or `learned`.
        var source: String
        var created: String
        var events: UInt64
    }

    struct Gates: Encodable, Sendable {
        /// Natural logarithm; a signal alone needs this much, k signals at once ln k less each.
        var log_evidence: Double
        /// What `effect.size_lower` has to reach, and by which statistic.
        var effect: Double
        var effect_statistic: String
        /// Growth of a share of missing or invalid values that is a problem of quality.
        var quality: Double
        /// Values of a window below which it has no statistics.
        var minimum_events: UInt64
        /// Mean time between two false alarms, all signals together.
        var false_alarm_budget_seconds: Int64
    }

    struct Kind: Encodable, Sendable {
        /// `input`, `prediction`, `score`, `outcome`.
        var kind: String
        /// Whether any signal of the kind has drifted.
        var drifted: Bool
        var drifted_signals: Int
        var compared_signals: Int
    }

    struct Signal: Encodable, Sendable {
        var kind: String
        var feature: String
        /// Evidence and effect have passed their gates, and the drift is not over.
        var drifted: Bool
        /// There is evidence, and missing or invalid values have grown.
        var quality_drifted: Bool
        /// Event time at which the drift probably began; while drifted.
        var onset: String?
        /// Times the verdict turned to drifted.
        var alarms: UInt64
        var log_evidence: Double
        /// Most evidence that a change of just `gates.effect` can come to.
        var log_evidence_limit: Double
        /// Events that the reference of the signal counts for.
        var reference_events: Double
        /// Of everything since the drift began; `null` without evidence of one.
        var effect: Effect?
        /// What moved since the drift began, most first.
        var contributions: [Contribution]
        var windows: [Window]
    }

    struct Effect: Encodable, Sendable {
        /// Sample size.
        var observations: UInt64
        var psi_excess: Double
        /// With a confidence of 95 %.
        var psi_excess_lower: Double
        /// The same by the statistic of the gate.
        var size: Double
        var size_lower: Double
        /// Growth of the shares of missing and invalid values, at least, with a confidence of 95 %; below 0 for none.
        var missing_growth_lower: Double
        var invalid_growth_lower: Double
    }

    struct Contribution: Encodable, Sendable {
        /// The `bin` label.
        var bin: String
        /// Bounds of a numeric bin; `null` where it has none.
        var from: Double?
        var below: Double?
        /// Signed part of the whole, −1 to 1.
        var contribution: Double
        /// Share before and since, 0 to 1.
        var reference_ratio: Double
        var current_ratio: Double
    }

    struct Window: Encodable, Sendable {
        var window: String
        var observations: UInt64
        var missing: UInt64
        var invalid: UInt64
        /// `null` below `gates.minimum_events`.
        var drift: Drift?
        /// Where numbers went: mean and quartiles that the reference knows.
        var shifts: [Shift]
        /// What moved in this window, while it is farther from the reference than `gates.effect`.
        var contributions: [Contribution]
    }

    struct Drift: Encodable, Sendable {
        var psi: Double
        var psi_excess: Double
        var psi_excess_lower: Double
        var chi2_z: Double
        var js: Double
        var hellinger: Double
        var tvd: Double
        var ks: Double?
        var wasserstein: Double?
        /// Values compared on either side.
        var current_events: UInt64
        var reference_events: UInt64
    }

    struct Shift: Encodable, Sendable {
        /// `mean`, `p25`, `p50`, `p75`.
        var statistic: String
        /// In the unit of the signal.
        var reference: Double
        var current: Double
        /// In robust standard deviations of the reference; `null` for a constant one.
        var scaled: Double?
    }

    /// When the numbers were cut, and number of the commit; `null` before the first.
    var taken: String?
    var commit: UInt64?
    var models: [Model]
    /// Signals that were asked for and are left out for `signalLimit`.
    var omitted_signals: Int

    /// The document as JSON, pretty, sorted keys.
    func json() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Numbers that are not finite are left out, so encoding cannot fail.
        let data = (try? encoder.encode(self)) ?? Data("{}".utf8)
        return Array(data) + [UInt8(ascii: "\n")]
    }
}
