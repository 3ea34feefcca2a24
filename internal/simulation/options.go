package simulation

import (
	"fmt"
	"io"
	"strings"
	"time"

	"powerline/call"
	"powerline/internal/floor"
	"powerline/routing"
)

// Options say what kind of day to live through. The zero value of every field
// but Seed is replaced by something that follows from the seed.
type Options struct {
	Seed uint64
	// Calls, Agents and Engines are how many of each there are.
	Calls, Agents, Engines int
	// Dialers are the engines that make calls, Tasks what there is to call for; less
	// than zero is none.
	Dialers, Tasks int
	// Length is how long callers come; Talks how long a conversation lasts at most.
	Length, Talks time.Duration
	// Faults is how often what goes wrong; nil means a mix chosen by the seed.
	Faults *Faults
	// Trace, if set, gets every step as a line of text.
	Trace io.Writer

	shell shell // planted mistakes, for the tests of the simulator itself
}

// Faults says what may go wrong. The counts are averages over the length of a
// run, the chances are for each occasion.
type Faults struct {
	// Crashes and Freezes at a moment of the clock; AtPoint is the chance of
	// either at each point between Step, commit and commands.
	Crashes, Freezes float64
	AtPoint          float64
	// Gaps are cuts of an engine's event connection; Delays hold its events up.
	Gaps, Delays float64
	// Aways are times without Redis; Wipes lose its data; Blackouts kill all
	// engines for longer than the dead man's switch waits.
	Aways, Wipes, Blackouts float64
	// DatabaseAways are times in which PostgreSQL gives no answer, or takes its time.
	DatabaseAways float64
	// Strikes is the chance that something fails just as an outbound call reaches a
	// stage.
	Strikes float64
	// LostReply is the chance that a write of ours to Redis is applied and not
	// answered, or neither; LostCommand the same of a command to Asterisk.
	LostReply, LostCommand float64
	// Duplicates is the chance that an event of Asterisk comes twice.
	Duplicates float64
	// Phones is the chance that a softphone dies, in each ring and in each talk.
	Phones float64
	// Orders is how many orders agents and supervisors give, on average. They are no
	// faults, but come at moments as bad.
	Orders float64
}

// Everything is a day on which all of it goes wrong.
func Everything() Faults {
	return Faults{
		Crashes: 0.7, Freezes: 0.7, AtPoint: 0.006, Gaps: 1, Delays: 1, Aways: 0.7, Wipes: 0.4, Blackouts: 0.15,
		DatabaseAways: 0.8, Strikes: 0.02, LostReply: 0.01, LostCommand: 0.005, Duplicates: 0.03, Phones: 0.04,
	}
}

// Report is what a run came to.
type Report struct {
	Seed    uint64
	Steps   int           // things that happened
	Virtual time.Duration // how long it took them
	Lives   int           // of calls: one who comes back from the fallback lives again
	Offers  int
	// Attempts are the dials that were written, Results how they ended in the books.
	Attempts int
	Results  map[string]int
	// Talked and Waited are how long callers, and those whom we called, talked, and
	// waited or were rung.
	Talked, Waited Lengths
	// Outcomes of the calls that were filed, Endings of the offers.
	Outcomes map[call.Outcome]int
	Endings  map[string]int
	// Repairs are differences that a comparison with Asterisk mended.
	Repairs map[string]int
	// Covered counts what was reached: "crash before-commit/waiting",
	// "gap×talking" and so on.
	Covered map[string]int
}

// Lengths are sums of time, of calls to us and of calls that we make.
type Lengths struct{ Inbound, Outbound time.Duration }

// Violation is a law that was broken, and how it came about.
type Violation struct {
	Seed uint64
	// Length is that of the day, if it is not the usual one.
	Length time.Duration
	At     time.Duration
	Law    string
	What   string
	Trace  []string // the last steps before it
}

// Error is one line; Story has the trace.
func (v *Violation) Error() string {
	long := ""
	if v.Length != 0 {
		long = fmt.Sprintf(" -length %v", v.Length)
	}
	return fmt.Sprintf("simulation: seed %d at %v: %s: %s (replay: go test ./internal/simulation -run TestLawsHoldUnderFaults -seed %d%s -steps)",
		v.Seed, v.At, v.Law, v.What, v.Seed, long)
}

