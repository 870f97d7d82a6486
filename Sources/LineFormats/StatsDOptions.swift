/// Where StatsD clients put tags, apart from DogStatsD's `|#key:value`, which is always read.
public struct StatsDTagStyles: OptionSet, Sendable, Hashable {
    /// One bit per style.
    public let rawValue: UInt8

    /// Creates a set of styles.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// `name,key=value,key=value:1|c`.
    public static let influxDB = StatsDTagStyles(rawValue: 1)
    /// `name#key=value,key=value:1|c`.
    public static let librato = StatsDTagStyles(rawValue: 2)
    /// `name[key=value,key=value]:1|c`, the brackets anywhere in the name.
    public static let signalFX = StatsDTagStyles(rawValue: 4)
    /// Every style.
    public static let all: StatsDTagStyles = [.influxDB, .librato, .signalFX]
}

/// What StatsD clients disagree about.
public struct StatsDOptions: Sendable, Equatable {
    /// Whether a gauge value with a sign changes the gauge, as Etsy's StatsD has it, instead of setting it to a number
    /// with that sign, as DogStatsD has it.
    ///
    /// Lines about models are never differences.
    public var signsAreChanges: Bool
    /// Styles of tags that are read beside DogStatsD's.
    public var tagStyles: StatsDTagStyles
    /// Whether names such as `model.feature` speak about models; if not, they are metrics like any other.
    public var readsModelLines: Bool

    /// Options, by default DogStatsD with every style of tags.
    public init(
        signsAreChanges: Bool = false, tagStyles: StatsDTagStyles = .all, readsModelLines: Bool = true
    ) {
        (self.signsAreChanges, self.tagStyles, self.readsModelLines) = (signsAreChanges, tagStyles, readsModelLines)
    }
}
