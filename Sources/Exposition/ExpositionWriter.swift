/// Writes metric families into one reused buffer.
///
/// A family is begun, then each series is opened, labelled and closed with its value:
///
///     if writer.begin(family) {
///         writer.open(modelLabels)
///         writer.label("window", "5m")
///         writer.close(0.25)
///     }
///     writer.finish()
///
/// A family without a series leaves no trace. Families and series appear in the order they are written, so equal calls
/// give equal bytes. Once the buffer has grown to the size of a scrape, writing allocates nothing.
public struct ExpositionWriter: ~Copyable, Sendable {
    /// What is written.
    public private(set) var format: ExpositionFormat
    /// Number of series (sample lines) since the last `clear`.
    public private(set) var seriesCount = 0

    private var output: OutputBytes
    private var blocks: OutputBytes
    private var selection: Set<String>?
    private var family: FamilyDescriptor?
    /// Name of the family and `{`, among the blocks; empty when none is begun.
    private var opening = LabelBlock.empty
    private var isHeaderDue = false
    private var lineStart = 0
    private var seen = SeriesSet()
    private var shown: Set<UInt64>?
    /// Whether the open series only grows.
    private var isCumulative = false
    /// Hashes of the series that only grow, name and labels, in order; empty unless some are to begin at 0.
    public private(set) var cumulative: [UInt64] = []
    /// Those of them that were written as 0, because they were not shown before.
    public private(set) var begun: [UInt64] = []
    private var keepsSamples = false
    /// Every sample since the last `clear`, if they are kept.
    private(set) var samples: [WrittenSample] = []
    /// The families begun since the last `clear`, if samples are kept.
    private(set) var sampledFamilies: [FamilyDescriptor] = []

    /// Creates an empty writer.
    ///
    /// - Parameters:
    ///   - format: What to write.
    ///   - selection: Names of the families to write (`?name[]=`); `nil` for all.
    ///   - capacity: Bytes to allocate at once. The buffer grows as needed.
    public init(format: ExpositionFormat = .text, selection: Set<String>? = nil, capacity: Int = 64 * 1024) {
        self.format = format
        self.selection = selection
        output = OutputBytes(capacity: capacity)
        blocks = OutputBytes(capacity: 4_096)
    }

    /// Forgets everything written and keeps the storage.
    ///
    /// Label blocks made before are void.
    ///
    /// - Parameter shown: Hashes of the series that only grow and that the reader has seen before. Any other is written
    ///   as 0, whatever its value: what it had when it came up would be lost to `increase`. `nil` writes values as they
    ///   are.
    /// - Parameter keepsSamples: Whether what is written is to be taken over by a `SeriesIndex`.
    public mutating func clear(
        format: ExpositionFormat, selection: Set<String>? = nil, shown: Set<UInt64>? = nil, keepsSamples: Bool = false
    ) {
        self.format = format
        self.keepsSamples = keepsSamples
        samples.removeAll(keepingCapacity: true)
        sampledFamilies.removeAll(keepingCapacity: true)
        self.shown = shown
        cumulative.removeAll(keepingCapacity: true)
        begun.removeAll(keepingCapacity: true)
        self.selection = selection
        output.truncate()
        blocks.truncate()
        family = nil
        opening = .empty
        seriesCount = 0
        seen.removeAll()
    }

    /// Begins a family.
    ///
    /// Each is begun at most once.
    ///
    /// - Returns: Whether it is wanted. If not, nothing may be opened until the next `begin`.
    public mutating func begin(_ family: FamilyDescriptor) -> Bool {
        if let selection, !selection.contains(family.name) { return false }
        self.family = family
        opening = LabelBlock(offset: blocks.count, count: family.opening.count)
        blocks.append(family.opening.span)
        isHeaderDue = true
        if keepsSamples { sampledFamilies.append(family) }
        return true
    }

    /// Ends the exposition.
    ///
    /// OpenMetrics demands an end mark, so that a cut connection does not pass for a short scrape.
    public mutating func finish() {
        if format == .openMetrics { output.append("# EOF\n") }
        family = nil
    }

    // MARK: Labels

    /// Adds a label to a block.
    ///
    /// - Returns: The longer block; the given one stays as it is.
    public mutating func block(_ parent: LabelBlock = .empty, _ name: StaticString, _ value: String) -> LabelBlock {
        let offset = blocks.count
        blocks.appendCopy(from: parent.offset, count: parent.count)
        if blocks.count > offset { blocks.append(UInt8(ascii: ",")) }
        blocks.append(name)
        blocks.append("=\"")
        blocks.append(escaping: value)
        blocks.append(UInt8(ascii: "\""))
        return LabelBlock(offset: offset, count: blocks.count - offset)
    }

    /// Adds a label whose name is not program text: the caller answers for it being a valid one.
    ///
    /// - Returns: The longer block; the given one stays as it is.
    public mutating func block(_ parent: LabelBlock = .empty, name: String, _ value: String) -> LabelBlock {
        let offset = blocks.count
        blocks.appendCopy(from: parent.offset, count: parent.count)
        if blocks.count > offset { blocks.append(UInt8(ascii: ",")) }
        blocks.append(escaping: name)
        blocks.append("=\"")
        blocks.append(escaping: value)
        blocks.append(UInt8(ascii: "\""))
        return LabelBlock(offset: offset, count: blocks.count - offset)
    }

