import Monitor
import Sketches

// Sketches and histograms. Each writer stands beside its reader.

extension StateWriter {
    mutating func moments(_ moments: Moments) {
        count(moments.count)
        guard moments.count > 0 else { return }
        for value in [
            moments.mean, moments.m2, moments.minimum, moments.maximum, moments.sum, moments.compensation,
        ] { number(value) }
    }

    mutating func sketch(_ sketch: QuantileSketch) {
        signed(Int64(sketch.schema))
        count(sketch.zeroCount)
        for side in [sketch.positiveBuckets, sketch.negativeBuckets] {
            signed(Int64(side.offset))
            sparseCounts(side.counts)
        }
    }

    mutating func histogram(_ histogram: ValueHistogram) {
        list(histogram.bounds) { $0.number($1) }
        counts(histogram.counts)
        moments(histogram.moments)
        sketch(histogram.native)
    }

    /// Exact hashes, or registers as their smallest and four bits each above that; 15 stands for a byte that follows
    /// them.
    mutating func distinct(_ counter: DistinctCounter) {
        flag(counter.isExact)
        if counter.isExact {
            list(counter.exactHashes) { $0.long($1) }
            return
        }
        let registers = counter.denseRegisters
        let base = registers.min() ?? 0
        byte(base)
        for pair in stride(from: 0, to: registers.count - 1, by: 2) {
            byte(min(registers[pair] - base, 15) | min(registers[pair + 1] - base, 15) << 4)
        }
        for register in registers where register - base >= 15 { byte(register) }
    }
}

extension StateReader {
    mutating func moments() throws(StateError) -> Moments {
        let count = try count()
        guard count > 0 else { return Moments() }
        let mean = try number()
        let m2 = try number()
        let minimum = try number()
        let maximum = try number()
        let sum = try number()
        let moments = Moments(
            count: count, mean: mean, m2: m2, minimum: minimum, maximum: maximum, sum: sum, compensation: try number())
        return try valid(moments, "moments")
    }

    mutating func sketch() throws(StateError) -> QuantileSketch {
        let schema = try signed()
        let zeroCount = try count()
        let positive = try buckets()
        let negative = try buckets()
        let sketch = Int(exactly: schema).flatMap {
            QuantileSketch(schema: $0, zeroCount: zeroCount, positive: positive, negative: negative)
        }
        return try valid(sketch, "quantile sketch")
    }

    mutating func histogram() throws(StateError) -> ValueHistogram {
        let bounds = try list("bounds", size: 8) { (reader) throws(StateError) in try reader.finite("a bound") }
        let counts = try counts("buckets")
        let moments = try moments()
        let native = try sketch()
        return try valid(
            ValueHistogram(bounds: bounds, counts: counts, moments: moments, native: native), "histogram")
    }

    private mutating func buckets() throws(StateError) -> QuantileSketch.Buckets {
        let offset = try valid(Int(exactly: try signed()), "bucket")
        guard abs(Double(offset)) < 1e6 else { throw .malformed("a bucket out of range") }
        return QuantileSketch.Buckets(
            offset: offset, counts: try sparseCounts(upTo: SketchLimits.bucketRange.upperBound, "buckets"))
    }

    mutating func distinct() throws(StateError) -> DistinctCounter {
        if try flag() {
            let hashes = try list("hashes", size: 8) { (reader) throws(StateError) in try reader.long() }
            return try valid(DistinctCounter(exactHashes: hashes, denseRegisters: []), "distinct count")
        }
        let base = try byte()
        guard base < 64 else { throw .malformed("a register out of range") }
        var registers: [UInt8] = []
        registers.reserveCapacity(DistinctCounter.registerCount)
        for _ in 0..<DistinctCounter.registerCount / 2 {
            let pair = try byte()
            registers.append(base + pair & 15)
            registers.append(base + pair >> 4)
        }
        for place in registers.indices where registers[place] == base + 15 { registers[place] = try byte() }
        return try valid(DistinctCounter(exactHashes: [], denseRegisters: registers), "distinct count")
    }
}
