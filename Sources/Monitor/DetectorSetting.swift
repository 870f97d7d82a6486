import Statistics

/// A classical detector of change, as the configuration names it.
public enum DetectorKind: UInt8, Sendable, CaseIterable {
    case cumulativeSum = 0
    case pageHinkley = 1
    case movingAverage = 2
    case adaptiveWindow = 3
    case kolmogorovWindow = 4
    case errorRate = 5
    case errorDistance = 6
    case hoeffdingMean = 7
    case hoeffdingWeighted = 8

    /// The `detector` label value, and its name in the configuration.
    public var label: String {
        switch self {
        case .cumulativeSum: "cusum"
        case .pageHinkley: "page_hinkley"
        case .movingAverage: "ewma"
        case .adaptiveWindow: "adwin"
        case .kolmogorovWindow: "kswin"
        case .errorRate: "ddm"
        case .errorDistance: "eddm"
        case .hoeffdingMean: "hddm_a"
        case .hoeffdingWeighted: "hddm_w"
        }
    }

    /// Whether it takes errors only: 1 for a wrong class, 0 for the right one.
    public var takesErrorsOnly: Bool { rawValue >= DetectorKind.errorRate.rawValue }

    /// Whether its threshold follows from a run length.
    public var hasRunLength: Bool { rawValue <= DetectorKind.movingAverage.rawValue }

    /// Whether its values are counted in standard deviations from a mean.
    var standardises: Bool { hasRunLength || self == .adaptiveWindow }
}

/// What a classical detector watches.
public struct DetectorSetting: Sendable, Equatable {
    /// Which one.
    public var kind: DetectorKind
    /// `error`, `latency`, `score`, `prediction`, `outcome`, or the name of a feature.
    public var signal: String
    /// Model it is for; `nil` for every model.
    public var model: String?
    /// Mean number of values between two false alarms, where the threshold follows from it.
    public var runLength: Double

    /// Run length where none is asked for.
    public static let defaultRunLength = 1_000_000.0
    /// Run lengths that can be asked for.
    public static let runLengths = 100.0...1e12
    /// The signal of errors: predictions against their outcomes.
    public static let error = "error"
    /// Allowance of a CUSUM, in standard deviations.
    static let allowance = 0.5
    /// Allowance of a Page-Hinkley test, in standard deviations.
    static let pageHinkleyAllowance = 0.1
    /// Weight of an EWMA.
    static let weight = 0.1

    /// Creates a setting.
    public init(kind: DetectorKind, signal: String, model: String? = nil, runLength: Double = defaultRunLength) {
        (self.kind, self.signal, self.model, self.runLength) = (kind, signal, model, runLength)
    }

    /// A detector that has seen nothing.
    func makeDetector() -> any ClassicalDetector {
        switch kind {
        case .cumulativeSum:
            let threshold = RunLength.cumulativeSum(allowance: Self.allowance, runLength: runLength)
            return CumulativeSum(allowance: Self.allowance, threshold: threshold)
        case .pageHinkley:
            let threshold = RunLength.cumulativeSum(allowance: Self.pageHinkleyAllowance, runLength: runLength)
            return PageHinkley(allowance: Self.pageHinkleyAllowance, threshold: threshold, memory: 1)
        case .movingAverage:
            let threshold = RunLength.movingAverage(weight: Self.weight, runLength: runLength)
            return MovingAverage(weight: Self.weight, threshold: threshold)
        case .adaptiveWindow: return AdaptiveWindow()
        case .kolmogorovWindow: return KolmogorovWindow()
        case .errorRate: return ErrorRate()
        case .errorDistance: return ErrorDistance()
        case .hoeffdingMean: return HoeffdingMean()
        case .hoeffdingWeighted: return HoeffdingWeighted()
        }
    }
}
