// Package helpline runs a whole helpline on one machine, for tests, benchmarks
// and the demo: Asterisk, Redis and PostgreSQL of its own (internal/stack),
// engines as processes of their own, softphones of agents and callers on the
// trunk (test/phone).
//
//	line := helpline.Start(t, helpline.Options{Women: 30, Officers: 3})
//	line.LogInAll(ctx)
//	call := line.Call(ctx, "1090")
//
// The engine is the real program, started with a configuration file and killed,
// stopped and continued as a process, because that is what the person on call
// does to it.
package helpline
