internal import Catalog
internal import Glibc

/// What the kernel says about this process, from `/proc/self`.
enum ProcessStatistics {
    /// Reads the figures; what cannot be read is left out.
    ///
    /// Costs about 50 µs.
    static func read() -> ProcessStatus {
        var status = ProcessStatus()
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        if let text = text("/proc/self/stat"), let end = text.lastIndex(of: ")") {
            // Fields are counted from behind the name, which may hold spaces: 3 is the first of these.
            let fields = text[text.index(after: end)...].split(separator: " ")
            if fields.count > 21, ticks > 0 {
                if let user = Double(fields[11]), let system = Double(fields[12]) {
                    status.cpuSeconds = (user + system) / ticks
                }
                if let started = Double(fields[19]), let boot = bootTime() {
                    status.startTimeSeconds = boot + started / ticks
                }
                if let pages = UInt64(fields[21]) { status.residentBytes = pages &* UInt64(clamping: getpagesize()) }
            }
        }
        status.openDescriptors = openDescriptors()
        var limit = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(7), &limit) == 0 { status.maxDescriptors = UInt64(limit.rlim_cur) }
        return status
    }

    private static func text(_ path: String) -> String? {
        guard let bytes = try? FileBytes.read(path: path, limit: 1 << 20) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Start of the system in seconds since the epoch.
    private static func bootTime() -> Double? {
        text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }
    }

    private static func openDescriptors() -> UInt64? {
        guard let directory = unsafe opendir("/proc/self/fd") else { return nil }
        defer { unsafe closedir(directory) }
        var count: UInt64 = 0
        while let entry = unsafe readdir(directory) {
            if unsafe entry.pointee.d_name.0 != CChar(46) { count += 1 }
        }
        // The directory's own descriptor is not the process's.
        return count > 0 ? count - 1 : 0
    }
}
