package phone

import "time"

// Policy says what a phone does with an incoming INVITE.
type Policy struct {
	act    action
	quiet  bool // no 180 first
	after  time.Duration
	status int
	target string
	talk   time.Duration
	sound  *Sound
	sings  bool
}

type action int

const (
	ringForEver action = iota
	answer
	refuse
	announce
)

// AnswerAtOnce answers without ringing: an agent whose softphone auto-answers.
func AnswerAtOnce() Policy { return Policy{act: answer, quiet: true} }

// AnswerAfter rings for a time and answers.
func AnswerAfter(ring time.Duration) Policy { return Policy{act: answer, after: ring} }

// Ignore rings until the other side gives up, or the test calls Answer, Reject
// or HangUp on the call.
func Ignore() Policy { return Policy{act: ringForEver} }

// Reject refuses at once, with 486, 480, 603 or whatever a test needs.
func Reject(status int) Policy { return Policy{act: refuse, quiet: true, status: status} }

// RejectAfter rings for a time and refuses.
func RejectAfter(ring time.Duration, status int) Policy {
	return Policy{act: refuse, after: ring, status: status}
}

// Announce plays early media for a time, as a network does for a phone that is
// switched off, and then refuses.
func Announce(what *Sound, playing time.Duration, status int) Policy {
	return Policy{act: announce, quiet: true, after: playing, status: status, sound: what, sings: true}
}

// RedirectTo refuses with 302 and another address, such as "sip:x@127.0.0.9".
func RedirectTo(uri string) Policy {
	return Policy{act: refuse, quiet: true, status: 302, target: uri}
}

// TalkFor hangs up so long after the answer was acknowledged.
func (p Policy) TalkFor(talk time.Duration) Policy {
	p.talk = talk
	return p
}

// Singing uses this sound instead of the phone's.
func (p Policy) Singing(sound *Sound) Policy {
	p.sound, p.sings = sound, true
	return p
}

// Invitation is what a phone knows when it decides about an INVITE.
type Invitation struct {
	Number  string // user of the From header
	Display string // display name of the From header
	Live    int    // dialogs of incoming calls that already live on this phone
	Nth     int    // 1 for the first INVITE that this phone ever got
	Message *Message
}

func always(policy Policy) func(Invitation) Policy {
	return func(Invitation) Policy { return policy }
}
