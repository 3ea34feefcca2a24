package phone

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

func TestAMessageIsStampedWhenItArrivesAndNotWhenItIsRead(t *testing.T) {
	conn, err := openSIP(netip.AddrPortFrom(localhost, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	exchangeWithItself(t, conn) // gives the kernel time to switch stamping on
	before, after, at := exchangeWithItself(t, conn)
	// The wall clock and the monotonic one drift apart by microseconds, and a
	// busy kernel may deliver shortly after the write has returned.
	const allowed = lingering / 2
	if at.Before(before.Add(-time.Millisecond)) || at.After(after.Add(allowed)) {
		t.Errorf("sent between 0 and %v, stamped at %v", after.Sub(before), at.Sub(before))
	}
}

// lingering is for how long a busy machine would let a message wait.
const lingering = 50 * time.Millisecond

func exchangeWithItself(t *testing.T, conn *net.UDPConn) (before, after, at time.Time) {
	t.Helper()
	before = time.Now()
	if _, err := conn.WriteTo([]byte("hello"), conn.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	after = time.Now()
	<-time.After(lingering)
	data, control := make([]byte, 100), make([]byte, 128)
	_, n, _, _, err := conn.ReadMsgUDPAddrPort(data, control)
	if err != nil {
		t.Fatal(err)
	}
	return before, after, arrival(control[:n])
}
