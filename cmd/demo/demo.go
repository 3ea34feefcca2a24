package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"powerline/agent"
	asteriskconfig "powerline/asterisk-config"
	"powerline/internal/config"
	"powerline/internal/stack"
	"powerline/prompts"
	"powerline/test/helpline"
)

const (
	ringFor = 8 * time.Second // before an agent who does not answer is paused
	wrapUp  = 4 * time.Second
	rest    = 8 * time.Second // recovery after a crisis
	women   = 17              // besides seniors and counsellors
	spool   = 64 << 20        // bytes of memory for recordings until they are sealed
)

// demo is one run.
type demo struct {
	options
	out, progress io.Writer
	began         time.Time // of everything
	opened        time.Time // of the lines to callers
	line          *helpline.Helpline
	password      string // of the guests
	threshold     time.Duration
	work          sync.WaitGroup
	town          *town // who is called
	seats         map[agent.ID]*seat
	prometheus    string   // its address
	dashboards    string   // where Grafana is, or that there is none
	doors         accounts // to desks and consoles
	shortcuts     []string // scripts that run acd and dialer with the right configuration
}

// run is a demo from the first to the last moment.
func run(ctx context.Context, o options, out, progress io.Writer) error {
	lock, err := takeLock(o.home)
	if err != nil {
		return err
	}
	defer lock.release()
	if o.seed == 0 {
		o.seed = rand.Uint64()
	}
	d := &demo{options: o, out: out, progress: progress, began: time.Now()}
	if d.password, err = guestPassword(o.home); err != nil {
		return err
	}
	if err := d.open(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // told to end before it had begun
		}
		return err
	}
	defer d.close()
	return d.show(ctx)
}

// say tells a step of the start.
func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.progress, "demo: %5.1f s  %s\n", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
}

// open starts the helpline and logs everybody in.
func (d *demo) open(ctx context.Context) error {
	if err := stack.Install(ctx, d.progress); err != nil {
		return err
	}
	music, err := d.music()
	if err != nil {
		return err
	}
	d.town = d.newTown()
	settings := asteriskconfig.Defaults()
	d.line, err = helpline.Open(ctx, helpline.Options{
		Women: women, Seniors: 4, Counsellors: 3, Officers: 6, Dialers: d.dialers(),
		WrapUp: wrapUp, RingFor: ringFor, Remember: 40, Recorded: spool, Consoles: true,
		Each:   d.each(),
		Guests: []helpline.Person{guestPerson(d.password), guestLead(d.password)},
		Append: map[string]string{"pjsip.conf": guestEndpoint(settings.Realm, d.password)},
		Exchange: func(c *asteriskconfig.Settings) {
			c.MusicDir = music
			if d.options.open {
				c.SIPAddress = "0.0.0.0"
			}
		},
		Changes:  []func(*config.Config){d.configure, d.outbound},
		Binary:   filepath.Join(d.home, "bin", "acd"),
		Progress: func(what string) { d.say("%s", what) },
	})
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{d.watch, d.openDoors, d.logIn, d.makeShortcuts} {
		if err := step(ctx); err != nil {
			d.close()
			return err
		}
	}
	return nil
}

// dialers is how many processes make calls.
func (d *demo) dialers() int {
	if d.noOutbound {
		return 0
	}
	return 1
}

// each gives agents their languages and, if calls are made, their training.
func (d *demo) each() func(*helpline.Person) {
	speaks, trained := d.languages(), train(women)
	return func(p *helpline.Person) {
		speaks(p)
		if !d.noOutbound {
			trained(p)
		}
	}
}

// configure is what differs from the production's configuration: times.
func (d *demo) configure(c *config.Config) {
	c.Log.Level = "info"
	c.Ringing.RejectDelay = 3 * time.Second
	for i := range c.Categories {
		if c.Categories[i].Crisis {
			c.Categories[i].Recovery = rest
		}
	}
	d.threshold = c.ServiceLevel.Threshold
}

// music is the waiting music, made once.
func (d *demo) music() (string, error) {
	dir := filepath.Join(d.home, "music")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the music's directory: %w", err)
	}
	return dir, prompts.Music(dir)
}

// languages gives some agents a third and fourth one.
func (d *demo) languages() func(*helpline.Person) {
	n := 0
	return func(p *helpline.Person) {
		n++
		switch n % 4 {
		case 1:
			p.Languages = append(p.Languages[:len(p.Languages):len(p.Languages)], "bho", "awa")
		case 2:
			p.Languages = append(p.Languages[:len(p.Languages):len(p.Languages)], "ur")
		}
	}
}