    // MARK: Series

    /// Opens a series of the family begun last.
    @inline(__always)
    public mutating func open(_ labels: LabelBlock = .empty) {
        open(suffix: "", labels)
    }

    /// Opens a series of the family whose sample name ends in `suffix`.
    @inline(__always)
    mutating func open(suffix: StaticString, _ labels: LabelBlock) {
        if isHeaderDue { appendHeader() }
        lineStart = output.count
        if shown != nil { isCumulative = isCumulative(suffix: suffix) }
        output.append(blocks, from: opening.offset, count: opening.count)
        if suffix.utf8CodeUnitCount > 0 {
            output.truncate(to: output.count - 1)
            output.append(suffix)
            output.append(UInt8(ascii: "{"))
        }
        output.append(blocks, from: labels.offset, count: labels.count)
    }

    @inline(never)
    private mutating func appendHeader() {
        guard let family else { return }
        output.append(format == .text ? family.headers.text.span : family.headers.openMetrics.span)
        isHeaderDue = false
    }

    /// Adds a label to the open series.
    @inline(__always)
    public mutating func label(_ name: StaticString, _ value: String) {
        openLabel(name)
        output.append(escaping: value)
        output.append(UInt8(ascii: "\""))
    }

    /// Adds a label that is program text and needs no escaping.
    @inline(__always)
    public mutating func label(_ name: StaticString, _ value: StaticString) {
        openLabel(name)
        output.append(value)
        output.append(UInt8(ascii: "\""))
    }

    /// Adds a label that is a number in canonical form (`1.0`).
    @inline(__always)
    public mutating func label(_ name: StaticString, _ value: Double) {
        openLabel(name)
        output.append(value, as: .canonical)
        output.append(UInt8(ascii: "\""))
    }

    /// Adds a label that is a prefix and an ordinal with at least two digits (`b07`).
    @inline(__always)
    public mutating func label(_ name: StaticString, _ prefix: StaticString, ordinal: Int) {
        openLabel(name)
        output.append(prefix)
        output.append(decimal: UInt64(ordinal.magnitude), width: 2)
        output.append(UInt8(ascii: "\""))
    }

    /// Closes the open series with a count.
    @inline(__always)
    public mutating func close(count value: UInt64) {
        closeLabels()
        if keepsSamples { keepSample(Double(value)) }
        output.append(decimal: shown != nil && beginsHere() ? 0 : value)
        output.append(UInt8(ascii: "\n"))
    }

    /// Closes the open series with a number, not finite ones included.
    @inline(__always)
    public mutating func close(_ value: Double) {
        closeLabels()
        if keepsSamples { keepSample(value) }
        output.append(shown != nil && beginsHere() ? 0 : value)
        output.append(UInt8(ascii: "\n"))
    }

    /// Closes the open series of an identity, whose value is always 1.
    public mutating func closeIdentity() {
        closeLabels()
        if keepsSamples { keepSample(1) }
        output.append("1\n")
    }

    @inline(__always)
    private mutating func openLabel(_ name: StaticString) {
        if output.last != UInt8(ascii: "{") { output.append(UInt8(ascii: ",")) }
        output.append(name)
        output.append("=\"")
    }

    @inline(__always)
    private mutating func closeLabels() {
        // A series without labels is written without braces.
        if output.last == UInt8(ascii: "{") {
            output.replaceLast(with: UInt8(ascii: " "))
        } else {
            output.append("} ")
        }
        assert(seen.insert(output.copy(from: lineStart)), "a series is exposed twice")
        seriesCount += 1
    }

    /// Notes the sample whose labels were just closed.
    @inline(never)
    private mutating func keepSample(_ value: Double) {
        samples.append(
            WrittenSample(family: sampledFamilies.count - 1, start: lineStart, end: output.count, value: value))
    }

    // MARK: Zero first

    @inline(never)
    private func isCumulative(suffix: StaticString) -> Bool {
        guard let type = family?.type else { return false }
        // The quantiles of a summary have no suffix, and go up and down.
        return type == .counter || type == .histogram || (type == .summary && suffix.utf8CodeUnitCount > 0)
    }

    /// Notes the series whose labels were just closed, and tells whether it has to be 0.
    @inline(never)
    private mutating func beginsHere() -> Bool {
        guard isCumulative, let shown else { return false }
        let hash = output.hash(from: lineStart)
        cumulative.append(hash)
        if shown.contains(hash) { return false }
        begun.append(hash)
        return true
    }

    // MARK: Output

    /// Number of bytes written.
    public var count: Int { output.count }

    /// A copy of what was written.
    public var bytes: [UInt8] { output.copy() }

    /// Calls `body` with what was written, which it must not keep.
    public func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try unsafe output.withUnsafeBytes(body)
    }
}
