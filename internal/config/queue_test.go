package config

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestGivenOtherSettingsOfAQueue_WhenLaidOverAConfiguration_ThenOnlyTheyChangeAndTheOldOneStays(t *testing.T) {
	c := Default()
	queues := c.Queues()
	name := c.Routing.Categories[0].Name
	q := queues[name]
	q.HeadStart, q.RingFor, q.WrapUp = 42*time.Second, 11*time.Second, 77*time.Second
	for i := 1; i < len(q.Rings); i++ {
		q.Rings[i] += time.Second
	}
	queues[name] = q
	queues["gone"] = Queue{RingFor: time.Second}
	next, err := c.WithQueues(queues)
	if err != nil {
		t.Fatal(err)
	}
	got := next.Queues()
	delete(queues, "gone")
	if diff := cmp.Diff(queues, got); diff != "" {
		t.Error(diff)
	}
	if c.Routing.Categories[0].HeadStart == 42*time.Second || slices.Equal(c.Queues()[name].Rings, q.Rings) {
		t.Error("the configuration beneath was changed")
	}
	next.Routing.Categories, next.Categories = c.Routing.Categories, c.Categories
	if diff := cmp.Diff(c.Queues(), next.Queues()); diff != "" {
		t.Error(diff)
	}
}

func TestGivenSettingsThatNoFileMayHave_WhenLaidOver_ThenTheyAreRefused(t *testing.T) {
	c := Default()
	name := c.Routing.Categories[0].Name
	for what, change := range map[string]func(*Queue){
		"a ring of no time":    func(q *Queue) { q.RingFor = 0 },
		"a late first ring":    func(q *Queue) { q.Rings[0] = time.Second },
		"a wrap-up below zero": func(q *Queue) { q.WrapUp = -time.Second },
	} {
		queues := c.Queues()
		q := queues[name]
		change(&q)
		queues[name] = q
		if _, err := c.WithQueues(queues); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

func TestGivenSettingsOfQueues_WhenWrittenAndRead_ThenTheyAreTheSame(t *testing.T) {
	want := Default().Queues()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Queues
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
