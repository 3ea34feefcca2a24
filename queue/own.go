package queue

import (
	"strings"
	"sync"
)

// own knows the announcements of this Store's own commits. Whoever commits has the
// answer, and most of what an engine hears is of its own making: to read each of
// these documents again was a tenth of its work. An announcement is recognised by
// its text, byte for byte; one that is not is told as any other.
type own struct {
	mu     sync.Mutex
	heeds  bool // a subscription reads, so that each announcement will come
	commit map[string]*announcement
}

// announcement is one that is to come, or has come, of a commit of ours.
type announcement struct {
	era      string
	answered bool   // the commit has returned what is stored
	heard    func() // it came before the answer: called if that says nothing
}

// mostOwn is more than can be on their way. Announcements that never come, whatever
// the reason, are forgotten then, and what still comes of them is told.
const mostOwn = 4096

// begin makes a commit's announcement known before anybody can hear it.
func (o *own) begin(era, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.commit) >= mostOwn {
		clear(o.commit)
	}
	if o.heeds {
		o.commit[text] = &announcement{era: era}
	}
}

// end says how the commit ended. If it gave no answer and was stored all the same,
// then what was heard of it counts.
func (o *own) end(text string, stored bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a, known := o.commit[text]
	switch {
	case !known:
	case !stored:
		delete(o.commit, text)
		if a.heard != nil {
			a.heard()
		}
	case a.heard != nil:
		delete(o.commit, text)
	default:
		a.answered = true
	}
}

// hears reports whether an announcement is of our own making, and of which era it is.
// missed is called if it turns out that whoever made it does not know.
func (o *own) hears(text string, missed func()) (era string, ours bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a, known := o.commit[text]
	switch {
	case !known:
		return "", false
	case a.answered:
		delete(o.commit, text)
	default:
		a.heard = missed
	}
	return a.era, true
}

// follow: a subscription begins or ends. What is to come of an earlier one will not.
func (o *own) follow(heeds bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.heeds, o.commit = heeds, map[string]*announcement{}
}

// announced is the text that commit.lua publishes of a change.
func announced(era string, calls, agents []string) string {
	return `{"era":"` + era + `","calls":[` + strings.Join(calls, ",") + `],"agents":[` + strings.Join(agents, ",") + `],"gone":[],"dismissed":[]}`
}
