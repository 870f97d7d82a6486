import Glibc
import Testing

@testable import Ingest

@Suite("Changes that the kernel tells of")
struct ChangeHubTests {
    /// One change as the kernel writes it.
    private func event(watch: Int32, mask: UInt32, name: String = "") -> [UInt8] {
        let padded = Array(name.utf8) + [UInt8](repeating: 0, count: name.isEmpty ? 0 : 16 - name.utf8.count % 16)
        let words = [UInt32(bitPattern: watch), mask, 0, UInt32(padded.count)]
        return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } } + padded
    }

    private func tell(_ hub: ChangeHub, _ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe hub.dispatch($0) } }

    @Test("The queue has overflown: everybody looks at everything")
    func overflow() throws {
        let hub = try ChangeHub()
        defer { hub.stop() }
        let (one, other) = (try hub.subscribe(), try hub.subscribe())
        #expect(one.take() == nil)
        tell(hub, event(watch: -1, mask: UInt32(IN_Q_OVERFLOW)))
        #expect(one.take() == .all)
        #expect(one.take() == nil)
        #expect(other.take() == .all)
    }

    @Test("Of what nobody watches, nobody is told, however it is written")
    func unknown() throws {
        let hub = try ChangeHub()
        defer { hub.stop() }
        let one = try hub.subscribe()
        let whole = event(watch: 9_999, mask: UInt32(IN_CREATE), name: "app.log")
        for count in 0...whole.count { tell(hub, Array(whole.prefix(count))) }
        var lying = event(watch: 9_999, mask: UInt32(IN_CREATE))
        lying[12...15] = [255, 255, 255, 255]
        tell(hub, lying)
        #expect(one.take() == nil)
    }

    @Test("A tail that is told of too much looks at everything")
    func tooMany() throws {
        let directory = try TemporaryDirectory()
        let hub = try ChangeHub()
        defer { hub.stop() }
        let one = try hub.subscribe()
        #expect(one.watch([directory.path]) == nil)
        for number in 0...IngestLimits.changes { try directory.append("", to: "\(number)") }
        var names: Set<String> = []
        let deadline = MonotonicClock.now() + 20_000_000_000
        var isAll = false
        while !isAll, !names.contains("\(IngestLimits.changes)"), MonotonicClock.now() < deadline {
            switch one.take() {
            case .all: isAll = true
            case .these(let changes): names.formUnion(changes.map(\.name))
            case nil: sched_yield()
            }
        }
        #expect(isAll || names.count == IngestLimits.changes + 1)
    }
}
