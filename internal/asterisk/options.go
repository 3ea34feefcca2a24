package asterisk

import (
	"log/slog"
	"time"
)

// Options says where Asterisk is and how patient to be with it. Zero values
// take the default named beside them.
type Options struct {
	BaseURL  string // "http://127.0.0.1:8088", with or without /ari
	User     string
	Password string

	// App is this process's own Stasis application name, such as "acd-a". It
	// must match the broadcast's pattern and must be nobody else's.
	App string
	// WatchApp ("watch-" and App) is a second name on the same socket, for
	// what concerns channels and phones that are not in App: see doc.go. It
	// must not match the broadcast's pattern.
	WatchApp string
	// Variables are read for each channel of a Snapshot.
	Variables []string

	AMIAddress string // "127.0.0.1:5038"; empty: queue commands refuse
	AMIUser    string
	AMISecret  string
	AMIIdle    time.Duration // 100 ms without an action: the connection is closed

	Logger *slog.Logger // slog.Default()
	// Observe is told of each command: what, how long, and how it ended.
	Observe func(op string, took time.Duration, err error)

	QueryTimeout   time.Duration // 2 s: what only reads
	CommandTimeout time.Duration // 5 s: what acts at once
	// PatientTimeout (35 s) is for what Asterisk may hold back until a prompt
	// has ended: Answer, SetVariable, SetVariables, AddToBridge.
	PatientTimeout time.Duration

	PingEvery    time.Duration // 1 s
	SilenceLimit time.Duration // 3 s without any frame: the connection is dead
	EchoEvery    time.Duration // 1 s: see echo.go
	EchoLimit    time.Duration // 5 s without an echo: the app does not reach us
	RetryMin     time.Duration // 10 ms
	RetryMax     time.Duration // 1 s
	// BacklogAlarm (1,000) is the number of undelivered events from which on a
	// warning is logged at each doubling. Nothing is ever dropped.
	BacklogAlarm int
}

// watchPrefix begins the name of every application that watches.
const watchPrefix = "watch-"

func (o Options) withDefaults() Options {
	duration := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	duration(&o.QueryTimeout, 2*time.Second)
	duration(&o.CommandTimeout, 5*time.Second)
	duration(&o.PatientTimeout, 35*time.Second)
	duration(&o.PingEvery, time.Second)
	duration(&o.SilenceLimit, 3*time.Second)
	duration(&o.EchoEvery, time.Second)
	duration(&o.EchoLimit, 5*time.Second)
	duration(&o.AMIIdle, 100*time.Millisecond)
	duration(&o.RetryMin, 10*time.Millisecond)
	duration(&o.RetryMax, time.Second)
	if o.WatchApp == "" {
		o.WatchApp = watchPrefix + o.App
	}
	if o.BacklogAlarm <= 0 {
		o.BacklogAlarm = 1000
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Observe == nil {
		o.Observe = func(string, time.Duration, error) {}
	}
	return o
}
