public import Events
public import Patterns

/// A label of a rule.
public struct LabelTemplate: Sendable, Equatable {
    /// Name of the label.
    public var name: String
    /// Its value, with places for captures.
    public var value: NameTemplate

    /// Creates a label.
    public init(name: String, value: NameTemplate) { (self.name, self.value) = (name, value) }
}

/// What a rule makes of the metrics that it matches.
public enum MappingAction: Sendable, Equatable {
    /// Nothing: they are ignored.
    case drop
    /// A custom metric.
    case expose(ExposureRule)
    /// A signal of a model.
    case model(ModelRule)
}

/// How a rule exposes a metric.
public struct ExposureRule: Sendable, Equatable {
    /// Name, with places for captures.
    public var name: NameTemplate
    /// Labels beside those of the tags.
    public var labels: [LabelTemplate] = []
    /// Whether a tag wins over a label of the rule with its name.
    public var honorsTags = false
    /// How long a series without samples is kept, in nanoseconds; 0 for good.
    public var timeToLive: Int64 = 0
    /// What becomes of observed values.
    public var observer: CustomObserver
    /// Text for the reader of `/metrics`; empty for the general one.
    public var help = ""
    /// Factor of every value.
    public var scale = 1.0

    /// A rule that only gives a name.
    public init(name: NameTemplate, observer: CustomObserver) { (self.name, self.observer) = (name, observer) }
}

/// How a rule makes a metric a signal of a model.
public struct ModelRule: Sendable, Equatable {
    /// Name of the model, with places for captures.
    public var model: NameTemplate
    /// Version; `nil` for the tag `version`, and without one the source's.
    public var version: NameTemplate?
    /// What the values mean.
    public var role: Role
    /// Name of the feature; `nil` for the tag `feature`.
    public var feature: NameTemplate?
    /// Class that a count counts; `nil` for the tag `class` or `value`.
    public var category: NameTemplate?
    /// How the model answered; `nil` for the tag `status`, and without one success.
    public var status: Status?
    /// Factor of every number.
    public var scale = 1.0

    /// A rule for a role.
    public init(model: NameTemplate, role: Role) { (self.model, self.role) = (model, role) }
}

/// One rule: what it matches, and what it makes of it.
public struct MappingRule: Sendable, Equatable {
    /// What it matches.
    public var pattern: NamePattern
    /// What it makes of it.
    public var action: MappingAction

    /// Creates a rule.
    public init(pattern: NamePattern, action: MappingAction) { (self.pattern, self.action) = (pattern, action) }
}

/// Rules that give metrics other names, make them signals of models, or drop them.
public struct CustomMapping: Sendable, Equatable {
    /// The rules, in their order.
    public let rules: [MappingRule]
    /// Whether the first glob that matches counts; else the most specific one.
    public let isOrdered: Bool
    private let patterns: PatternSet

    /// Makes rules ready.
    public init(rules: [MappingRule] = [], isOrdered: Bool = true) {
        (self.rules, self.isOrdered) = (rules, isOrdered)
        patterns = PatternSet(rules.map(\.pattern), isOrdered: isOrdered)
    }

    /// A rule that matches, and what its wildcards stand for.
    typealias Match = (action: MappingAction, match: NameMatch)

    /// The rule for a metric; `nil` if there is none.
    func match(_ name: [UInt8], _ kind: SampleKind) -> Match? {
        let type: NameType =
            switch kind {
            case .count: .counter
            case .gauge, .gaugeChange: .gauge
            case .observation, .milliseconds: .observer
            case .member: .set
            }
        return patterns.match(name, type: type).map { (rules[$0.pattern].action, $0) }
    }

    /// Equal rules are equal mappings.
    public static func == (left: CustomMapping, right: CustomMapping) -> Bool {
        left.rules == right.rules && left.isOrdered == right.isOrdered
    }
}
