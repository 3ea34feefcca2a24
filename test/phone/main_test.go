package phone_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"powerline/test/phone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// within is the time that a story has: long enough for a busy machine, and a
// failing wait prints what was recorded instead.
func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// pair is a host of callees and a host of callers that dial them.
func pair(t *testing.T) (callees, callers *phone.Host) {
	t.Helper()
	callees = host(t, "127.0.0.3", "127.0.0.1:9")
	callers = host(t, "127.0.0.2", callees.Address().String())
	return callees, callers
}

func host(t *testing.T, ip, server string, options ...phone.HostOption) *phone.Host {
	t.Helper()
	h, err := phone.NewHost(t.Context(), ip, server, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			lines := strings.Split(h.Log().Ladder(), "\n")
			t.Logf("end of the ladder of %s:\n%s", ip, strings.Join(lines[max(0, len(lines)-40):], "\n"))
		}
		h.Close()
	})
	return h
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
