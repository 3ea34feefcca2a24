package phone

import (
	"encoding/binary"
	"time"
)

// ear is the listening half of a leg. It is guarded by its exchange's lock;
// closed windows are copied into the call, where tests read them.
type ear struct {
	opened   time.Time // of the current window; zero: not listening yet
	window   Window
	samples  []int16
	expected uint16 // next sequence number
	source   uint32
	started  bool

	listening  time.Time // since when silence of the line counts as a gap
	lastPacket time.Time
	worst      Gap

	lastEvent uint32 // RTP time of the last digit heard
	heardAny  bool
}

// listen starts the windows; once the call is answered, also the measuring of
// gaps, for nobody owes us packets before.
func (l *leg) listen(from time.Time, answered bool) {
	l.exchange.mu.Lock()
	defer l.exchange.mu.Unlock()
	if l.opened.IsZero() {
		l.opened, l.window = from, Window{Start: from}
	}
	if answered && l.listening.IsZero() {
		l.listening = from
	}
}

// longestGap includes the one that lasts now.
func (l *leg) longestGap() Gap {
	l.exchange.mu.Lock()
	defer l.exchange.mu.Unlock()
	if !l.closed {
		l.receive()
		l.endGap(time.Now())
	}
	return l.worst
}

// packet takes in one datagram.
func (l *leg) packet(at time.Time, data []byte) {
	if len(data) < 12 || data[0]>>6 != 2 {
		return
	}
	payload := data[1] & 0x7f
	isAudio := payload == payloadALaw || payload == payloadULaw
	if !isAudio && payload != l.ownEvent() {
		return // RTCP that strayed, comfort noise, codecs that we did not offer
	}
	if l.opened.IsZero() {
		return // nobody listens yet
	}
	l.closeWindows(at)
	l.endGap(at)
	l.lastPacket = at
	l.window.Packets++
	l.window.Lost += l.lost(data)
	body := rtpBody(data)
	if !isAudio {
		l.hearEvent(at, binary.BigEndian.Uint32(data[4:]), body)
		return
	}
	table := &fromALaw
	if payload == payloadULaw {
		table = &fromULaw
	}
	if len(l.samples)+len(body) > 2*spectrumSize {
		return // a flood of packets is counted, not listened to
	}
	for _, code := range body {
		l.samples = append(l.samples, table[code])
	}
}

// ownEvent is the payload type on which the other side sends us digits: what we
// put into our SDP, which for an answer was theirs.
func (l *leg) ownEvent() byte {
	if l.call.incoming && l.event != 0 {
		return l.event
	}
	return payloadEvent
}

// rtpBody skips contributing sources, the extension and the padding.
func rtpBody(data []byte) []byte {
	start := 12 + 4*int(data[0]&0x0f)
	if data[0]&0x10 != 0 && len(data) >= start+4 {
		start += 4 + 4*int(binary.BigEndian.Uint16(data[start+2:]))
	}
	end := len(data)
	if data[0]&0x20 != 0 && end > 0 {
		end -= int(data[end-1])
	}
	if start > end {
		return nil
	}
	return data[start:end]
}

// lost counts the sequence numbers that are missing before this packet. A new
// source starts a new count: a bridge may replace the stream.
func (l *leg) lost(data []byte) int {
	sequence, source := binary.BigEndian.Uint16(data[2:]), binary.BigEndian.Uint32(data[8:])
	missing := int(int16(sequence - l.expected))
	fresh := !l.started || source != l.source
	if fresh || missing >= 0 {
		l.expected = sequence + 1
	}
	l.started, l.source = true, source
	const jump = 500 // more is a stream that began anew, not a loss
	if fresh || missing < 0 || missing > jump {
		if missing < -jump {
			l.expected = sequence + 1
		}
		return 0
	}
	return missing
}

// endGap closes the gap that lasted until now.
func (l *leg) endGap(now time.Time) {
	if l.listening.IsZero() {
		return
	}
	start := l.listening
	if l.lastPacket.After(start) {
		start = l.lastPacket
	}
	if gap := now.Sub(start); gap > l.worst.Length {
		l.worst = Gap{Start: start, Length: gap}
	}
}

// closeWindows hands over the windows that ended before now.
func (l *leg) closeWindows(now time.Time) {
	for !l.opened.IsZero() && now.Sub(l.opened) >= WindowLength {
		x := l.exchange
		x.unjudged = append(x.unjudged, heardWindow{call: l.call, window: l.window, samples: l.samples})
		l.samples = x.buffer()
		l.opened = l.opened.Add(WindowLength)
		l.window = Window{Start: l.opened}
	}
}

const digitNames = "0123456789*#ABCD"

// hearEvent takes an RFC 4733 packet. All packets of one digit carry one time.
func (l *leg) hearEvent(at time.Time, clock uint32, body []byte) {
	if len(body) < 4 || int(body[0]) >= len(digitNames) {
		return
	}
	if l.heardAny && clock == l.lastEvent {
		return
	}
	l.heardAny, l.lastEvent = true, clock
	l.call.record(Event{At: at, Kind: Digit, Detail: digitNames[body[0] : body[0]+1]})
}

const (
	digitFrames = 6 // 120 ms of tone
	digitEnds   = 3 // the end is said three times
	digitPause  = 4 // 80 ms until the next
)

// digitRun is what one SendDigits wants said.
type digitRun struct {
	digits []byte // event codes
	frame  int    // within the first of them
	start  uint32
	done   chan struct{}
}

// sendDigit says the next packet of the first run. Audio rests meanwhile.
func (l *leg) sendDigit() {
	run := l.digits[0]
	if run.frame == 0 {
		run.start = l.clock
	}
	if run.frame < digitFrames+digitEnds-1 {
		ending := run.frame >= digitFrames-1
		duration := uint16(min(run.frame+1, digitFrames) * frameSamples)
		packet := l.exchange.packet[:16]
		event := l.event
		if event == 0 {
			event = payloadEvent
		}
		l.header(packet, event, run.frame == 0, run.start)
		packet[12], packet[13] = run.digits[0], 10
		if ending {
			packet[13] |= 0x80
		}
		binary.BigEndian.PutUint16(packet[14:], duration)
		l.transmit(packet)
	}
	if run.frame++; run.frame < digitFrames+digitEnds-1+digitPause {
		return
	}
	run.frame = 0
	if run.digits = run.digits[1:]; len(run.digits) == 0 {
		close(run.done)
		l.digits = l.digits[1:]
	}
}
