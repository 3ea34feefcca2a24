package phone

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const receiveBuffer = 4 << 20

// openSIP binds the socket that all phones of a host share.
func openSIP(address netip.AddrPort) (*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(address))
	if err != nil {
		return nil, fmt.Errorf("bind SIP socket %s: %w", address, err)
	}
	raw, err := conn.SyscallConn()
	if err == nil {
		var inner error
		err = raw.Control(func(fd uintptr) { inner = tune(int(fd)) })
		if err == nil {
			err = inner
		}
	}
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("tune SIP socket %s: %w", address, err)
	}
	return conn, nil
}

// tune asks for the kernel's stamps and for room in which a burst can wait
// while other processes hold the processor. The kernel switches stamping on a
// moment after the first socket of the machine has asked; until then a message
// bears the time at which it was read.
func tune(fd int) error {
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return fmt.Errorf("ask for time stamps: %w", err)
	}
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
}

// arrival turns the kernel's wall-clock stamp into a time on our monotonic
// clock. Only the short time since the arrival is taken from the wall clock, so
// a step of the clock can spoil one stamp and no more.
func arrival(control []byte) time.Time {
	now := time.Now()
	stamp, ok := kernelStamp(control)
	if !ok {
		return now
	}
	waited := time.Duration(now.UnixNano() - stamp)
	if waited < 0 || waited > 10*time.Second {
		return now
	}
	return now.Add(-waited)
}

// kernelStamp reads the one control message that we asked for, without the
// allocations of the general parser: this runs for each RTP packet.
func kernelStamp(control []byte) (nanoseconds int64, ok bool) {
	const header = unix.SizeofCmsghdr
	if len(control) < header+int(unsafe.Sizeof(syscall.Timespec{})) {
		return 0, false
	}
	head := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
	if head.Level != unix.SOL_SOCKET || head.Type != unix.SCM_TIMESTAMPNS {
		return 0, false
	}
	stamp := (*unix.Timespec)(unsafe.Pointer(&control[header]))
	return stamp.Nano(), true
}

// openMedia binds a non-blocking socket for one leg. The descriptor is read by
// the ticker and never by the runtime's poller: 230 legs wake nobody.
func openMedia(address netip.AddrPort) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open media socket: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err == nil {
		err = unix.Bind(fd, &unix.SockaddrInet4{Addr: address.Addr().As4(), Port: int(address.Port())})
		if err == nil {
			return fd, nil
		}
		_ = unix.Close(fd)
		return -1, fmt.Errorf("bind media socket %s: %w", address, err)
	}
	_ = unix.Close(fd)
	return -1, fmt.Errorf("tune media socket: %w", err)
}

const (
	inboxSize   = 8    // packets of one read; 20 ms bring one or two
	datagramMax = 1600 // more than any packet of audio
)

// inbox reads several datagrams with one system call. 200 legs make 10,000
// packets a second, and one call per packet, with a second to learn that there
// is no more, was half of the price of listening.
type inbox struct {
	headers  [inboxSize]receivedHeader
	parts    [inboxSize]unix.Iovec
	payloads [inboxSize][datagramMax]byte
	controls [inboxSize][64]byte
}

// receivedHeader is the kernel's struct mmsghdr.
type receivedHeader struct {
	unix.Msghdr
	length uint32
	_      [4]byte
}

func newInbox() *inbox {
	b := &inbox{}
	for i := range b.headers {
		b.parts[i] = unix.Iovec{Base: &b.payloads[i][0], Len: datagramMax}
		b.headers[i].Iov, b.headers[i].Iovlen = &b.parts[i], 1
		b.headers[i].Control = &b.controls[i][0]
	}
	return b
}

// read takes what waits on the socket and returns how many datagrams that were.
// It never blocks, so the scheduler need not know of the call. An error means
// the same as an empty socket: there is nothing to hear.
func (b *inbox) read(fd int) int {
	for i := range b.headers {
		b.headers[i].Controllen = uint64(len(b.controls[i]))
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd),
		uintptr(unsafe.Pointer(&b.headers[0])), inboxSize, unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// message is the i-th datagram of the latest read, valid until the next.
func (b *inbox) message(i int) ([]byte, time.Time) {
	h := &b.headers[i]
	return b.payloads[i][:h.length], arrival(b.controls[i][:h.Controllen])
}
