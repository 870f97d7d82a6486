import Events

/// Makes the form of a table out of its bytes and of what was read from them.
struct TableFormBuilder {
    /// The table as it stands in a record, on its own.
    private let text: ByteWindow
    private let length: Int
    private let isQuoted: Bool
    private let lookup: FieldLookup

    /// Makes the form of a table; `nil` if it has none.
    ///
    /// - Parameters:
    ///   - bytes: The table's bytes before they were read, without escapes.
    ///   - isQuoted: Whether it is a text of the record.
    ///   - recording: What was read from them, by offsets in the batch.
    ///   - table: The table, in the batch.
    ///   - lookup: Its columns.
    static func form(
        _ bytes: [UInt8], isQuoted: Bool, _ recording: PayloadRecording, _ table: PayloadTable, _ lookup: FieldLookup
    ) -> TableForm? {
        guard recording.isUsable, !recording.entries.isEmpty, bytes.count == table.to &- table.from,
            !bytes.contains(where: { $0 < Byte.space }), var entries = entries(bytes, recording, table, lookup)
        else { return nil }
        var text = bytes
        if isQuoted {
            let quoted = quoted(bytes)
            text = quoted.text
            for index in entries.indices {
                entries[index].from = quoted.places[entries[index].from]
                entries[index].to = quoted.places[entries[index].to]
            }
        }
        let window = window(text)
        let builder = TableFormBuilder(text: window, length: text.count, isQuoted: isQuoted, lookup: lookup)
        guard let form = builder.form(entries, table) else {
            unsafe window.base.deallocate()
            return nil
        }
        return form
    }

    /// A text as a record has it, between quotes and with a backslash before each quote and backslash, and where in it
    /// each byte stands, the end included.
    private static func quoted(_ bytes: [UInt8]) -> (text: [UInt8], places: [Int]) {
        var (text, places): ([UInt8], [Int]) = ([Byte.quote], [])
        for byte in bytes {
            places.append(text.count)
            if byte == Byte.quote || byte == Byte.backslash { text.append(Byte.backslash) }
            text.append(byte)
        }
        places.append(text.count)
        return (text + [Byte.quote], places)
    }

