extension QuantileSketch {
    /// Makes a counter for a finite value that has none: so its magnitude is above `zeroThreshold`.
    mutating func cover(_ value: Double) {
        let key = ExponentialBuckets.key(of: value.magnitude)
        let keys = key...key
        let isNegative = value.sign == .minus
        cover(
            isNegative ? nil : keys, negative: isNegative ? keys : nil, schema: ExponentialBuckets.finestSchema)
    }

    /// Makes counters for keys of some schema, lowering the sketch's own schema until both sides fit the limit.
    mutating func cover(_ new: ClosedRange<Int>?, negative newNegative: ClosedRange<Int>?, schema other: Int) {
        let shift = other - schema
        if shift >= 0, positive.holds(new, shift: shift), negative.holds(newNegative, shift: shift) { return }
        let (own, ownNegative) = (usedKeys(positive: true), usedKeys(positive: false))
        var target = min(schema, other)
        var (keys, negativeKeys): (ClosedRange<Int>?, ClosedRange<Int>?)
        repeat {
            keys = union(own, shift: schema - target, new, shift: other - target)
            negativeKeys = union(ownNegative, shift: schema - target, newNegative, shift: other - target)
            if max(keys?.count ?? 0, negativeKeys?.count ?? 0) <= bucketLimit { break }
            target -= 1
        } while target >= ExponentialBuckets.coarsestSchema
        // What was covered before stays covered if it fits: after `reset` the same values are likely to come again.
        let unchanged = target == schema
        lay(
            Window(spare(keys, unchanged ? positive.keys : nil, schema: target)),
            Window(spare(negativeKeys, unchanged ? negative.keys : nil, schema: target)), schema: target)
    }

    /// Moves all counts into new windows, which cover them, at the same or a lower schema.
    private mutating func lay(_ newPositive: Window, _ newNegative: Window, schema target: Int) {
        var moved = [UInt64](repeating: 0, count: 1 + newPositive.width + newNegative.width)
        moved[0] = counters[0]
        for slot in 0..<positive.width where counters[1 + slot] > 0 {
            moved[1 + ((positive.low + slot) >> (schema - target)) - newPositive.low] &+= counters[1 + slot]
        }
        let (base, newBase) = (1 + positive.width, 1 + newPositive.width)
        for slot in 0..<negative.width where counters[base + slot] > 0 {
            moved[newBase + ((negative.low + slot) >> (schema - target)) - newNegative.low] &+= counters[base + slot]
        }
        (counters, positive, negative, schema) = (moved, newPositive, newNegative, target)
    }

    /// Needed keys, with the ones covered before and some room at both ends as far as the limit allows.
    private func spare(_ keys: ClosedRange<Int>?, _ before: ClosedRange<Int>?, schema: Int) -> ClosedRange<Int>? {
        guard let keys else { return before }
        var wide = keys
        if let before {
            let both = min(keys.lowerBound, before.lowerBound)...max(keys.upperBound, before.upperBound)
            if both.count <= bucketLimit { wide = both }
        }
        if wide.lowerBound < keys.lowerBound && wide.upperBound > keys.upperBound { return wide }
        let room = min(QuantileSketch.spareBuckets, (bucketLimit - wide.count) / 2)
        let shift = ExponentialBuckets.finestSchema - schema
        return max(
            wide.lowerBound - room, ExponentialBuckets.firstKey >> shift)...min(
                wide.upperBound + room, ExponentialBuckets.lastKey >> shift)
    }

    /// Counters made beyond the ones needed, at each end: half an octave at schema 5.
    private static let spareBuckets = 16

    /// Smallest range over both, each shifted to a coarser schema.
    private func union(
        _ left: ClosedRange<Int>?, shift leftShift: Int, _ right: ClosedRange<Int>?, shift rightShift: Int
    ) -> ClosedRange<Int>? {
        let left = left.map { ($0.lowerBound >> leftShift)...($0.upperBound >> leftShift) }
        let right = right.map { ($0.lowerBound >> rightShift)...($0.upperBound >> rightShift) }
        guard let left, let right else { return left ?? right }
        return min(left.lowerBound, right.lowerBound)...max(left.upperBound, right.upperBound)
    }
}

extension QuantileSketch.Window {
    /// Whether keys of a finer schema, by `shift`, are all inside.
    ///
    /// No keys are.
    fileprivate func holds(_ keys: ClosedRange<Int>?, shift: Int) -> Bool {
        guard let keys else { return true }
        return width > 0 && keys.lowerBound >> shift >= low && keys.upperBound >> shift < low + width
    }
}
