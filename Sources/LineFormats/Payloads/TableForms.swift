import Events

/// The forms of tables that one decoder remembers, for one place of its records.
///
/// A few, so that batches of several sizes have one each. One that is new takes the place of the one that was used
/// longest ago. Where tables have no form in common, learning would be in vain: the more often a form is replaced that
/// was hardly used, the more tables go by before the next one is learned.
@safe
final class TableForms {
    private static let limit = 8
    /// Most bytes of all of them.
    private static let bytes = 65_536
    /// Uses that make a form worth what learning it cost.
    private static let worth: UInt64 = 8
    /// Most tables that go by between two that are learned.
    private static let longestWait = 4_096

    /// What finds forms; valid as long as this.
    let state: UnsafeMutablePointer<State>

    /// Plain values, for the hot path.
    @safe
    struct State: BitwiseCopyable {
        fileprivate let forms: UnsafeMutablePointer<TableForm>
        fileprivate var count = 0
        fileprivate var last = 0
        fileprivate var clock: UInt64 = 0
        /// Tables without a known form since the last one was learned, and how many there have to be.
        fileprivate var misses = 0
        fileprivate var wait = 1
        /// Tables that were read by their form.
        fileprivate var total: UInt64 = 0

        /// Reads a table if its form is known; see `TableForm.read`.
        @inline(__always)
        mutating func read(
            _ start: Int, isQuoted: Bool, row: Int, cleared: inout Int, _ rows: RowWriter, _ cells: JSONCells
        ) -> (end: Int, rows: Int)? {
            for i in 0..<count {
                let index = last &+ i < count ? last &+ i : last &+ i &- count
                guard unsafe forms[index].isQuoted == isQuoted,
                    let read = unsafe forms[index].read(start, row: row, cleared: &cleared, rows, cells)
                else { continue }
                last = index
                clock &+= 1
                total &+= 1
                unsafe forms[index].lastUse = clock
                unsafe forms[index].uses &+= 1
                return read
            }
            return nil
        }
    }

    init() {
        let forms = UnsafeMutablePointer<TableForm>.allocate(capacity: Self.limit)
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: State(forms: forms))
    }

    deinit {
        for index in 0..<(unsafe state.pointee.count) { unsafe state.pointee.forms[index].deallocate() }
        unsafe state.pointee.forms.deallocate()
        unsafe state.deallocate()
    }

    /// Whether the form of a table that none of the known ones fitted is to be learned.
    func wantsToLearn(bytes: Int) -> Bool {
        guard bytes <= TableForm.bytes else { return false }
        unsafe state.pointee.misses += 1
        return unsafe state.pointee.misses >= state.pointee.wait
    }

    /// Learns a form; `nil` if a table has none that could be learned.
    func learn(_ form: TableForm?) {
        unsafe state.pointee.misses = 0
        guard let form else {
            unsafe state.pointee.wait = min(Self.longestWait, 2 * state.pointee.wait)
            return
        }
        while unsafe state.pointee.count == Self.limit || (state.pointee.count > 0 && size + form.size > Self.bytes) {
            forgetOldest()
        }
        unsafe state.pointee.clock += 1
        let place = unsafe state.pointee.forms + state.pointee.count
        unsafe place.initialize(to: form)
        unsafe place.pointee.lastUse = state.pointee.clock
        unsafe state.pointee.count += 1
    }

    /// Bytes of all forms.
    private var size: Int {
        unsafe (0..<state.pointee.count).reduce(0) { $0 + (unsafe state.pointee.forms[$1].size) }
    }

    /// Makes room, the last form taking the place of the one that was used longest ago.
    private func forgetOldest() {
        let count = unsafe state.pointee.count
        let oldest = (0..<count).min { unsafe state.pointee.forms[$0].lastUse < state.pointee.forms[$1].lastUse } ?? 0
        let wasWorth = unsafe state.pointee.forms[oldest].uses >= Self.worth
        unsafe state.pointee.wait = wasWorth ? 1 : min(Self.longestWait, 2 * state.pointee.wait)
        unsafe state.pointee.forms[oldest].deallocate()
        unsafe state.pointee.forms[oldest] = state.pointee.forms[count - 1]
        unsafe state.pointee.count = count - 1
        unsafe state.pointee.last = 0
    }

    /// Number of tables that were read by their form.
    var uses: UInt64 { unsafe state.pointee.total }
}
