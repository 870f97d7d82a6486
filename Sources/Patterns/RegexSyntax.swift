/// What a regular expression is made of.
indirect enum RegexNode {
    /// Matches without taking anything.
    case empty
    /// One character of a set.
    case set(ScalarSet)
    /// A place in the text.
    case place(RegexPlace)
    /// One after the other.
    case sequence([RegexNode])
    /// The first of several that leads to a match.
    case choice([RegexNode])
    /// Remembers what a part matches, under a number from 1.
    case group(Int, RegexNode)
    /// Repeats, as often as possible unless lazy; without `upTo` there is no end.
    case repeated(RegexNode, from: Int, upTo: Int?, isLazy: Bool)
}

/// A condition on where a match stands in the text.
enum RegexPlace: Equatable {
    case textStart, textEnd, lineStart, lineEnd, wordEdge, noWordEdge
}

/// Characters, as ascending ranges of Unicode scalars that do not touch.
struct ScalarSet: Equatable {
    private(set) var ranges: [ClosedRange<UInt32>]

    static let highest: UInt32 = 0x10_FFFF
    static let digits = ScalarSet([0x30...0x39])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let space = ScalarSet([0x09...0x0A, 0x0C...0x0D, 0x20...0x20])
    static let all = ScalarSet([0...highest])
    static let notNewline = ScalarSet([0x0A...0x0A]).inverted

    init(_ ranges: [ClosedRange<UInt32>]) {
        self.ranges = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = self.ranges.last, range.lowerBound <= last.upperBound + 1 {
                self.ranges[self.ranges.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                self.ranges.append(range)
            }
        }
    }

    /// Everything else.
    var inverted: ScalarSet {
        var (rest, next): ([ClosedRange<UInt32>], UInt32) = ([], 0)
        for range in ranges {
            if range.lowerBound > next { rest.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= Self.highest { rest.append(next...Self.highest) }
        return ScalarSet(rest)
    }

    /// With ASCII letters in both cases.
    var caseless: ScalarSet {
        var both = ranges
        for range in ranges {
            for letter in UInt32(0x41)...0x5A where range.contains(letter) { both.append(letter + 32...letter + 32) }
            for letter in UInt32(0x61)...0x7A where range.contains(letter) { both.append(letter - 32...letter - 32) }
        }
        return ScalarSet(both)
    }

    /// Whether a scalar is in the set.
    func contains(_ scalar: UInt32) -> Bool {
        for range in ranges where scalar <= range.upperBound { return scalar >= range.lowerBound }
        return false
    }
}

/// Why a text is no regular expression that can be used.
public struct PatternError: Error, Equatable {
    /// What is wrong, to follow the pattern in a sentence.
    public var rule: String

    init(_ rule: String) { self.rule = rule }
}

/// Bounds of patterns, in one place.
public enum PatternLimits {
    /// Bytes of one pattern.
    public static let bytes = 4_096
    /// Nesting of groups.
    public static let depth = 50
    /// Most repetitions that a pattern may ask for, as in RE2.
    public static let repetitions = 1_000
    /// Steps of a compiled expression.
    public static let steps = 10_000
    /// Groups of one expression.
    public static let groups = 100
    /// Bytes of a name that is matched; longer ones match nothing.
    public static let nameBytes = 1_024
}