// Story is the violation with the last steps before it.
func (v *Violation) Story() string {
	return v.Error() + "\n" + strings.Join(v.Trace, "\n")
}

// shell is what a run takes from the production code, so that a test can plant
// a mistake in the place of each.
type shell struct {
	transact  transactFunc
	pick      func(routing.Snapshot) routing.Plan
	strayLeg  func(floor.Facts, string, call.Call, bool) bool
	strayDial func(floor.Facts, string) bool
	pace      func(routing.Pacing) routing.Paced

	actFirst    bool // commands before the commit
	deafToFacts bool // no Resumed after a gap
	unfenced    bool // goes on after the store said that the call is another's
	forgetful   bool // a commit that was repeated is not acted on
	unguarded   bool // never renews the dead man's switch
	sleepwalker bool // does not notice that it was frozen

	staleFacts          bool // believes facts older than what it did last
	steppedAnew         bool // steps again after a lost reply, in place of repeating the commit
	filedEarly          bool // files an end that is not committed yet
	forgotOnce          bool // does not repeat a Forget that failed
	deafToReturn        bool // ignores a caller who comes back while her call is known
	lazyGuard           bool // renews the dead man's switch only at the next tick
	takenForStale       bool // takes the ended document of an earlier life for its own
	anyTerm             bool // takes calls of an earlier process of its name for its own
	lateActs            bool // acts on a commit however long ago it asked for it
	hastySweep          bool // ends bridges that look empty once
	looksOnce           bool // takes a call over without its facts if they cannot be read at once
	guessesJoin         bool // takes a join without an answer for a failed one
	foundByCommit       bool // stores a talk that was found without its agent
	hoarder             bool // keeps the mailbox of a call that is another's
	movedIsGone         bool // takes a channel that was moved for one in the fallback
	hangsUpLegs         bool // hangs up a leg whose call it does not have
	looksOnceMore       bool // after a freeze waits for a reconnection if the facts cannot be read
	lateMusic           bool // plays music to a caller whom it has lost or may have lost
	keepsGhosts         bool // believes its floor although the store said no
	keepsHigher         bool // after a rebuild believes what the store refused
	returnsLater        bool // gives a caller back from the fallback the place of her arrival, not of her wait
	leavesOnce          bool // does not try an unlawful step again on what the store holds
	hurriesAfterRebuild bool // offers calls before the others have rebuilt too
	movesOnce           bool // does not ask again for a move without an answer
	guardsRace          bool // takes the dead man's switch off while it is being renewed
	guardsOnce          bool // does not ask again to take the dead man's switch off
	leakyRouter         bool // forgets no proposal whose mailbox has ended

	unrecorded    bool // records nothing
	pausesForEver bool // does not end a pause of a recording

	ringsFirst      bool // rings a contact before the agent is in the bridge
	endsBlindly     bool // ends a ring by the clock without looking whether it was answered
	redials         bool // dials an attempt again of which nobody knows what became
	sharesNumbers   bool // lets two attempts have one number
	rowLater        bool // writes the attempt after it has begun
	anybody         bool // places offenders' calls as if they were for women
	losesJournal    bool // keeps no end of an attempt while the database is away
	leavesStale     bool // ends no attempt that nobody has any more
	placesLate      bool // begins an attempt however long ago it was given it
	endsTheLiving   bool // ends an attempt that began long ago without looking at its call
	oldView         bool // decides on a floor that it saw before it asked the database
	blindToFallback bool // does not count who waits in the fallback queue
	neverGivesWay   bool // takes nothing back for a caller in crisis
}

func (s shell) withDefaults() shell {
	if s.transact == nil {
		s.transact = floor.Transact
	}
	if s.pick == nil {
		s.pick = routing.Decide
	}
	if s.strayDial == nil {
		s.strayDial = floor.Facts.StrayDial
	}
	if s.pace == nil {
		s.pace = routing.Pace
	}
	if s.strayLeg == nil {
		s.strayLeg = floor.Facts.StrayLeg
	}
	return s
}
