/// What happens to the simulated traffic.
public enum Scenario: String, Sendable, CaseIterable {
    /// Nothing: the marginal distributions stay as they are.
    case stable
    /// One feature jumps to another distribution at once.
    case suddenDrift = "sudden-drift"
    /// One feature slides to another distribution along a ramp.
    case gradualDrift = "gradual-drift"
    /// One feature is often null, lacking, of the wrong type or far out of range.
    case dataQuality = "data-quality"
    /// Answers take eight times as long, and one in ten comes too late.
    case latencySpike = "latency-spike"

    /// Numeric drift: shift of the feature in standard deviations of its underlying normal variable.
    public static let numericShift = 1.0
    /// Categorical drift: share of the values that turn into the feature's rarest category.
    public static let categoricalShift = 0.4
    /// Data quality: shares of null, lacking, wrong-type and out-of-range values of the feature.
    public static let brokenShares = (null: 0.15, lacking: 0.05, wrongType: 0.05, outOfRange: 0.05)
    /// Latency spike: factor on the time to answer.
    public static let latencyFactor = 8.0
    /// Latency spike: share of answers that come too late.
    public static let timeoutShare = 0.1
}

/// When a scenario is active, in seconds of the stream.
public struct Schedule: Sendable, Equatable {
    /// Begin of the disturbance.
    public var at: Double
    /// End of the disturbance; `nil` for never.
    public var until: Double?
    /// Seconds from nothing to full strength in `Scenario.gradualDrift`; the other scenarios begin at once.
    public var ramp: Double

    /// Creates a schedule.
    public init(at: Double = 60, until: Double? = nil, ramp: Double = 300) {
        (self.at, self.until, self.ramp) = (at, until, ramp)
    }

    /// Strength of the disturbance at a moment of the stream, 0 to 1.
    ///
    /// - Parameter gradual: Whether it grows along the ramp.
    public func strength(at elapsed: Double, gradual: Bool) -> Double {
        guard elapsed >= at, elapsed < until ?? .infinity else { return 0 }
        return gradual && ramp > 0 ? min(1, (elapsed - at) / ramp) : 1
    }
}

/// What a run of the simulator did, as ground truth for whoever watches it.
public struct Truth: Sendable, Equatable, CustomStringConvertible {
    /// What happens.
    public var scenario: Scenario
    /// The model it happens to.
    public var model: String
    /// The feature it happens to; `nil` where it is not about a feature.
    public var feature: String?
    /// When it happens.
    public var schedule: Schedule

    /// One line for people.
    public var description: String {
        guard scenario != .stable else { return "\(model): nothing happens, no alert is right" }
        let from = "from second \(Self.text(schedule.at))"
        let span = from + (schedule.until.map { " until second \(Self.text($0))" } ?? " on")
        let name = feature ?? ""
        let shares = Scenario.brokenShares
        return switch scenario {
        case .stable: ""
        case .suddenDrift: "\(model): \(name) drifts \(span), every other signal stays"
        case .gradualDrift:
            "\(model): \(name) drifts \(span), in full after \(Self.text(schedule.ramp)) s, every other signal stays"
        case .dataQuality:
            "\(model): \(Self.percent(shares.null + shares.lacking)) of \(name) is missing, "
                + "\(Self.percent(shares.wrongType)) of the wrong type, "
                + "\(Self.percent(shares.outOfRange)) out of range \(span)"
        case .latencySpike:
            "\(model): answers take \(Self.text(Scenario.latencyFactor)) times as long and "
                + "\(Self.percent(Scenario.timeoutShare)) time out \(span)"
        }
    }

    private static func text(_ x: Double) -> String {
        Int64(exactly: x).map { "\($0)" } ?? "\(x)"
    }

    private static func percent(_ share: Double) -> String { text((share * 100).rounded()) + " %" }
}
