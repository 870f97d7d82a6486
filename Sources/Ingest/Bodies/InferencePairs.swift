import LineFormats

/// Requests that wait for their answers, and answers for their requests.
///
/// Bounded in number, bytes and time; what has waited long enough goes on alone, so a logger that only sends one side
/// is counted too, later.
struct InferencePairs {
    /// Halves at most.
    private let limit: Int
    /// Bytes of halves at most.
    private let byteLimit: Int
    private var halves: [String: (event: CloudEvent, since: Int64)] = [:]
    /// Identifiers in the order in which they came; those that are gone are skipped.
    private var order: [(id: String, since: Int64)] = []
    private var first = 0
    private var byteCount = 0

    init(limit: Int = IngestLimits.inferenceHalves, byteLimit: Int = IngestLimits.inferenceHalfBytes) {
        (self.limit, self.byteLimit) = (limit, byteLimit)
    }

    /// Number of halves that wait.
    var count: Int { halves.count }

    /// Takes one half and returns the records that are due: the pair, or halves that have to make room.
    mutating func add(_ event: CloudEvent, now: Int64) -> [[UInt8]] {
        guard let isResponse = event.isResponse else { return [] }
        if let other = halves[event.id], other.event.isResponse == !isResponse {
            remove(event.id)
            return [
                isResponse
                    ? CloudEvent.record(request: other.event, response: event)
                    : CloudEvent.record(request: event, response: other.event)
            ]
        }
        var due: [[UInt8]] = []
        // The same half once more: the one before is an event of its own.
        if halves[event.id] != nil { due += take(event.id) }
        halves[event.id] = (event, now)
        order.append((event.id, now))
        byteCount += size(event)
        while halves.count > limit || byteCount > byteLimit, let record = takeOldest() { due.append(record) }
        return due
    }

    /// The halves that have waited until now, or all.
    mutating func expired(before: Int64) -> [[UInt8]] {
        var due: [[UInt8]] = []
        while first < order.count, order[first].since <= before {
            if let record = takeOldest() { due.append(record) } else { break }
        }
        return due
    }

    /// When the oldest half was taken; `nil` if none waits.
    var oldest: Int64? { first < order.count ? order[first].since : nil }

    private mutating func takeOldest() -> [UInt8]? {
        while first < order.count {
            let (id, since) = order[first]
            first += 1
            if first > 1_024, first * 2 > order.count {
                order.removeFirst(first)
                first = 0
            }
            if halves[id]?.since == since { return take(id).first }
        }
        return nil
    }

    private mutating func take(_ id: String) -> [[UInt8]] {
        guard let event = halves[id]?.event else { return [] }
        remove(id)
        let isResponse = event.isResponse == true
        return [CloudEvent.record(request: isResponse ? nil : event, response: isResponse ? event : nil)]
    }

    private mutating func remove(_ id: String) {
        if let half = halves.removeValue(forKey: id) { byteCount -= size(half.event) }
    }

    private func size(_ event: CloudEvent) -> Int {
        event.data.count + event.id.utf8.count + event.service.utf8.count + 256
    }
}
