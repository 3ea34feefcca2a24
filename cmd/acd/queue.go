package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"powerline/agent"
	"powerline/call"
	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/floor"
	"powerline/queue"
	"powerline/routing"
)

func newQueue(s *shared) *cobra.Command {
	cmd := &cobra.Command{Use: "queue", Short: "Look at the callers who wait"}
	var o showOpts
	show := &cobra.Command{
		Use:   "show",
		Short: "Show who waits, who talks and who is free",
		Long: operator.Long(`
			Reads the live state from Redis and prints it. It changes nothing. Callers come
			in the order in which they are served, women's line and officers' line apart;
			no number is shown, because none is stored there.

			Examples:
			  acd queue show
			  acd queue show --watch
			  acd queue show --all --json | jq '.agents[] | select(.locked) | .id'`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.showQueue(cmd.Context(), o) },
	}
	show.Flags().BoolVar(&o.asJSON, "json", false, "print JSON; with --watch, one line per second")
	show.Flags().BoolVarP(&o.watch, "watch", "w", false, "print again each second, until Ctrl-C")
	show.Flags().BoolVar(&o.all, "all", false, "also agents who are logged out")
	cmd.AddCommand(show)
	return cmd
}

type showOpts struct{ asJSON, watch, all bool }

// beatsMove is how long a living engine has at most between two beats, as its
// peers judge it.
const beatsMove = 600 * time.Millisecond

func (s *shared) showQueue(ctx context.Context, o showOpts) error {
	return s.WithStore(ctx, func(c config.Config, store *queue.Store) error {
		before, err := store.Load(ctx)
		if err != nil {
			return err
		}
		wait := beatsMove
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(wait):
			}
			state, err := store.Load(ctx)
			switch {
			case err != nil && ctx.Err() != nil:
				return nil
			case err != nil && !o.watch:
				return err
			case err != nil:
				fmt.Fprintln(s.Err, err)
			default:
				if err := s.printFloor(floorOf(c, before.Owners, state, time.Now(), o.all), o); err != nil || !o.watch {
					return err
				}
				before = state
			}
			wait = time.Second
		}
	})
}

// floorView is the live state as an operator sees it.
type floorView struct {
	Taken    time.Time    `json:"taken"`
	Waiting  []callView   `json:"waiting"`
	Talking  []callView   `json:"talking"`
	Greeting []callView   `json:"greeting"`
	Agents   []agentView  `json:"agents"`
	Out      int          `json:"loggedOut"`
	Engines  []engineView `json:"engines"`
	Broken   []string     `json:"broken"`
}

type callView struct {
	Position int      `json:"position,omitempty"` // in her line, from 1
	Call     string   `json:"call"`
	Seconds  float64  `json:"seconds"` // of waiting, of talking or since she arrived
	Category string   `json:"category"`
	Language string   `json:"language"`
	Pool     string   `json:"pool"`
	Notes    []string `json:"notes"`
	Agent    agent.ID `json:"agent,omitempty"`
	Rings    float64  `json:"ringsSeconds,omitempty"`
	Engine   string   `json:"engine"`
}

type agentView struct {
	ID      agent.ID     `json:"id"`
	Status  agent.Status `json:"status"`
	Reason  string       `json:"reason,omitempty"`
	State   agent.State  `json:"state"`
	Seconds float64      `json:"seconds"` // in that state, or away
	Call    string       `json:"call,omitempty"`
	Phone   string       `json:"phone"`
	Locked  bool         `json:"locked"`
}

type engineView struct {
	Name  string `json:"name"`
	Term  int64  `json:"term"`
	Beats bool   `json:"beats"`
	Calls int    `json:"calls"`
}