    /// Bytes in memory of their own, ended as a window has to be.
    private static func window(_ bytes: [UInt8]) -> ByteWindow {
        let count = bytes.count + 1 + EventBatch.padding
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 8)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        let window = unsafe ByteWindow(memory)
        for (i, byte) in bytes.enumerated() { window[i] = byte }
        window[bytes.count] = Byte.newline
        return window
    }

    /// A step, and where its bytes are.
    private struct Draft {
        var entry: PayloadRecording.Entry
        /// Where the bytes before it begin.
        var gap: Int
    }

    private func form(_ entries: [PayloadRecording.Entry], _ table: PayloadTable) -> TableForm? {
        if table.rows > 1, table.shape.takesAnyNumber, let drafts = drafts(entries),
            let segments = repeated(drafts, rows: table.rows)
        {
            return form(segments, rows: 0)
        }
        // Without the number of instances as a step, it has to be the same.
        guard let drafts = drafts(entries.filter { $0.part != .count }) else { return nil }
        return form([Run(drafts: drafts)], rows: table.rows)
    }

    /// Steps that come once, or again and again.
    private struct Run {
        var drafts: [Draft]
        /// Where what stands between two instances begins and ends.
        var joint: (from: Int, to: Int)?
        /// Where the last of them ends, for all instances.
        var end: Int

        init(drafts: [Draft], joint: (from: Int, to: Int)? = nil, end: Int? = nil) {
            (self.drafts, self.joint) = (drafts, joint)
            self.end = end ?? drafts.last?.entry.to ?? 0
        }
    }

    private func drafts(_ entries: [PayloadRecording.Entry]) -> [Draft]? {
        var drafts: [Draft] = []
        var at = 0
        for entry in entries {
            guard entry.from >= at, entry.to <= length else { return nil }
            drafts.append(Draft(entry: entry, gap: at))
            at = entry.to
        }
        return drafts.isEmpty ? nil : drafts
    }

    private func form(_ runs: [Run], rows: Int) -> TableForm? {
        let drafts = runs.flatMap(\.drafts)
        let steps = UnsafeMutablePointer<TableForm.Step>.allocate(capacity: max(1, drafts.count))
        let segments = UnsafeMutablePointer<TableForm.Segment>.allocate(capacity: max(1, runs.count))
        var (count, end) = (0, 0)
        for (index, run) in runs.enumerated() {
            let from = count
            for draft in run.drafts {
                let target = unsafe lookup.targets + (draft.entry.target ?? 0)
                let gap = count == from ? .none : ExpectedBytes(text, draft.gap, draft.entry.from)
                let step = unsafe TableForm.Step(
                    gap: gap, action: action(draft.entry), row: Int32(truncatingIfNeeded: max(0, draft.entry.row)),
                    target: target)
                unsafe (steps + count).initialize(to: step)
                count += 1
            }
            guard let first = run.drafts.first else { continue }
            let lead = ExpectedBytes(text, first.gap, first.entry.from)
            let joint = run.joint.map { ExpectedBytes(text, $0.from, $0.to) }
            let segment = TableForm.Segment(
                lead: lead, from: from, to: count, isRepeated: joint != nil, joint: joint ?? .none)
            unsafe (segments + index).initialize(to: segment)
            end = run.end
        }
        return unsafe TableForm(
            text: text, steps: steps, stepCount: count, segments: segments, segmentCount: runs.count,
            tail: ExpectedBytes(text, end, length), rows: rows, isQuoted: isQuoted,
            hasPlaces: drafts.contains { $0.entry.part == .answer(.place) })
    }

    /// The entries in the order of their bytes, those that were passed over by everybody included; `nil` if a cell is
    /// written twice, for then the order matters.
    private static func entries(
        _ bytes: [UInt8], _ recording: PayloadRecording, _ table: PayloadTable, _ lookup: FieldLookup
    ) -> [PayloadRecording.Entry]? {
        var cells: Set<[Int]> = []
        var entries = recording.entries
        for index in entries.indices {
            entries[index].from &-= table.from
            entries[index].to &-= table.from
            guard entries[index].from >= 0, entries[index].to <= bytes.count else { return nil }
            guard let target = entries[index].target else { continue }
            guard cells.insert([target, entries[index].row]).inserted else { return nil }
            if case .answer = entries[index].part {
                let action = unsafe lookup.targets[target].action
                guard action == .number || action == .text else { return nil }
            }
        }
        let known = Set(entries.map(\.from))
        let (window, resolved) = (window(bytes), UnsafeMutablePointer<Int>.allocate(capacity: 1))
        defer {
            unsafe window.base.deallocate()
            unsafe resolved.deallocate()
        }
        unsafe resolved.initialize(to: 0)
        let survey = PayloadSurvey(
            scanner: unsafe JSONScanner(window, resolved: resolved), numbers: DecimalReader())
        for (from, to) in survey.unread(0) where !known.contains(from) {
            entries.append(PayloadRecording.Entry(part: .passed, from: from, to: to, target: nil, row: -1))
        }
        guard entries.count <= TableForm.steps else { return nil }
        return entries.enumerated().sorted {
            ($0.element.from, $0.offset) < ($1.element.from, $1.offset)
        }.map(\.element)
    }

    /// The steps cut into such as are about all instances, and such as are those of one instance, which come again for
    /// all the others; `nil` if they cannot be cut so.
    private func repeated(_ drafts: [Draft], rows: Int) -> [Run]? {
        var runs: [Run] = []
        var at = 0
        while at < drafts.count {
            var end = at
            if drafts[at].entry.row < 0 {
                while end < drafts.count, drafts[end].entry.row < 0 { end += 1 }
                runs.append(Run(drafts: Array(drafts[at..<end])))
            } else {
                end += 1
                while end < drafts.count, drafts[end].entry.row >= drafts[end - 1].entry.row { end += 1 }
                guard let run = instance(Array(drafts[at..<end]), rows: rows) else { return nil }
                runs.append(run)
            }
            at = end
        }
        return runs.contains { $0.joint != nil } ? runs : nil
    }

    /// The steps of one instance, if all have the same ones behind the same bytes.
    private func instance(_ drafts: [Draft], rows: Int) -> Run? {
        let count = drafts.count / rows
        guard count > 0, count * rows == drafts.count else { return nil }
        for (index, draft) in drafts.enumerated() {
            let (row, place) = (index / count, index % count)
            let model = drafts[place]
            guard draft.entry.row == row, draft.entry.part == model.entry.part,
                draft.entry.target == model.entry.target
            else { return nil }
            if row > 0, !isSame(draft, place == 0 ? drafts[count] : model) { return nil }
        }
        let joint = (from: drafts[count].gap, to: drafts[count].entry.from)
        return Run(drafts: Array(drafts[..<count]), joint: joint, end: drafts.last?.entry.to ?? 0)
    }

    private func isSame(_ draft: Draft, _ other: Draft) -> Bool {
        let length = draft.entry.from - draft.gap
        guard length == other.entry.from - other.gap else { return false }
        return (0..<length).allSatisfy { text[draft.gap + $0] == text[other.gap + $0] }
    }

    private func action(_ entry: PayloadRecording.Entry) -> TableForm.Action {
        switch entry.part {
        case .passed: return .skip
        case .count: return .count
        case .candidate(let isFirst): return isFirst ? .firstCandidate : .candidate
        case .answer(let part): return part == .place ? .place : .value
        case .value:
            guard let index = entry.target else { return .skip }
            switch unsafe lookup.targets[index].action {
            case .number: return .number
            case .text: return .text
            case .skip, .descend, .payload: return .skip
            case .timestamp, .identifier, .status, .length, .moment: return .other
            }
        }
    }
}

extension PayloadShape {
    /// Whether instances are elements of one array, or their number is said, so that there may be more or fewer.
    fileprivate var takesAnyNumber: Bool {
        switch self {
        case .rows, .named, .tensors: true
        case .tensor, .object, .documents, .spans, .lines: false
        }
    }
}

extension PayloadSurvey {
    /// The plain values that a table's outer objects hold beside the instances: nobody looks at them.
    fileprivate func unread(_ start: Int) -> [(from: Int, to: Int)] {
        guard scanner.bytes[start] == Byte.openBrace else { return [] }
        var (found, next): ([(from: Int, to: Int)], [Int]) = ([], [start])
        while let object = next.popLast(), found.count <= TableForm.steps {
            do throws(RejectionReason) {
                try eachMember(object) { (_, _, value) throws(RejectionReason) in
                    switch scanner.bytes[value] {
                    case Byte.openBrace: next.append(value)
                    case Byte.openBracket: break
                    default: found.append((value, try scanner.end(value)))
                    }
                }
            } catch { return [] }
        }
        return found
    }
}
