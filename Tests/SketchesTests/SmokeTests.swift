import Sketches
import TestKit
import Testing

@Test func smoke() throws {
    for (seed, text, expected) in [(0, "", 0x93228a4de0eec5a2 as UInt64)] {
        _ = seed
        #expect(ByteHash.hash(of: text) == expected)
    }
    var r = SplitMix64(seed: 1)
    #expect(r.uniform() == 0.5665615751722809)
    var s = QuantileSketch()
    var d = DistinctCounter()
    var m = Moments()
    var xs: [Double] = []
    for _ in 0..<20_000 { xs.append(r.normal(mean: 1, deviation: 3)) }
    unsafe xs.withUnsafeBufferPointer { b in
        unsafe s.insert(contentsOf: b)
        unsafe d.insert(contentsOf: b)
        unsafe m.insert(contentsOf: b)
    }
    let e = ExactQuantile(xs)
    for q in [0, 0.01, 0.3, 0.5, 0.9, 1] { print(q, s.quantile(q)!, e(q)) }
    print(d.estimate, m, s.schema, s.positiveBuckets.counts.count)
    var t = CategoryTable(limit: 3)
    #expect(t.insert("a") == 0)
    #expect(t.insert("b") == 1)
    #expect(t.insert("a") == 0)
    #expect(t.insert("c") == 2)
    #expect(t.insert("d") == nil)
}
