internal import Events
internal import Glibc

/// The clocks of the system.
///
/// Only the shell reads them.
enum Clock {
    /// Nanoseconds since the epoch.
    static func wall() -> Int64 { read(CLOCK_REALTIME) }

    /// Nanoseconds since some point before the process; goes on during suspend.
    static func monotonic() -> Int64 { read(CLOCK_BOOTTIME) }

    /// Nanoseconds since some point before the process; stands still during suspend.
    ///
    /// For waiting.
    static func uptime() -> Int64 { read(CLOCK_MONOTONIC) }

    /// Wall and monotonic time at once.
    static func now() -> Instant { Instant(wall: wall(), monotonic: monotonic()) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

/// Moments as text.
enum Timestamps {
    /// RFC 3339 in UTC with milliseconds: `2026-01-01T00:00:00.000Z`.
    static func text(_ nanoseconds: Int64) -> String {
        let milliseconds = nanoseconds >= 0 ? nanoseconds / 1_000_000 : (nanoseconds - 999_999) / 1_000_000
        let day = milliseconds >= 0 ? milliseconds / 86_400_000 : (milliseconds - 86_399_999) / 86_400_000
        let rest = milliseconds - day * 86_400_000
        let (year, month, dayOfMonth) = civil(day)
        let time =
            "\(two(rest / 3_600_000)):\(two(rest / 60_000 % 60)):\(two(rest / 1_000 % 60)).\(three(rest % 1_000))"
        return "\(year)-\(two(month))-\(two(dayOfMonth))T\(time)Z"
    }

    /// Year, month and day of a day number, by Howard Hinnant's `civil_from_days`.
    private static func civil(_ day: Int64) -> (Int64, Int64, Int64) {
        let z = day + 719_468
        let era = (z >= 0 ? z : z - 146_096) / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    private static func three(_ value: Int64) -> String {
        value < 10 ? "00\(value)" : value < 100 ? "0\(value)" : "\(value)"
    }
}
