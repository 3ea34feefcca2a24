package phone

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	phases     = 4 // legs are spread over the 20 ms, so that they do not burst
	phaseTime  = 20 * time.Millisecond / phases
	maxCatchUp = 25 // frames sent at once after this process was held up

	// Ports below the range from which the kernel gives others theirs, even
	// ones only: the odd neighbour is where the other side sends its RTCP.
	firstMediaPort, lastMediaPort = 20000, 31998
)

// exchange moves the media of all calls of a host.
type exchange struct {
	ip   netip.Addr
	wake chan struct{}

	mu       sync.Mutex
	legs     [phases]map[*leg]bool
	deaf     map[*leg]bool // those that are only to be closed
	count    int
	nextPort int
	nextLeg  int
	stalled  time.Duration // the longest time for which a leg was not served when due
	unjudged []heardWindow
	spare    [][]int16
	analyser analyser
	inbox    *inbox
	packet   [12 + frameSamples]byte // of the frame that is being said
}

func newExchange(ip netip.Addr) *exchange {
	x := &exchange{ip: ip, wake: make(chan struct{}, 1), nextPort: firstMediaPort, inbox: newInbox(), deaf: make(map[*leg]bool)}
	for i := range x.legs {
		x.legs[i] = make(map[*leg]bool)
	}
	return x
}

