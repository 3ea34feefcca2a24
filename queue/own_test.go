package queue

import (
	"fmt"
	"testing"
)

const ownEra, text = "e1", "an announcement"

// heeding is a book of own commits while a subscription reads.
func heeding() *own {
	o := &own{}
	o.follow(true)
	return o
}

func TestGivenAnOwnCommit_WhenItsAnnouncementComesBeforeOrAfterTheAnswer_ThenItIsOursOnce(t *testing.T) {
	for name, answerFirst := range map[string]bool{"after": true, "before": false} {
		o := heeding()
		o.begin(ownEra, text)
		if answerFirst {
			o.end(text, true)
		}
		its, ours := o.hears(text, func() { t.Errorf("%s: the commit knows what is stored", name) })
		if !ours || its != ownEra {
			t.Errorf("%s: taken for another's", name)
		}
		if !answerFirst {
			o.end(text, true)
		}
		if _, ours := o.hears(text, nil); ours || len(o.commit) > 0 {
			t.Errorf("%s: remembered for ever", name)
		}
	}
}

func TestGivenAnOwnCommit_WhenItsAnswerIsLost_ThenWhatWasHeardOfItCounts(t *testing.T) {
	o, missed := heeding(), 0
	o.begin(ownEra, text)
	o.hears(text, func() { missed++ })
	o.end(text, false)
	if missed != 1 {
		t.Errorf("told %d times that something is stored of which nobody knows", missed)
	}
	o.begin(ownEra, text)
	o.end(text, false)
	if _, ours := o.hears(text, nil); ours {
		t.Error("an announcement after a lost answer must be told")
	}
}

func TestGivenAnnouncementsThatNeverCome_WhenMoreIsCommitted_ThenMemoryIsBounded(t *testing.T) {
	o := heeding()
	for n := range 3 * mostOwn {
		text := fmt.Sprint(n)
		o.begin(ownEra, text)
		o.end(text, true)
	}
	if len(o.commit) > mostOwn {
		t.Errorf("%d are awaited", len(o.commit))
	}
}

func TestGivenNoSubscription_WhenItIsCommitted_ThenNothingIsRemembered(t *testing.T) {
	o := heeding()
	o.begin(ownEra, text)
	o.end(text, true)
	o.follow(false)
	o.begin(ownEra, text)
	if len(o.commit) > 0 {
		t.Error("an announcement is awaited that nobody reads")
	}
}
