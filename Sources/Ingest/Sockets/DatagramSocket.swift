import CLinux
import Events
import Glibc

/// A UDP or Unix socket that is drained many datagrams per call and knows how many the kernel dropped.
@safe
final class DatagramSocket: @unchecked Sendable {
    /// Receive buffer the kernel granted, in bytes of its own accounting.
    let receiveBufferBytes: Int
    /// The address bound, with the port that was given, or the path.
    var name: String { socket.name }
    /// Descriptor.
    var descriptor: Int32 { socket.descriptor }

    private let socket: BoundSocket
    private let slots: UnsafeMutableRawPointer
    private var lengths = [UInt32](repeating: 0, count: IngestLimits.datagramsPerCall)
    private var drops: UInt32 = 0
    private var dropCount = DropCount()

    /// Binds the address or the path.
    init(_ settings: DatagramSettings) throws(IngestError) {
        socket = try BoundSocket(settings.address, .datagram)
        receiveBufferBytes = Int(
            clinux_set_receive_buffer(socket.descriptor, Int32(clamping: settings.receiveBufferBytes)))
        clinux_report_drops(socket.descriptor)
        unsafe slots = .allocate(byteCount: IngestLimits.datagramsPerCall * EventLimits.datagramBytes, alignment: 64)
    }

    deinit { unsafe slots.deallocate() }

    /// Lets nobody new find a Unix socket; what was sent can still be taken.
    func removeFile() { socket.removeFile() }

    /// Takes the datagrams that wait, up to `IngestLimits.datagramsPerCall`, and gives each to `body` with its true
    /// length.
    ///
    /// Returns their number, or a negative error number.
    func receive(_ body: (UnsafeRawBufferPointer, _ length: Int) -> Void) -> Int {
        let slotBytes = EventLimits.datagramBytes
        let count = unsafe clinux_receive(
            descriptor, slots, slotBytes, Int32(IngestLimits.datagramsPerCall), &lengths, &drops)
        for index in 0..<max(0, Int(count)) {
            let length = Int(lengths[index])
            unsafe body(UnsafeRawBufferPointer(start: slots + index * slotBytes, count: min(length, slotBytes)), length)
        }
        return Int(count)
    }

    /// Datagrams the kernel dropped since the last call.
    ///
    /// `isExact` also asks for those that no datagram followed.
    func takeDrops(isExact: Bool) -> UInt64 {
        if isExact { unsafe _ = clinux_socket_drops(descriptor, &drops) }
        return dropCount.take(drops)
    }
}
