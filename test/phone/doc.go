// Package phone holds the telephones of our tests, benchmarks and demo: agents'
// softphones, callers on the trunk, and the people we call out to. A test reads
// as a story:
//
//	agents, _ := phone.NewHost(ctx, "127.0.0.3", asterisk)
//	meena := agents.Phone("a001", phone.Secret("s3cret"), phone.Sings(440))
//	meena.Does(phone.AnswerAfter(time.Second).TalkFor(5 * time.Second))
//	meena.Register(ctx)
//
//	trunk, _ := phone.NewHost(ctx, "127.0.0.2", asterisk)
//	caller := trunk.Phone("+919800000001", phone.Sings(900))
//	call, _ := caller.Dial(ctx, "1090")
//	call.WaitAnswered(ctx)
//	call.Hears(ctx, 440)
//
// # How it is built
//
// A Host is one IP address with one UDP socket for SIP; all phones of that
// address share it, its reading goroutine and its lock. A registered phone
// that does not talk costs a few hundred bytes and one timer. The messages are
// parsed by sipgo (which thereby also judges what Asterisk sends), but the
// transactions are ours: a test phone must be able to vanish in the middle of
// a transaction, must show retransmissions instead of hiding them, and must
// stamp a message at the socket. The stamp of a received message is the
// kernel's (SO_TIMESTAMPNS), so a latency read from two stamps does not contain
// the time in which a busy machine kept this process from running.
//
// Each talking leg has a UDP socket of its own, but no goroutine: one ticker
// per host visits the legs in four phases of 5 ms, reads what the kernel holds
// for a leg and sends it one frame. Hearing is judged in windows of half a
// second: packets, losses, level and the strongest frequencies, found by one
// FFT per window, so that a leg can say which of several hundred tones it hears
// at the price of one.
//
// # Locks
//
// Host.mu guards all SIP state, exchange.mu the media legs, Recorder.mu a list
// of events. They are taken in this order and never the other way.
//
// # What it counts
//
// Phone.MostAtOnce is the largest number of dialogs from incoming INVITEs that
// ever lived at the same time on the phone, early ones included: the law "one
// agent, one call" is checked here, where the agent would feel it, and not in
// our own books. A dialog lives from the first INVITE until the phone has sent
// a final refusal, or a BYE has been sent or received.
package phone