// floorOf makes the view of a state. before are the engines as they were a
// moment ago: who lives is judged by whether its beat moves.
func floorOf(c config.Config, before []queue.Peer, s queue.State, now time.Time, all bool) floorView {
	v := floorView{
		Taken: now, Waiting: []callView{}, Talking: []callView{}, Greeting: []callView{},
		Agents: []agentView{}, Engines: []engineView{}, Broken: append([]string{}, s.Broken...),
	}
	snapshot := routing.Snapshot{Now: now, Agents: s.Agents, Policy: &c.Routing}
	for _, k := range s.Calls {
		if k.Kind != call.Outbound && (k.Stage == call.Waiting || k.Stage == call.Offered) {
			snapshot.Waiting = append(snapshot.Waiting, floor.Waiting(k))
		}
	}
	for _, k := range s.Calls {
		if one := callOf(k, now); k.Kind == call.Outbound {
			if k.Stage != call.Ended {
				v.Talking = append(v.Talking, one)
			}
			continue
		}
		switch one := callOf(k, now); k.Stage {
		case call.Waiting, call.Offered:
			v.Waiting = append(v.Waiting, one)
		case call.Talking:
			v.Talking = append(v.Talking, one)
		case call.Greeting:
			v.Greeting = append(v.Greeting, one)
		}
	}
	v.orderWaiting(routing.ExpectedWaits(snapshot))
	for _, list := range [][]callView{v.Talking, v.Greeting} {
		slices.SortStableFunc(list, func(a, b callView) int { return cmp.Compare(b.Seconds, a.Seconds) })
	}
	v.addAgents(s.Agents, now, all)
	v.addEngines(before, s)
	return v
}

// orderWaiting numbers those who wait in the order in which they are served,
// each line for itself. Who is offered to somebody already stands before nobody,
// so that two may have the same place in routing's eyes.
func (v *floorView) orderWaiting(places map[string]routing.Estimate) {
	slices.SortStableFunc(v.Waiting, func(a, b callView) int {
		x, y := places[a.Call], places[b.Call]
		return cmp.Or(
			-cmp.Compare(a.Pool, b.Pool), cmp.Compare(x.Position, y.Position),
			cmp.Compare(x.Wait, y.Wait), cmp.Compare(b.Seconds, a.Seconds))
	})
	last := map[string]int{}
	for i := range v.Waiting {
		one := &v.Waiting[i]
		last[one.Pool]++
		one.Position = last[one.Pool]
	}
}

func callOf(k call.Call, now time.Time) callView {
	since := k.Queued
	switch {
	case k.Stage == call.Talking && !k.Answered.IsZero():
		since = k.Answered
	case since.IsZero():
		since = k.Arrived
	}
	one := callView{
		Call: k.ID, Seconds: now.Sub(since).Seconds(), Category: k.Category, Language: k.Language,
		Pool: string(k.Pool), Notes: []string{}, Agent: k.Offer.Agent, Engine: k.Owner,
	}
	if k.Stage == call.Offered {
		one.Rings = now.Sub(k.Offer.At).Seconds()
	}
	for _, note := range []struct {
		is   bool
		text string
	}{
		{k.Kind == call.Outbound, "we call"}, {k.Ringing(), "it rings there"}, {k.Crisis, "crisis"}, {k.Head, "head of the line"}, {k.Redial, "called again"}, {k.Silence != call.NotSilent, "silent: " + string(k.Silence)},
		{len(k.Tried) > 0, fmt.Sprintf("%d rang in vain", len(k.Tried))},
	} {
		if note.is {
			one.Notes = append(one.Notes, note.text)
		}
	}
	return one
}

func (v *floorView) addAgents(agents []agent.Agent, now time.Time, all bool) {
	for _, a := range agents {
		if a.Status == agent.LoggedOut {
			if v.Out++; !all && !a.Locked && !a.Busy() {
				continue
			}
		}
		one := agentView{
			ID: a.Profile.ID, Status: a.Status, Reason: a.Reason, State: a.State, Seconds: now.Sub(a.Since).Seconds(),
			Call: a.Call, Locked: a.Locked, Phone: "reachable",
		}
		if a.State == agent.Idle && a.Status != agent.Available {
			one.Seconds = now.Sub(a.StatusSince).Seconds()
		}
		switch {
		case !a.Online:
			one.Phone = "does not answer"
		case a.Elsewhere:
			one.Phone = "in another call"
		}
		v.Agents = append(v.Agents, one)
	}
	statuses := []agent.Status{agent.Available, agent.NotReady, agent.LoggedOut}
	states := []agent.State{agent.Idle, agent.Reserved, agent.Talking, agent.WrapUp, agent.Recovery, agent.Delayed}
	slices.SortStableFunc(v.Agents, func(a, b agentView) int {
		return cmp.Or(
			cmp.Compare(slices.Index(statuses, a.Status), slices.Index(statuses, b.Status)),
			cmp.Compare(slices.Index(states, a.State), slices.Index(states, b.State)),
			cmp.Compare(b.Seconds, a.Seconds), cmp.Compare(a.ID, b.ID))
	})
}

