package phone

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Play changes what we say in this call.
func (c *Call) Play(sound *Sound) {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	if c.leg != nil {
		c.leg.play(sound)
	}
}

// SendDigits presses keys (RFC 4733), 120 ms each with 80 ms between, and
// returns when the last has been sent.
func (c *Call) SendDigits(ctx context.Context, digits string) error {
	run := &digitRun{done: make(chan struct{})}
	for _, digit := range digits {
		code := strings.IndexRune(digitNames, digit)
		if code < 0 {
			return fmt.Errorf("send digits: %q is no key of a telephone", digit)
		}
		run.digits = append(run.digits, byte(code))
	}
	if len(run.digits) == 0 {
		return nil
	}
	if err := c.queueDigits(run); err != nil {
		return err
	}
	select {
	case <-run.done:
		if _, ended := c.End(); ended {
			return fmt.Errorf("send digits: the call ended")
		}
		c.record(Event{At: time.Now(), Kind: DigitsSent, Detail: digits})
		return nil
	case <-ctx.Done():
		return fmt.Errorf("send digits: %w", context.Cause(ctx))
	}
}

func (c *Call) queueDigits(run *digitRun) error {
	c.host.mu.Lock()
	defer c.host.mu.Unlock()
	if c.leg == nil || !c.answered || c.end != nil {
		return fmt.Errorf("send digits: the call is not up")
	}
	c.leg.exchange.mu.Lock()
	defer c.leg.exchange.mu.Unlock()
	c.leg.digits = append(c.leg.digits, run)
	return nil
}

// Digits received so far.
func (c *Call) Digits() string {
	var digits strings.Builder
	for _, e := range c.Events() {
		if e.Kind == Digit {
			digits.WriteString(e.Detail)
		}
	}
	return digits.String()
}

// heard takes a closed window from the leg, under the exchange's lock.
func (c *Call) heard(w Window) {
	previous, _, _ := c.windows.since(c.windows.end() - 1)
	c.windows.add(w)
	if len(previous) == 0 || !sameSound(previous[0], w) {
		c.record(Event{At: w.Start, Kind: HeardSound, Detail: w.String()})
	}
}

// Heard is the timeline of all whole windows since the answer (since the first
// early media, for a call that we dialled).
func (c *Call) Heard() Timeline {
	windows, _, _ := c.windows.since(0)
	return windows
}

// Hears waits until a window that begins from now on has the tone.
func (c *Call) Hears(ctx context.Context, hz int) error {
	return c.hears(ctx, fmt.Sprintf("%d Hz", hz), func(w Window) bool { return w.Has(hz) })
}

// audible is the share of a window's energy from which a tone counts as heard. A
// tone that is not there has less than a hundredth.
const audible = 0.1

// HearsJust waits until two windows in a row have these tones and no other; with none,
// nothing at all.
func (c *Call) HearsJust(ctx context.Context, tones ...int) error {
	var before bool
	return c.hears(ctx, fmt.Sprintf("just %v", tones), func(w Window) bool {
		just := w.justThese(tones)
		before, just = just, just && before
		return just
	})
}

func (w Window) justThese(tones []int) bool {
	if len(tones) == 0 {
		return w.Kind() == Quiet || w.Kind() == NoRTP
	}
	for _, hz := range tones {
		if !w.HasFaintly(hz, audible) {
			return false
		}
	}
	loud := 0
	for _, p := range w.Peaks {
		if p.Share >= audible {
			loud++
		}
	}
	return loud == len(tones)
}

// HearsKind waits until a window that begins from now on is of this kind.
func (c *Call) HearsKind(ctx context.Context, kind Kind) error {
	return c.hears(ctx, string(kind), func(w Window) bool { return w.Kind() == kind })
}

func (c *Call) hears(ctx context.Context, what string, accept func(Window) bool) error {
	now := time.Now()
	_, err := c.windows.wait(ctx, c.windows.end(), func(w Window) bool {
		return !w.Start.Before(now) && accept(w)
	})
	if err != nil {
		return fmt.Errorf("hear %s: %w; %s heard: %s", what, err, c.phone.user, c.Heard())
	}
	return nil
}

// LongestGap is the longest time without any packet since the answer.
func (c *Call) LongestGap() Gap {
	c.host.mu.Lock()
	leg := c.leg
	c.host.mu.Unlock()
	if leg == nil {
		return Gap{}
	}
	return leg.longestGap()
}

// Stalled is the longest time for which a leg of this host was not served when
// it was due, because the machine kept this process from running. A gap or a
// broken window no longer than this may be our own; a longer one is the other
// side's.
func (h *Host) Stalled() time.Duration {
	h.exchange.mu.Lock()
	defer h.exchange.mu.Unlock()
	return h.exchange.stalled
}
