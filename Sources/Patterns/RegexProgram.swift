/// A regular expression as steps that a text is run through once, whatever the expression: time is bounded by the
/// length of the text times the number of steps.
///
/// - Source: Rob Pike's construction as told by Russ Cox, "Regular Expression Matching: the Virtual Machine Approach",
///   2009. Of several matches the leftmost counts, and of those the one that a backtracking matcher would find first,
///   as in RE2.
struct RegexProgram: Sendable {
    private enum Step: Sendable {
        case set(Int)
        case place(RegexPlace)
        /// Goes on at both, the first one preferred.
        case split(Int, Int)
        case jump(Int)
        case save(Int)
        case match
    }

    private var steps: [Step] = []
    private var sets: [ScalarSet] = []
    /// Names of groups, by number less one.
    let names: [String?]
    /// Whether a match can only begin where the text does.
    private var isAnchored: Bool {
        if case .place(.textStart) = steps.first { true } else { false }
    }

    /// Compiles an expression.
    init(_ text: String) throws(PatternError) {
        let (node, names) = try RegexParser.parse(text)
        self.names = names
        try add(node)
        try add(.match)
    }

    // MARK: Compiling

    private mutating func add(_ step: Step) throws(PatternError) {
        guard steps.count < PatternLimits.steps else {
            throw PatternError("is too large once repetitions are unrolled")
        }
        steps.append(step)
    }

    private mutating func add(_ node: RegexNode) throws(PatternError) {
        switch node {
        case .empty: break
        case .set(let set):
            if sets.last != set { sets.append(set) }
            try add(.set(sets.count - 1))
        case .place(let place): try add(Step.place(place))
        case .sequence(let parts): for part in parts { try add(part) }
        case .choice(let parts): try addChoice(parts)
        case .group(let number, let part):
            try add(.save(2 * number))
            try add(part)
            try add(.save(2 * number + 1))
        case .repeated(let part, let from, let upTo, let isLazy):
            for _ in 0..<from {
                let before = steps.count
                try add(part)
                // What takes no step would be unrolled without a limit.
                if steps.count == before { return }
            }
            guard let upTo else { return try addLoop(part, isLazy: isLazy) }
            // What may be left out: each repetition only after the one before it.
            var splits: [Int] = []
            for _ in from..<upTo {
                splits.append(steps.count)
                try add(.split(0, 0))
                try add(part)
            }
            for split in splits { set(split, preferred: split + 1, other: steps.count, isLazy: isLazy) }
        }
    }

    private mutating func addChoice(_ parts: [RegexNode]) throws(PatternError) {
        var jumps: [Int] = []
        for (number, part) in parts.enumerated() {
            let split = steps.count
            if number + 1 < parts.count { try add(.split(0, 0)) }
            try add(part)
            guard number + 1 < parts.count else { break }
            jumps.append(steps.count)
            try add(.jump(0))
            steps[split] = .split(split + 1, steps.count)
        }
        for jump in jumps { steps[jump] = .jump(steps.count) }
    }

    private mutating func addLoop(_ part: RegexNode, isLazy: Bool) throws(PatternError) {
        let split = steps.count
        try add(.split(0, 0))
        try add(part)
        try add(.jump(split))
        set(split, preferred: split + 1, other: steps.count, isLazy: isLazy)
    }

    private mutating func set(_ split: Int, preferred: Int, other: Int, isLazy: Bool) {
        steps[split] = isLazy ? .split(other, preferred) : .split(preferred, other)
    }

    // MARK: Running

    /// Threads by priority, at most one per step.
    private struct Threads {
        var order: [(step: Int, captures: [Int])] = []
        private var marks: [Int]
        private var mark = 1

        init(steps: Int) { marks = [Int](repeating: 0, count: steps) }

        mutating func clear() {
            order.removeAll(keepingCapacity: true)
            mark += 1
        }

        mutating func isNew(_ step: Int) -> Bool {
            defer { marks[step] = mark }
            return marks[step] != mark
        }
    }

    /// Ends of the whole match and of each group as pairs of offsets, -1 for a group that takes no part; `nil` without
    /// a match.
    func match(_ text: [UInt8]) -> [Int]? {
        guard text.count <= PatternLimits.nameBytes, let (scalars, offsets) = Self.scalars(text) else { return nil }
        var now = Threads(steps: steps.count)
        var then = Threads(steps: steps.count)
        var found: [Int]?
        let isAnchored = isAnchored
        for place in 0...scalars.count {
            if found == nil, place == 0 || !isAnchored {
                var captures = [Int](repeating: -1, count: 2 * (names.count + 1))
                captures[0] = offsets[place]
                follow(0, captures, at: place, scalars, offsets, into: &now)
            }
            if now.order.isEmpty, found != nil || isAnchored { break }
            then.clear()
            threads: for (step, captures) in now.order {
                switch steps[step] {
                case .set(let set) where place < scalars.count && sets[set].contains(scalars[place]):
                    follow(step + 1, captures, at: place + 1, scalars, offsets, into: &then)
                case .match:
                    found = captures
                    found?[1] = offsets[place]
                    // What has less priority is given up.
                    break threads
                default: break
                }
            }
            swap(&now, &then)
        }
        return found
    }

    /// Adds a thread and all that it becomes without taking a character.
    private func follow(
        _ start: Int, _ captures: [Int], at place: Int, _ scalars: [UInt32], _ offsets: [Int],
        into threads: inout Threads
    ) {
        var waiting = [(start, captures)]
        while var (step, captures) = waiting.popLast() {
            while threads.isNew(step) {
                switch steps[step] {
                case .set, .match:
                    threads.order.append((step, captures))
                case .jump(let target):
                    step = target
                    continue
                case .split(let preferred, let other):
                    waiting.append((other, captures))
                    step = preferred
                    continue
                case .save(let number):
                    captures[number] = offsets[place]
                    step += 1
                    continue
                case .place(let condition):
                    guard Self.holds(condition, at: place, scalars) else { break }
                    step += 1
                    continue
                }
                break
            }
        }
    }

    private static func holds(_ place: RegexPlace, at offset: Int, _ text: [UInt32]) -> Bool {
        func isWord(_ offset: Int) -> Bool { text.indices.contains(offset) && ScalarSet.word.contains(text[offset]) }
        switch place {
        case .textStart: return offset == 0
        case .textEnd: return offset == text.count
        case .lineStart: return offset == 0 || text[offset - 1] == 0x0A
        case .lineEnd: return offset == text.count || text[offset] == 0x0A
        case .wordEdge: return isWord(offset - 1) != isWord(offset)
        case .noWordEdge: return isWord(offset - 1) == isWord(offset)
        }
    }

    /// Characters with the offset of each, and of the end.
    private static func scalars(_ text: [UInt8]) -> ([UInt32], [Int])? {
        guard let string = String(validating: text, as: UTF8.self) else { return nil }
        var (scalars, offsets): ([UInt32], [Int]) = ([], [0])
        for scalar in string.unicodeScalars {
            scalars.append(scalar.value)
            offsets.append((offsets.last ?? 0) + UTF8.width(scalar))
        }
        return (scalars, offsets)
    }
}
