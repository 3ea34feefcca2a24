package ivr

import "time"

// Typed is what an agent has pressed of a code while she talks. The zero value
// has heard nothing yet.
type Typed struct {
	keys string
	at   time.Time
}

// Press takes a key and returns the code that it completes, of these; "" if none.
// A code begins with a star, and a star begins it anew. No code may be the beginning
// of another. What was begun and not gone on with for starWaits is forgotten: she
// may press keys for her own reasons.
func (t *Typed) Press(key string, at time.Time, isCode func(string) bool) (code string) {
	switch {
	case key == "*":
		t.keys = ""
	case t.keys == "" || at.Sub(t.at) > starWaits || len(t.keys) >= MaxCode:
		t.keys = ""
		return ""
	}
	t.keys, t.at = t.keys+key, at
	if !isCode(t.keys) {
		return ""
	}
	code, t.keys = t.keys, ""
	return code
}

// MaxCode is how many keys a code has at most.
const MaxCode = 7

// What an agent hears of an order that she gave by keys in a call, if nothing else
// shows her that it was carried out: she alone hears it.
const (
	PromptRecordingPaused  = "desk-recording-paused"
	PromptRecordingResumed = "desk-recording-resumed"
	PromptPanic            = "desk-panic"
	PromptNotNow           = "desk-" + string(NotNow)
)

var inCall = []string{PromptRecordingPaused, PromptRecordingResumed, PromptPanic}