// run visits the legs until the context ends. While there is no leg it sleeps.
func (x *exchange) run(ctx context.Context) {
	ticker := time.NewTicker(phaseTime)
	defer ticker.Stop()
	for phase := 0; ; phase = (phase + 1) % phases {
		if !x.visit(phase) {
			ticker.Stop()
			select {
			case <-x.wake:
				ticker.Reset(phaseTime)
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// visit serves the legs of one phase and tells whether there is any leg at all.
// What was heard is judged when all have been served: thinking must not make
// anybody stutter.
func (x *exchange) visit(phase int) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	for l := range x.legs[phase] {
		now := time.Now()
		x.stalled = max(x.stalled, now.Sub(l.served)-20*time.Millisecond)
		l.served = now
		l.receive()
		l.send(now)
		l.closeWindows(now)
	}
	x.judgeAll()
	return x.count > 0
}

// heardWindow waits to be judged.
type heardWindow struct {
	call    *Call
	window  Window
	samples []int16
}

// judgeAll tells each call what it heard, in order.
func (x *exchange) judgeAll() {
	for i := range x.unjudged {
		h := &x.unjudged[i]
		x.analyser.judge(&h.window, h.samples)
		h.call.heard(h.window)
		x.spare = append(x.spare, h.samples[:0])
	}
	clear(x.unjudged)
	x.unjudged = x.unjudged[:0]
}

// buffer gives out room for the samples of a window.
func (x *exchange) buffer() []int16 {
	if last := len(x.spare) - 1; last >= 0 {
		room := x.spare[last]
		x.spare = x.spare[:last]
		return room
	}
	return make([]int16, 0, spectrumSize)
}

// open makes a leg with a socket of its own. It hears from now on and speaks
// once connect has told it to whom.
func (x *exchange) open(call *Call, sound *Sound) (*leg, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for range (lastMediaPort - firstMediaPort) / 2 {
		address := netip.AddrPortFrom(x.ip, uint16(x.nextPort))
		if x.nextPort += 2; x.nextPort > lastMediaPort {
			x.nextPort = firstMediaPort
		}
		fd, err := openMedia(address)
		if errors.Is(err, unix.EADDRINUSE) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return x.add(call, fd, address, sound), nil
	}
	return nil, fmt.Errorf("open media socket: no free port on %s from %d to %d", x.ip, firstMediaPort, lastMediaPort)
}

func (x *exchange) add(call *Call, fd int, local netip.AddrPort, sound *Sound) *leg {
	x.nextLeg++
	l := &leg{
		exchange: x, call: call, fd: fd, local: local, sound: sound, deaf: call.phone.deaf,
		phase: x.nextLeg % phases, ssrc: uint32(x.nextLeg)<<16 | uint32(local.Port()),
		sequence: uint16(x.nextLeg * 7919), codec: payloadALaw, served: time.Now(),
	}
	if l.deaf {
		x.deaf[l] = true
		return l // nothing is due, nothing is read: the ticker need not know it
	}
	x.legs[l.phase][l] = true
	x.count++
	select {
	case x.wake <- struct{}{}:
	default:
	}
	return l
}

// closeAll ends every leg of a host that closes.
func (x *exchange) closeAll() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, phase := range x.legs {
		for l := range phase {
			l.closeLocked()
		}
	}
	for l := range x.deaf {
		l.closeLocked()
	}
}

// leg is one end of the audio of one call.
type leg struct {
	exchange *exchange
	call     *Call
	fd       int
	local    netip.AddrPort
	phase    int
	served   time.Time
	closed   bool
	deaf     bool

	// What we say.
	remote   *unix.SockaddrInet4 // nil: nobody to speak to yet
	speaking bool
	codec    byte
	event    byte // their payload type for digits
	sound    *Sound
	ssrc     uint32
	sequence uint16
	clock    uint32    // samples said so far
	due      time.Time // of the next frame
	digits   []*digitRun
	sent     int

	ear
}

// connect tells a leg to whom it speaks, in which codec, and whether they want
// to hear it.
func (l *leg) connect(to netip.AddrPort, codec, event byte, speak bool) {
	l.exchange.mu.Lock()
	defer l.exchange.mu.Unlock()
	l.remote = &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}
	l.codec, l.event = codec, event
	if speak && !l.speaking {
		l.due = time.Now()
	}
	l.speaking = speak
}

func (l *leg) play(sound *Sound) {
	l.exchange.mu.Lock()
	defer l.exchange.mu.Unlock()
	l.sound = sound
}

func (l *leg) close() {
	l.exchange.mu.Lock()
	defer l.exchange.mu.Unlock()
	l.closeLocked()
}

func (l *leg) closeLocked() {
	if l.closed {
		return
	}
	if !l.deaf {
		l.receive() // what the kernel still holds was said before the end
		l.exchange.judgeAll()
		l.endGap(time.Now())
		delete(l.exchange.legs[l.phase], l)
		l.exchange.count--
	}
	delete(l.exchange.deaf, l)
	l.closed = true
	_ = unix.Close(l.fd)
	for _, run := range l.digits {
		close(run.done)
	}
	l.digits, l.samples = nil, nil
}

// send says the frames that are due.
func (l *leg) send(now time.Time) {
	if l.remote == nil || !l.speaking {
		return
	}
	if late := now.Sub(l.due); late > maxCatchUp*20*time.Millisecond {
		missed := uint32(late / (20 * time.Millisecond))
		l.due = l.due.Add(time.Duration(missed) * 20 * time.Millisecond)
		l.clock += missed * frameSamples
	}
	for ; !l.due.After(now); l.due = l.due.Add(20 * time.Millisecond) {
		switch {
		case len(l.digits) > 0:
			l.sendDigit()
		case l.sound != nil:
			l.sendSound()
		}
		l.clock += frameSamples
	}
}

func (l *leg) sendSound() {
	packet := l.exchange.packet[:]
	l.header(packet, l.codec, l.sent == 0, l.clock)
	l.sound.frame(packet[12:], l.codec, l.clock)
	l.transmit(packet)
}

func (l *leg) header(packet []byte, payload byte, marker bool, clock uint32) {
	packet[0], packet[1] = 0x80, payload
	if marker {
		packet[1] |= 0x80
	}
	binary.BigEndian.PutUint16(packet[2:], l.sequence)
	binary.BigEndian.PutUint32(packet[4:], clock)
	binary.BigEndian.PutUint32(packet[8:], l.ssrc)
}

// transmit ignores errors: like a telephone, it cannot do anything about them,
// and the other side's ear counts the loss.
func (l *leg) transmit(packet []byte) {
	_ = unix.Sendto(l.fd, packet, unix.MSG_DONTWAIT, l.remote)
	l.sequence++
	l.sent++
}

// receive reads all that the kernel holds for this leg.
func (l *leg) receive() {
	for !l.closed {
		got := l.exchange.inbox.read(l.fd)
		for i := range got {
			data, at := l.exchange.inbox.message(i)
			l.packet(at, data)
		}
		if got < inboxSize {
			return
		}
	}
}
