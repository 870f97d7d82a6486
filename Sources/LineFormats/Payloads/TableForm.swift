import Events

/// The form of a table: its bytes between the values, and where the values go.
///
/// Models are asked the same question again and again, so most records of a log differ in nothing but their values. A
/// table whose other bytes are those of one that was read before has the same arrangement, names and number of
/// instances, so it is read in one pass that compares bytes and takes values. Whatever differs, down to a space, or is
/// written in an unusual way (escapes, a number where a text was) is left to `PayloadReader`: nothing is changed then.
/// A table that is a text of the record is compared as it stands there, so that its escapes need not be resolved.
///
/// Plain pointers into memory of a `TableForms`, so that copying one costs nothing.
@safe
struct TableForm {
    /// Most values of a form.
    static let steps = 512
    /// Most bytes of a table that has one.
    static let bytes = 16_384

    /// What to do behind the bytes before a value.
    enum Action: UInt8, BitwiseCopyable {
        /// Take a number, a text, or a value of another column.
        case number, text, other
        /// Step over a value.
        case skip
        /// Take the number of instances, which a tensor says in its shape.
        case count
        /// Take one of several numbers, the first of them or another.
        case firstCandidate, candidate
        /// Write the place of the largest of them, or itself, to a column of numbers or of texts.
        case place, value
    }

    /// One value.
    @safe
    struct Step: BitwiseCopyable {
        var gap: ExpectedBytes
        var action: Action
        /// Counted from the first row of the table.
        var row: Int32
        /// The column; any if the action has none.
        var target: UnsafeMutablePointer<TextTarget>
    }

    /// Some steps.
    struct Segment: BitwiseCopyable {
        /// What stands before the first one.
        var lead: ExpectedBytes
        /// Index of the first one, and behind the last one.
        var from: Int
        var to: Int
        /// Whether they are those of one instance, and come again for the next one behind `joint`.
        var isRepeated: Bool
        var joint: ExpectedBytes
    }

    /// The table that it was learned from.
    let text: ByteWindow
    let steps: UnsafeMutablePointer<Step>
    let stepCount: Int
    let segments: UnsafeMutablePointer<Segment>
    let segmentCount: Int
    /// What stands behind the last value.
    let tail: ExpectedBytes
    /// Number of instances; 0 if there may be any number, and then all cells are written by segments that are repeated.
    let rows: Int
    /// Whether it is a text of the record, as it stands there: with its quotes, and a backslash before all others.
    let isQuoted: Bool
    /// Whether places of largest numbers are written.
    let hasPlaces: Bool
    /// When it was used last, and how often, by the count of `TableForms`.
    var lastUse: UInt64 = 0
    var uses: UInt64 = 0

    /// Bytes that it takes.
    var size: Int {
        text.newline(from: 0) &+ stepCount &* MemoryLayout<Step>.stride
            &+ segmentCount &* MemoryLayout<Segment>.stride
    }

    /// Frees its memory.
    func deallocate() {
        unsafe text.base.deallocate()
        unsafe steps.deallocate()
        unsafe segments.deallocate()
    }

    /// Reads a table of this form into rows, the first of them `row`.
    ///
    /// - Parameters:
    ///   - start: Offset of its first byte.
    ///   - row: Its cells of this table are missing as yet.
    ///   - cleared: Rows from `row` on that are cleared or written for this record; raised by those this clears.
    /// - Returns: The offset behind the table, and its number of rows; `nil`, with nothing done, if the table has
    ///   another form or there are not rows enough.
    func read(
        _ start: Int, row: Int, cleared: inout Int, _ rows: RowWriter, _ cells: JSONCells
    ) -> (end: Int, rows: Int)? {
        let bytes = cells.scanner.bytes
        let room = rows.stride &- row
        guard self.rows <= room else { return nil }
        rows.clear(row, through: row &+ self.rows, &cleared)
        var state = Progress(at: start, done: self.rows)
        for index in 0..<segmentCount {
            let segment = unsafe segments[index]
            guard segment.lead.stand(bytes, state.at, in: text) else { return undo(row, state) }
            state.at &+= Int(segment.lead.length)
            var here = 0
            repeat {
                if segment.isRepeated {
                    if here > 0 { state.at &+= Int(segment.joint.length) }
                    rows.clear(row, through: row &+ here &+ 1, &cleared)
                    state.touched = max(state.touched, here &+ 1)
                }
                guard take(segment, row &+ here, &state, bytes, cells) else { return undo(row, state) }
                here &+= 1
            } while segment.isRepeated && here < room && segment.joint.stand(bytes, state.at, in: text)
            if segment.isRepeated {
                if state.done > 0, state.done != here { return undo(row, state) }
                state.done = here
            }
        }
        let behind = state.at &+ Int(tail.length)
        let isCounted = state.said == 0 || state.said == state.done
        guard tail.stand(bytes, state.at, in: text), isCounted else { return undo(row, state) }
        if hasPlaces { writePlaces(row, state.done, bytes) }
        return (behind, state.done)
    }

    /// How far a table is read.
    private struct Progress {
        var at: Int
        /// Instances, as soon as that is known, and what shapes say of their number.
        var done: Int
        var said = 0
        /// Rows that may have been written.
        var touched: Int
        var best = LargestNumber()

        init(at: Int, done: Int) { (self.at, self.done, touched) = (at, done, done) }
    }

