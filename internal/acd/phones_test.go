package acd

import (
	"sync"
	"testing"
	"testing/synctest"

	"powerline/agent"
	"powerline/internal/asterisk"
)

func TestGivenWordsOfAPhone_WhenOneIsTakenInSlowly_ThenTheNewestComesLastAndAnotherPhoneDoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []string
		slow := make(chan struct{})
		p := newPhones(func(f func()) { go f() }, func(id agent.ID, ep asterisk.Endpoint) {
			word := string(id) + " free"
			if elsewhere(ep) {
				word = string(id) + " elsewhere"
			}
			if word == "a001 free" {
				<-slow
			}
			mu.Lock()
			defer mu.Unlock()
			told = append(told, word)
		})
		free := func(id string) asterisk.Endpoint { return asterisk.Endpoint{Name: "PJSIP/" + id, Online: true} }
		busy := func(id string) asterisk.Endpoint {
			return asterisk.Endpoint{Name: "PJSIP/" + id, Online: true, ChannelIDs: []string{"stack-1.2"}}
		}
		p.say(free("a001"))
		synctest.Wait()
		p.say(busy("a001"))
		p.say(busy("a002"))
		settled := make(chan struct{})
		go func() {
			p.settled(t.Context())
			close(settled)
		}()
		synctest.Wait()
		select {
		case <-settled:
			t.Error("it is settled although a word is still being taken in")
		default:
		}
		close(slow)
		<-settled
		want := []string{"a002 elsewhere", "a001 free", "a001 elsewhere"}
		if len(told) != 3 || told[0] != want[0] || told[1] != want[1] || told[2] != want[2] {
			t.Errorf("told %v, want %v", told, want)
		}
		p.settled(t.Context()) // nothing is left: it returns at once
	})
}
