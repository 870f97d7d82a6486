import Monitor
import Statistics

// How many of a model's predictions repeat others, and by what that is known.

extension StateWriter {
    mutating func worth(_ worth: SampleWorth) {
        count(worth.events)
        count(worth.repeats)
        count(worth.excess)
    }

    mutating func recent(_ recent: RecentIdentifiers) {
        list(recent.entries) { writer, entry in
            writer.count(UInt64(entry.count))
            if entry.count > 0 { writer.word(entry.tag) }
        }
    }
}

extension StateReader {
    mutating func worth() throws(StateError) -> SampleWorth {
        var worth = SampleWorth()
        worth.events = try count()
        worth.repeats = try count()
        worth.excess = try count()
        guard worth.repeats <= worth.events, worth.excess / 2 >= worth.repeats else {
            throw .malformed("impossible repeats")
        }
        return worth
    }

    mutating func recent() throws(StateError) -> RecentIdentifiers {
        let entries = try list("identifiers") { (reader) throws(StateError) -> RecentIdentifiers.Entry in
            guard let count = UInt16(exactly: try reader.count() as UInt64) else {
                throw .malformed("an impossible identifier")
            }
            return RecentIdentifiers.Entry(tag: count > 0 ? try reader.word() : 0, count: count)
        }
        return try valid(RecentIdentifiers(entries: entries), "identifiers")
    }
}