    /// Does the steps of a segment, once; `false` if something else stands there.
    private func take(
        _ segment: Segment, _ first: Int, _ state: inout Progress, _ bytes: ByteWindow, _ cells: JSONCells
    ) -> Bool {
        var at = state.at
        let (numbers, scanner) = (cells.numbers, cells.scanner)
        var next = unsafe steps + segment.from
        let end = unsafe steps + segment.to
        while unsafe next < end {
            let step = unsafe next
            unsafe next += 1
            guard unsafe step.pointee.gap.stand(bytes, at, in: text) else { return false }
            at = unsafe at &+ Int(step.pointee.gap.length)
            let (row, target) = unsafe (first &+ Int(step.pointee.row), step.pointee.target)
            // The usual values here, the others out of line.
            if unsafe step.pointee.action == .number, let number = numbers.readJSON(bytes, &at) {
                let value = unsafe number * target.pointee.scale
                guard value.magnitude < .infinity else { return false }
                unsafe target.pointee.set(value, row)
            } else if unsafe step.pointee.action == .text, bytes[at] == Byte.quote, !isQuoted,
                let quote = scanner.plainString(at &+ 1)
            {
                if quote > at &+ 1 { unsafe target.pointee.set(range(at &+ 1, quote), row) }
                at = quote &+ 1
            } else {
                at = unsafe takeOther(step, at, row, &state, cells)
                if at < 0 { return false }
            }
        }
        state.at = at
        return true
    }

    /// Does a step that is not that of a number or of a text, or meets another value, and returns the offset behind it;
    /// -1 if that cannot be.
    @inline(never)
    private func takeOther(
        _ step: UnsafeMutablePointer<Step>, _ start: Int, _ row: Int, _ state: inout Progress, _ cells: JSONCells
    ) -> Int {
        let target = unsafe step.pointee.target.pointee
        var at = start
        switch unsafe step.pointee.action {
        case .number, .text, .other: at = set(target, at, row, cells)
        case .skip: at = value(at, cells)?.end ?? -1
        case .count:
            guard let number = cells.numbers.readJSON(cells.scanner.bytes, &at), number >= 1,
                number <= Double(EventLimits.lineBytes)
            else { return -1 }
            let count = Int(number)
            if state.said > 0, state.said != count { return -1 }
            state.said = count
        case .firstCandidate, .candidate:
            guard let number = cells.numbers.readJSON(cells.scanner.bytes, &at), number.magnitude < .infinity else {
                return -1
            }
            if unsafe step.pointee.action == .firstCandidate { state.best = LargestNumber() }
            state.best.add(number, at: start)
        case .place where target.action == .number: target.set(Double(state.best.index) * target.scale, row)
        case .place:
            // Written at the end: the bytes that the digits take may have to be read in another way yet.
            target.set(range(state.best.first, state.best.first &+ state.best.index), row)
        case .value where target.action == .number: target.set(state.best.value * target.scale, row)
        case .value: target.set(ByteRange.invalid, row)
        }
        return at
    }

    /// Takes a value that is not of the usual type for its column.
    private func set(_ target: TextTarget, _ at: Int, _ row: Int, _ cells: JSONCells) -> Int {
        guard let value = value(at, cells) else { return -1 }
        if value.kind == .null || value.isEmptyText { return value.end }
        // A number that has to be spelled in another way is no matter of this.
        let isSpelled = target.action == .text || target.action == .identifier
        if isSpelled, value.kind == .number, !WholeNumber.isPlain(cells.scanner.bytes, value.from, value.to) {
            return -1
        }
        do throws(RejectionReason) { _ = try cells.set(target, value, row) } catch { return -1 }
        return value.end
    }

    /// A value that is neither an object nor an array and has no escapes.
    private func value(_ at: Int, _ cells: JSONCells) -> OtherValue? {
        OtherValue(plain: at, isQuoted: isQuoted, cells.scanner, cells.numbers)
    }

    /// Makes all cells that may have been written missing.
    @inline(never)
    private func undo(_ row: Int, _ state: Progress) -> (end: Int, rows: Int)? {
        for index in 0..<stepCount where unsafe steps[index].action.hasTarget {
            for other in row..<(row &+ state.touched) { unsafe steps[index].target.pointee.clear(other) }
        }
        return nil
    }

    /// Gives the places of largest numbers their digits, where they are categories.
    @inline(never)
    private func writePlaces(_ row: Int, _ rows: Int, _ bytes: ByteWindow) {
        for index in 0..<segmentCount {
            let segment = unsafe segments[index]
            for step in segment.from..<segment.to where unsafe steps[step].action == .place {
                let target = unsafe steps[step].target.pointee
                guard target.action == .text else { continue }
                let first = unsafe row &+ Int(steps[step].row)
                for cell in first..<(segment.isRepeated ? row &+ rows : first &+ 1) {
                    let place = unsafe target.cells.assumingMemoryBound(to: ByteRange.self)[cell]
                    target.set(bytes.writeDigits(Int(place.length), at: Int(place.offset)), cell)
                }
            }
        }
    }
}

extension TableForm.Action {
    /// Whether a step of this kind writes a cell.
    var hasTarget: Bool {
        switch self {
        case .number, .text, .other, .place, .value: true
        case .skip, .count, .firstCandidate, .candidate: false
        }
    }
}
