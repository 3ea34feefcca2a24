package sipp_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"powerline/test/helpline"
	"powerline/test/phone"
)

// stream is a steady flow of real callers, each of whom must hear an agent.
type stream struct {
	stop    context.CancelFunc
	wait    sync.WaitGroup
	mu      sync.Mutex
	served  int
	failed  []string
	slowest time.Duration // from the INVITE to an agent's voice
}

// streamOf lets so many callers a second dial a line until the stream ends.
// Each hangs up half a second after she first heard an agent. Give each stream
// of a test numbers of its own.
func streamOf(ctx context.Context, t *testing.T, h *helpline.Helpline, line string, perSecond float64, first int) *stream {
	t.Helper()
	dialling, stop := context.WithCancel(ctx)
	s := &stream{stop: stop}
	s.wait.Go(func() {
		tick := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
		defer tick.Stop()
		for i := first; ; i++ {
			select {
			case <-dialling.Done():
				return
			case <-tick.C:
				s.wait.Go(func() { s.note(s.caller(ctx, h, line, i)) })
			}
		}
	})
	return s
}

// caller is one person from INVITE to BYE.
func (s *stream) caller(ctx context.Context, h *helpline.Helpline, line string, i int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	began := time.Now()
	c, err := h.Trunk.Phone(number(i), phone.Sings(2000+10*(i%120))).Dial(ctx, line)
	if err != nil {
		return 0, err
	}
	defer c.HangUp()
	if _, err := c.WaitAnswered(ctx); err != nil {
		return 0, fmt.Errorf("caller %d: %w", i, err)
	}
	if err := helpline.Until(ctx, "she hears an agent", func() bool { return hearsAgent(c) || gone(c) }); err != nil {
		return 0, fmt.Errorf("caller %d heard %v: %w", i, c.Heard(), err)
	}
	if end, ended := c.End(); ended {
		return 0, fmt.Errorf("caller %d was dropped: %+v", i, end)
	}
	return time.Since(began), nil
}

// hearsAgent: one tone in the agents' range, which no prompt and no music has.
func hearsAgent(c *phone.Call) bool {
	for _, w := range c.Heard() {
		if w.Kind() == phone.Single && w.Peaks[0].Hz > 400 {
			return true
		}
	}
	return false
}

func gone(c *phone.Call) bool {
	_, ended := c.End()
	return ended
}

func (s *stream) note(took time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.failed = append(s.failed, err.Error())
		return
	}
	s.served++
	s.slowest = max(s.slowest, took)
}

// soFar is how many were served.
func (s *stream) soFar() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served
}

// end stops dialling, waits for the last caller, and fails for each who was
// not served.
func (s *stream) end(t *testing.T, least int) {
	t.Helper()
	s.stop()
	s.wait.Wait()
	t.Logf("%d callers were served, %d were not, the slowest heard an agent after %v", s.served, len(s.failed), s.slowest.Round(time.Millisecond))
	for _, failure := range s.failed[:min(5, len(s.failed))] {
		t.Error(failure)
	}
	if s.served < least {
		t.Errorf("only %d callers were served, want %d at least: the test proves little", s.served, least)
	}
}

// figure reads a figure of an engine; one that is not there yet is 0.
func figure(ctx context.Context, t *testing.T, e *helpline.Engine, name string) float64 {
	t.Helper()
	text, err := e.Metrics(ctx)
	if err != nil {
		t.Fatalf("read the metrics of engine %s: %v", e.Name, err)
	}
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(text)
	if found == nil {
		if !strings.Contains(text, "acd_healthy") {
			t.Fatalf("these are no metrics: %.200s", text)
		}
		return 0
	}
	value, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// soon polls and fails the test if it was in vain. It returns how long it took.
func soon(ctx context.Context, t *testing.T, limit time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := helpline.Until(limited, what, ok); err != nil {
		t.Fatal(err)
	}
	return time.Since(began)
}
