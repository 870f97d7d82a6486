/// DogStatsD lines that are no metrics: events and service checks.
///
///     "_e{" title-bytes "," text-bytes "}:" title "|" text *( "|" field )
///     "_sc|" name "|" ( "0" / "1" / "2" / "3" ) *( "|" field )
///
/// They are recognised and counted, not taken. Optional fields are not looked at: the Datadog Agent warns about a bad
/// one and takes the line.
enum StatsDNotice {
    /// Whether `from..<to` begins as an event does.
    @inline(__always)
    static func isEvent(_ bytes: ByteWindow, _ from: Int) -> Bool { bytes.half(from) & 0xFF_FFFF == 0x7B_655F }

    /// Whether `from..<to` begins as a service check does.
    @inline(__always)
    static func isServiceCheck(_ bytes: ByteWindow, _ from: Int) -> Bool { bytes.half(from) == 0x7C63_735F }

    /// Whether a line that begins as an event is one: title and text have the lengths that it says, in bytes, and the
    /// title has at least one.
    static func isWholeEvent(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Bool {
        var at = from &+ 3
        guard let title = length(bytes, &at, to), title > 0, at < to, bytes[at] == Byte.comma else { return false }
        at &+= 1
        guard let text = length(bytes, &at, to), at &+ 1 < to, bytes[at] == Byte.closeBrace,
            bytes[at &+ 1] == Byte.colon
        else { return false }
        let bar = at &+ 2 &+ title
        let end = bar &+ 1 &+ text
        guard end <= to, bytes[bar] == Byte.pipe else { return false }
        return end == to || bytes[end] == Byte.pipe
    }

    /// Whether a line that begins as a service check is one: it has a name and one of the four statuses.
    static func isWholeServiceCheck(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Bool {
        let name = from &+ 4
        var bar = name
        while bar < to, bytes[bar] != Byte.pipe { bar &+= 1 }
        guard bar > name, bar &+ 1 < to, bytes[bar &+ 1] &- Byte.zero < 4 else { return false }
        return bar &+ 2 == to || bytes[bar &+ 2] == Byte.pipe
    }

    /// A length of at most seven digits: no line has more bytes.
    private static func length(_ bytes: ByteWindow, _ at: inout Int, _ to: Int) -> Int? {
        let start = at
        var value = 0
        while at < to, at &- start < 7, Byte.isDigit(bytes[at]) {
            value = value &* 10 &+ Int(bytes[at] &- Byte.zero)
            at &+= 1
        }
        return at > start ? value : nil
    }
}