// logIn seats the agents in rows, so that the progress can be seen. Who does
// not succeed, for a busy machine loses keys as a bad line does, dials again;
// with the third wrong PIN her login would be locked.
func (d *demo) logIn(ctx context.Context) error {
	const row = 15
	people := d.line.People
	for first := 0; first < len(people); first += row {
		left := people[first:min(first+row, len(people))]
		d.say("agents dial *11 and their PIN: %d of %d are logged in", first, len(people))
		for try := 1; try <= 3 && len(left) > 0; try++ {
			limited, cancel := context.WithTimeout(ctx, 15*time.Second)
			err := d.line.LogIn(limited, left...)
			cancel()
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err == nil {
				left = nil
				break
			}
			if left, err = d.loggedOut(ctx, left); err != nil {
				return err
			}
		}
		if len(left) > 0 {
			d.say("%d agents could not log in: the demo goes on without them", len(left))
		}
	}
	d.say("the agents are logged in; the lines are open")
	return nil
}

// loggedOut are those of some people who are not logged in.
func (d *demo) loggedOut(ctx context.Context, people []helpline.Person) ([]helpline.Person, error) {
	state, err := d.line.State(ctx)
	if err != nil {
		return nil, err
	}
	in := map[agent.ID]bool{}
	for _, a := range state.Agents {
		in[a.Profile.ID] = a.Status != agent.LoggedOut
	}
	return slices.DeleteFunc(slices.Clone(people), func(p helpline.Person) bool { return in[p.ID] }), nil
}

// makeShortcuts writes scripts that run the operator's programs with this run's
// configuration, for whoever wants to try their commands.
func (d *demo) makeShortcuts(context.Context) error {
	for name, engines := range map[string][]*helpline.Engine{"acd": d.line.Engines, "dialer": d.line.Dialers} {
		if len(engines) == 0 {
			continue
		}
		path := filepath.Join(d.home, name)
		text := fmt.Sprintf("#!/bin/sh\n# An operator's program, with the configuration of the demo that runs now.\nexec '%s' --config '%s' \"$@\"\n",
			filepath.Join(d.home, "bin", name), engines[0].Config)
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			return fmt.Errorf("write the shortcut: %w", err)
		}
		d.shortcuts = append(d.shortcuts, path)
	}
	return nil
}

// talk is how long a conversation lasts.
func (d *demo) talk(r *rand.Rand) time.Duration {
	if d.fast {
		return between(r, 3*time.Second, 10*time.Second)
	}
	return between(r, 5*time.Second, 25*time.Second)
}

// perMinute is the average of the waves.
func (d *demo) perMinute() float64 {
	if d.fast {
		return 2 * d.options.perMinute
	}
	return d.options.perMinute
}

// play lets callers call and agents have their day, until ctx ends.
func (d *demo) play(ctx context.Context) {
	d.opened = time.Now()
	d.seats = map[agent.ID]*seat{}
	for i, p := range d.line.People {
		s := d.newSeat(i, p)
		d.seats[p.ID] = s
		d.work.Go(func() { s.attend(ctx) })
		if p.Woman && !d.noOutbound {
			d.work.Go(func() { s.register(ctx) })
		}
	}
	d.work.Go(func() { d.crowd(ctx) })
	d.work.Go(func() { d.revive(ctx, d.line.Engines[0]) })
	if !d.noOutbound {
		d.work.Go(func() { d.revive(ctx, d.line.Dialers[0]) })
		d.work.Go(func() { d.writeUp(ctx) })
		d.work.Go(func() { d.backOffice(ctx) })
	}
}

// revive starts a process again when somebody has killed it, as systemd would.
func (d *demo) revive(ctx context.Context, e *helpline.Engine) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.Exited():
		}
		if ctx.Err() != nil {
			return
		}
		if err := e.Start(); err != nil {
			d.say("%s cannot be started again: %v", e.Name, err)
			return
		}
	}
}

// join says how to take part.
func (d *demo) join() []string {
	sip := d.line.Asterisk.SIPAddr
	if d.options.open {
		sip = "this machine's address" + sip[strings.LastIndexByte(sip, ':'):]
	}
	return append(d.enter(time.Now()),
		fmt.Sprintf("JOIN IN   softphone (UDP) at %s, password %s: agent %s dials *11, PIN %s#", sip, d.password, guestAgent, guestPIN),
		fmt.Sprintf("          caller %s dials %s (%s is for offenders who ring back)", guestCaller, helpline.Main, helpline.RingBack),
		"          elsewhere: "+d.home+"/acd queue show --watch"+d.dialerCommand(),
		"WATCH     Prometheus "+d.prometheus+", alarms at /classic/alerts. "+d.dashboards,
	)
}

func (d *demo) dialerCommand() string {
	if d.noOutbound {
		return ""
	}
	return "; " + d.home + "/dialer due"
}

// close ends everything.
func (d *demo) close() {
	for _, path := range d.shortcuts {
		os.Remove(path)
	}
	d.line.Close()
	d.work.Wait()
}