func (v *floorView) addEngines(before []queue.Peer, s queue.State) {
	calls := map[string]int{}
	for _, k := range s.Calls {
		calls[k.Owner]++
	}
	for _, p := range s.Owners {
		stood := slices.Contains(before, p)
		if stood && calls[p.Name] == 0 {
			continue // it has been stopped, or was never more than a command
		}
		v.Engines = append(v.Engines, engineView{Name: p.Name, Term: p.Term, Beats: !stood, Calls: calls[p.Name]})
	}
}

func (s *shared) printFloor(v floorView, o showOpts) error {
	if o.asJSON && o.watch {
		return printLine(s.Out, v)
	}
	if o.asJSON {
		return operator.PrintJSON(s.Out, v)
	}
	if o.watch {
		fmt.Fprint(s.Out, separator(s.Out))
	}
	return v.print(s.Out)
}

// separator begins the next of many views: on a terminal at the top again.
func separator(out io.Writer) string {
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return "\x1b[H\x1b[2J"
	}
	return "\n"
}

func (v floorView) print(out io.Writer) error {
	longest := ""
	if len(v.Waiting) > 0 {
		oldest := slices.MaxFunc(v.Waiting, func(a, b callView) int { return cmp.Compare(a.Seconds, b.Seconds) })
		longest = ", the longest for " + span(oldest.Seconds)
	}
	fmt.Fprintf(out, "%s  %d wait%s; %d talk; %d in the greeting; %d agents at work, %d logged out\n",
		v.Taken.Format(time.TimeOnly), len(v.Waiting), longest, len(v.Talking), len(v.Greeting), v.atWork(), v.Out)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(v.Waiting) > 0 {
		fmt.Fprintln(t, "\nNEXT\tWAITS\tCATEGORY\tLANGUAGE\tLINE\tCALL\tENGINE\tNOTES")
	}
	for _, c := range v.Waiting {
		notes := c.Notes
		if c.Agent != "" {
			notes = append(slices.Clone(notes), fmt.Sprintf("rings at %s for %s", c.Agent, span(c.Rings)))
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.Position, span(c.Seconds), c.Category, dash(c.Language), c.Pool, c.Call, c.Engine, dash(strings.Join(notes, ", ")))
	}
	if len(v.Agents) > 0 {
		fmt.Fprintln(t, "\nAGENT\tSTATUS\tSTATE\tFOR\tPHONE\tCALL")
	}
	for _, a := range v.Agents {
		status := string(a.Status)
		if a.Reason != "" {
			status += ": " + a.Reason
		}
		if a.Locked {
			status += " (locked)"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", a.ID, status, a.State, span(a.Seconds), a.Phone, dash(a.Call))
	}
	fmt.Fprintln(t, "\nENGINE\tCALLS\tTERM\tBEAT")
	if len(v.Engines) == 0 {
		fmt.Fprintln(t, "none runs: Asterisk's own queues serve callers")
	}
	for _, e := range v.Engines {
		beat := "moves"
		if !e.Beats {
			beat = "STANDS STILL"
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\n", e.Name, e.Calls, e.Term, beat)
	}
	if len(v.Broken) > 0 {
		fmt.Fprintf(t, "\n%d documents cannot be read: %s\n", len(v.Broken), strings.Join(v.Broken, " "))
	}
	return t.Flush()
}

func (v floorView) atWork() int {
	n := 0
	for _, a := range v.Agents {
		if a.Status != agent.LoggedOut {
			n++
		}
	}
	return n
}

// span writes seconds as people say them.
func span(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
