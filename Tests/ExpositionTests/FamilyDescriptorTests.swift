import Exposition
import Testing

/// What a family may be called.
@Suite struct FamilyDescriptorTests {
    @Test(arguments: [
        ("a_total", FamilyType.counter), ("a_b2_seconds_total", .counter), ("a_info", .info), ("a_value", .gauge),
        ("a_seconds", .histogram), ("a", .summary),
    ])
    func wellFormed(_ name: String, _ type: FamilyType) {
        #expect(FamilyDescriptor(name, type, help: "A.").isWellFormed)
    }

    @Test(arguments: [
        ("a", FamilyType.counter), ("a_total", .gauge), ("a_count", .gauge), ("a_sum", .gauge),
        ("a_bucket", .histogram),
        ("a_created", .gauge), ("a", .info), ("A", .gauge), ("2a", .gauge), ("_a", .gauge), ("a__b", .gauge),
        ("a-b", .gauge), ("", .gauge), ("a_", .gauge),
    ])
    func malformed(_ name: String, _ type: FamilyType) {
        #expect(!FamilyDescriptor(name, type, help: "A.").isWellFormed)
    }

    @Test func unitsLabelsAndHelp() {
        #expect(FamilyDescriptor("a_seconds_total", .counter, unit: "seconds", help: "A.").isWellFormed)
        #expect(!FamilyDescriptor("a_seconds", .gauge, unit: "bytes", help: "A.").isWellFormed)
        #expect(!FamilyDescriptor("a", .gauge, labels: ["le"], help: "A.").isWellFormed)
        #expect(!FamilyDescriptor("a", .gauge, labels: ["quantile"], help: "A.").isWellFormed)
        #expect(!FamilyDescriptor("a", .gauge, labels: ["b", "b"], help: "A.").isWellFormed)
        #expect(!FamilyDescriptor("a", .gauge, help: "").isWellFormed)
    }

    @Test func familyNames() {
        let counter = FamilyDescriptor("a_total", .counter, help: "A.")
        #expect(counter.familyName(in: .text) == "a_total")
        #expect(counter.familyName(in: .openMetrics) == "a")
        let info = FamilyDescriptor("a_info", .info, help: "A.")
        #expect(info.familyName(in: .openMetrics) == "a")
        #expect(info.type.keyword(in: .text) == "gauge")
        #expect(info.type.keyword(in: .openMetrics) == "info")
    }
}
