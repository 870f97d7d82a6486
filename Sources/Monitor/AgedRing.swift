public import Sketches

/// A summary that can be added to another one of its kind, and emptied.
public protocol AgedSummary: Sendable {
    /// One that has seen nothing.
    static var empty: Self { get }
    /// Adds what another one has seen.
    mutating func merge(_ other: Self)
    /// Forgets everything and keeps the storage.
    mutating func reset()
}

extension DistinctCounter: AgedSummary {
    /// No members.
    public static var empty: DistinctCounter { DistinctCounter() }
}

extension QuantileSketch: AgedSummary {
    /// No values.
    public static var empty: QuantileSketch { QuantileSketch() }
}

/// The recent past of a stream in equal parts of time, the oldest of which is forgotten at once.
public struct AgedRing<Part: AgedSummary>: Sendable {
    /// Parts; the one at `head` takes what comes.
    public private(set) var parts: [Part]
    /// Number of the newest part.
    public private(set) var head = 0
    /// When the newest part began, in nanoseconds; `nil` before the first value.
    public private(set) var since: Int64?
    /// Nanoseconds that a part holds.
    public let length: Int64

    /// An empty ring over `age` nanoseconds.
    public init(age: Int64, parts: Int) {
        let count = max(1, parts)
        self.parts = [Part](repeating: .empty, count: count)
        length = max(1, age / Int64(count))
    }

    /// Restores a ring; `nil` if its parts do not belong together.
    public init?(parts: [Part], head: Int, since: Int64?, length: Int64) {
        guard parts.indices.contains(head), length > 0 else { return nil }
        (self.parts, self.head, self.since, self.length) = (parts, head, since, length)
    }

    /// Changes the newest part as of `now`.
    ///
    /// Time that goes back changes the newest part as well.
    mutating func update(at now: Int64, _ change: (inout Part) -> Void) {
        if let since, now >= since {
            let steps = (now &- since) / length
            if steps > 0 {
                for _ in 0..<min(steps, Int64(parts.count)) {
                    head = head + 1 == parts.count ? 0 : head + 1
                    parts[head].reset()
                }
                self.since = since &+ steps &* length
            }
        } else if since == nil {
            since = now
        }
        change(&parts[head])
    }

    /// What was seen in the recent past as of `now`.
    public func recent(at now: Int64) -> Part {
        var sum = Part.empty
        guard let since else { return sum }
        let steps = now > since ? (now &- since) / length : 0
        for age in 0..<parts.count where steps < Int64(parts.count - age) {
            sum.merge(parts[(head - age + parts.count) % parts.count])
        }
        return sum
    }
}
