package phone

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

const (
	payloadULaw  = 0
	payloadALaw  = 8
	payloadEvent = 101 // our RFC 4733 events
)

// session is the part of an SDP that a telephone needs.
type session struct {
	media     netip.AddrPort
	audio     []byte // payload types in their order, PCMA and PCMU only
	event     byte   // payload type of telephone-event, 0 if none
	direction string
}

var errNoAudio = errors.New("no audio that we speak: offer PCMA or PCMU")

// parseSession reads the first audio stream of an SDP.
func parseSession(body string) (session, error) {
	s := session{direction: "sendrecv"}
	var address netip.Addr
	port, section := 0, ""
	for line := range strings.SplitSeq(body, "\n") {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\r"), "=")
		fields := strings.Fields(value)
		switch key {
		case "m":
			section = ""
			if len(fields) >= 4 && fields[0] == "audio" && port == 0 {
				section = "audio"
				port, _ = strconv.Atoi(fields[1])
				s.audio = speakable(fields[3:])
			} else if section = "other"; len(fields) < 4 {
				return s, fmt.Errorf("parse SDP: media line %q is too short", value)
			}
		case "c":
			if len(fields) == 3 && section != "other" {
				parsed, err := netip.ParseAddr(fields[2])
				if err != nil {
					return s, fmt.Errorf("parse SDP: connection line %q: %w", value, err)
				}
				address = parsed
			}
		case "a":
			if section != "other" {
				s.attribute(value)
			}
		}
	}
	if port <= 0 || port > 65535 || len(s.audio) == 0 || !address.Is4() {
		return s, errNoAudio
	}
	s.media = netip.AddrPortFrom(address, uint16(port))
	return s, nil
}

func speakable(payloads []string) []byte {
	var audio []byte
	for _, payload := range payloads {
		if payload == "8" || payload == "0" {
			audio = append(audio, payload[0]-'0')
		}
	}
	return audio
}

func (s *session) attribute(value string) {
	switch value {
	case "sendrecv", "sendonly", "recvonly", "inactive":
		s.direction = value
		return
	}
	rest, ok := strings.CutPrefix(value, "rtpmap:")
	if !ok {
		return
	}
	number, codec, _ := strings.Cut(rest, " ")
	if strings.EqualFold(strings.TrimSpace(codec), "telephone-event/8000") {
		if pt, err := strconv.ParseUint(number, 10, 7); err == nil {
			s.event = byte(pt)
		}
	}
}

// accepts tells whether the other side wants to receive what we say.
func (s session) accepts() bool { return s.direction == "sendrecv" || s.direction == "recvonly" }

// mirrored is the direction that answers theirs.
func mirrored(direction string) string {
	switch direction {
	case "sendonly":
		return "recvonly"
	case "recvonly":
		return "sendonly"
	}
	return direction
}

// describe renders an SDP of ours. An answer names the one codec chosen and the
// event payload type of the offer.
func describe(at netip.AddrPort, version int, audio []byte, event byte, direction string) string {
	names := map[byte]string{payloadALaw: "PCMA", payloadULaw: "PCMU"}
	var list, maps strings.Builder
	for _, payload := range audio {
		fmt.Fprintf(&list, " %d", payload)
		fmt.Fprintf(&maps, "a=rtpmap:%d %s/8000\r\n", payload, names[payload])
	}
	if event != 0 {
		fmt.Fprintf(&list, " %d", event)
		fmt.Fprintf(&maps, "a=rtpmap:%d telephone-event/8000\r\na=fmtp:%d 0-16\r\n", event, event)
	}
	return fmt.Sprintf("v=0\r\no=- %d %d IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n"+
		"m=audio %d RTP/AVP%s\r\n%sa=ptime:20\r\na=%s\r\n",
		at.Port(), version, at.Addr(), at.Addr(), at.Port(), list.String(), maps.String(), direction)
}
