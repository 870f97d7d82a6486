import Events

/// How log writers say whether a call went well.
enum StatusNames {
    /// The status that a text says, by name or as a code; an error if it is neither.
    ///
    /// - Parameter namesAnError: Whether the field says what went wrong, so that `true` means an error.
    static func status(
        _ bytes: ByteWindow, _ from: Int, _ to: Int, namesAnError: Bool, _ numbers: DecimalReader
    ) -> Status {
        if namesAnError && bytes.isWord(from, to, "true") { return .error }
        if namesAnError && bytes.isWord(from, to, "false") { return .success }
        // No name begins with a digit.
        if !Byte.isDigit(bytes[from]), let status = named(bytes, from, to) { return status }
        var at = from
        guard let code = numbers.read(bytes, &at, .json), at == to else { return .error }
        return status(code: code) ?? .error
    }

    /// The status for a name, in any case and with `_`, `-` or a space between words; `nil` if it is not a known one.
    static func named(_ bytes: ByteWindow, _ from: Int, _ to: Int) -> Status? {
        for (name, status) in names where bytes.isWord(from, to, name) { return status }
        return nil
    }

    /// The status for a number: an HTTP code, or 0 for success and 1 to 99 for an error as processes and gRPC say it.
    static func status(code: Double) -> Status? {
        switch code {
        case 0: .success
        case 1..<100: .error
        case 100..<400: .success
        case 408, 499, 504: .timeout
        case 400..<500: .rejected
        case 500..<600: .error
        default: nil
        }
    }

    /// Whether a field of this name says what went wrong, so that `true` and any text mean an error.
    static func namesAnError(_ key: String) -> Bool {
        ["error", "err", "errors", "exception", "failed", "failure", "is_error", "error_code", "error_message"]
            .contains(key)
    }

    private static let names: [(StaticString, Status)] = [
        ("success", .success), ("ok", .success), ("succeeded", .success), ("successful", .success),
        ("completed", .success), ("complete", .success), ("done", .success), ("true", .success), ("none", .success),
        ("error", .error), ("failure", .error), ("failed", .error), ("fail", .error), ("exception", .error),
        ("internal_error", .error), ("false", .error),
        ("timeout", .timeout), ("timed_out", .timeout), ("time_out", .timeout), ("deadline_exceeded", .timeout),
        ("rejected", .rejected), ("refused", .rejected), ("denied", .rejected), ("throttled", .rejected),
        ("rate_limited", .rejected), ("invalid", .rejected), ("bad_request", .rejected),
    ]
}
