extension QuantileSketch {
    /// Adds values, each `weight` times.
    mutating func insert(_ values: UnsafePointer<Double>, length: Int, weight: UInt64) {
        unsafe ExponentialBuckets.steps.withUnsafeBufferPointer { steps in
            unsafe withUnsafeTemporaryAllocation(of: Int32.self, capacity: min(length, QuantileSketch.block)) { slots in
                guard let steps = steps.baseAddress, let slots = slots.baseAddress else { return }
                var next = 0
                while next < length {
                    let size = min(length - next, QuantileSketch.block)
                    if unsafe QuantileSketch.locate(values + next, length: size, in: lanes, steps: steps, into: slots) {
                        unsafe counters.withUnsafeMutableBufferPointer { counters in
                            guard let counters = counters.baseAddress else { return }
                            for index in 0..<size { unsafe counters[Int(slots[index])] &+= weight }
                        }
                        count &+= UInt64(truncatingIfNeeded: size) &* weight
                    } else {
                        for index in next..<(next + size) {
                            unsafe insertAlone(values[index], weight: weight, steps: steps)
                        }
                    }
                    next += size
                }
            }
        }
    }

    /// Place of the counter of a finite number; `nil` if there is none yet.
    @inline(__always)
    func slot(of value: Double) -> Int? {
        if value.magnitude <= ExponentialBuckets.zeroThreshold { return 0 }
        let key = ExponentialBuckets.key(of: value) &>> (ExponentialBuckets.finestSchema - schema)
        let window = value < 0 ? negative : positive
        let offset = key &- window.low
        guard offset >= 0, offset < window.width else { return nil }
        return 1 &+ (value < 0 ? positive.width : 0) &+ offset
    }

    /// Values that are located before they are counted.
    private static let block = 256

    /// Adds one value for which there may be no counter yet, or which may not be finite.
    private mutating func insertAlone(_ value: Double, weight: UInt64, steps: UnsafePointer<UInt64>) {
        guard value.isFinite else { return }
        var slot: Int32 = 0
        unsafe withUnsafePointer(to: value) { pointer in
            if unsafe QuantileSketch.locate(pointer, length: 1, in: lanes, steps: steps, into: &slot) { return }
            cover(value)
            _ = unsafe QuantileSketch.locate(pointer, length: 1, in: lanes, steps: steps, into: &slot)
        }
        counters[Int(slot)] &+= weight
        count &+= weight
    }

    /// The counters of one sign, as `locate` needs them.
    private struct Lane {
        /// Lowest key, biased.
        var low: Int
        /// Number of counters.
        var width: Int
        /// Place of the first counter.
        var base: Int
    }

    /// What `locate` has to know: the lanes of both signs, and the shift from the finest schema.
    private struct Lanes {
        var positive: Lane
        var negative: Lane
        var shift: Int
    }

    private var lanes: Lanes {
        let shift = ExponentialBuckets.finestSchema - schema
        let bias = ExponentialBuckets.keyBias >> shift
        return Lanes(
            positive: Lane(low: positive.low + bias, width: positive.width, base: 1),
            negative: Lane(low: negative.low + bias, width: negative.width, base: 1 + positive.width), shift: shift)
    }

    /// Finds the counter of each value.
    ///
    /// Returns whether all have one; otherwise `slots` are not to be used.
    ///
    /// Everything that depends on a value is arithmetic: signs and zeros are random, so branches on them would cost
    /// more than all the rest.
    @inline(__always)
    private static func locate(
        _ values: UnsafePointer<Double>, length: Int, in lanes: Lanes, steps: UnsafePointer<UInt64>,
        into slots: UnsafeMutablePointer<Int32>
    ) -> Bool {
        unsafe withUnsafeTemporaryAllocation(of: Lane.self, capacity: 2) { sides in
            unsafe sides.initializeElement(at: 0, to: lanes.positive)
            unsafe sides.initializeElement(at: 1, to: lanes.negative)
            guard let sides = sides.baseAddress else { return false }
            let shift = lanes.shift
            // The highest bit of `missed` is set once a key is outside of its lane.
            var (missed, largest) = (0, UInt64(0))
            for index in 0..<length {
                let value = unsafe values[index]
                let bits = ExponentialBuckets.magnitudeBits(value)
                largest = bits > largest ? bits : largest
                let key = unsafe ExponentialBuckets.biasedKey(ofMagnitudeBits: bits, steps: steps)
                let lane = unsafe sides + Int(truncatingIfNeeded: value.bitPattern &>> 63)
                let offset = unsafe (key &>> shift) &- lane.pointee.low
                let outside = unsafe offset | (lane.pointee.width &- 1 &- offset)
                let slot = unsafe offset &+ lane.pointee.base
                // All ones unless the value counts as zero, then 0.
                let isOther = ~((key &- (ExponentialBuckets.firstKey &+ ExponentialBuckets.keyBias)) &>> 63)
                missed |= outside & isOther
                unsafe slots[index] = Int32(truncatingIfNeeded: slot & isOther)
            }
            return missed >= 0 && largest < ExponentialBuckets.infinityBits
        }
    }
}
