import Events

/// The tags of a line about a model.
struct StatsDModelTags {
    var model = ByteRange.missing
    var version = ByteRange.missing
    var feature = ByteRange.missing
    /// The tag `class` or `value`.
    var category = ByteRange.missing
    var status = Status.success

    /// No tags.
    init() {}

    /// Reads the tags of a line; tags without a value and unknown ones mean nothing to us.
    init(_ line: StatsDLine, _ numbers: DecimalReader) {
        let bytes = line.bytes
        var at = line.tagsFrom
        while at < line.tagsTo {
            let end = StatsDLine.find(Byte.comma, bytes, at, line.tagsTo)
            let keyEnd = StatsDLine.find(line.separator, bytes, at, end)
            let value = keyEnd &+ 1 < end ? range(keyEnd &+ 1, end) : .missing
            if value.isPresent {
                switch keyEnd &- at {
                case 5 where StatsDLine.equals(bytes, at, "model"): model = value
                case 5 where StatsDLine.equals(bytes, at, "class") || StatsDLine.equals(bytes, at, "value"):
                    category = value
                case 6 where StatsDLine.equals(bytes, at, "status"):
                    status = StatusNames.status(bytes, keyEnd &+ 1, end, namesAnError: false, numbers)
                case 7 where StatsDLine.equals(bytes, at, "version"): version = value
                case 7 where StatsDLine.equals(bytes, at, "feature"): feature = value
                default: break
                }
            }
            at = end &+ 1
        }
    }
}
