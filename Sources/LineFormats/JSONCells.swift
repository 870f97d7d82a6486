import Events

/// Writes JSON values of any type into the cells of a row.
struct JSONCells {
    let scanner: JSONScanner
    let numbers: DecimalReader
    let times: TimeForm

    /// Writes a value that is neither null nor empty; whether it is something measured.
    func set(_ target: TextTarget, _ value: OtherValue, _ row: Int) throws(RejectionReason) -> Bool {
        let bytes = scanner.bytes
        switch target.action {
        case .skip, .descend, .payload: return false
        case .number:
            let number = value.number(bytes, numbers).map { $0 * target.scale }
            if value.kind == .number, let number, !number.isFinite { throw .nonfinite }
            target.set(number.flatMap { $0.isFinite ? $0 : nil } ?? NumberMark.invalid, row)
        case .text: target.set(value.spelling(bytes) ?? .invalid, row)
        case .timestamp:
            if value.kind == .text {
                guard let time = times.timestamp(bytes, value.from, value.to, numbers) else { throw .invalidTimestamp }
                target.set(time, row)
                break
            }
            guard value.kind == .number, let number = value.number(bytes, numbers),
                let timestamp = TimestampReader.timestamp(number, times.unit)
            else { throw .invalidTimestamp }
            target.set(timestamp, row)
        case .identifier:
            let spelling = value.spelling(bytes)
            target.set(spelling.map { IdentifierHash.hash(bytes, Int($0.offset), Int($0.length)) } ?? 0, row)
        case .status: target.set(value.status(bytes, numbers, namesAnError: target.namesAnError).rawValue, row)
        case .length:
            let length = value.kind == .text ? UTF8Sequence.scalars(bytes, value.from, value.to) : nil
            target.set(length.map { Double($0) * target.scale } ?? NumberMark.invalid, row)
        case .moment:
            var moment: Double?
            if value.kind == .text {
                moment = times.moment(bytes, value.from, value.to, numbers, scale: target.scale)
            } else if value.kind == .number {
                moment = value.number(bytes, numbers).map { $0 * target.scale }
            }
            target.set(moment.flatMap { $0.isFinite ? $0 : nil } ?? NumberMark.invalid, row)
        }
        return target.isSignal
    }
}
