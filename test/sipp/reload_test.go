package sipp_test

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"powerline/agent"
	"powerline/call"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/test/helpline"
	"powerline/test/phone"
)

// TestGivenTenCallsASecond_WhenSkillsQueuesAndPromptsChange_ThenTheyHoldWithinASecondAndNobodyIsDropped
// is line 11 of what must hold.
func TestGivenTenCallsASecond_WhenSkillsQueuesAndPromptsChange_ThenTheyHoldWithinASecondAndNobodyIsDropped(t *testing.T) {
	wire := tapWire(t)
	h, ctx := open(t, helpline.Options{Women: 30, Changes: []func(*config.Config){wire.between}}, 2*time.Minute)
	if err := h.LogIn(ctx, h.People...); err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(ctx, h.Postgres.URL, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	callers := streamOf(ctx, t, h, helpline.Direct, 10, 5000)
	skillsChange(ctx, t, h, db)
	queuesChange(ctx, t, h)
	promptsChange(ctx, t, h, wire)
	badFileChangesNothing(ctx, t, h)
	soon(ctx, t, 20*time.Second, "a hundred callers were served", func() bool { return callers.soFar() >= 100 })
	callers.end(t, 100)
	for _, p := range h.People {
		if n := h.Phone(p).MostAtOnce(); n > 1 {
			t.Errorf("%s had %d calls at once", p.ID, n)
		}
	}
}

// inForce is how soon a change must hold.
const inForce = time.Second

// skillsChange takes all training from a woman, in PostgreSQL. She gets no more
// calls until she has it back.
func skillsChange(ctx context.Context, t *testing.T, h *helpline.Helpline, db *postgres.DB) {
	who := h.Women()[0]
	softphone := h.Phone(who)
	person, err := db.Person(ctx, who.ID)
	if err != nil {
		t.Fatal(err)
	}
	trained := person.Profile.Categories
	person.Profile.Categories = nil
	set := func() {
		if err := db.SetAgent(ctx, person); err != nil {
			t.Fatal(err)
		}
		if person, err = db.Person(ctx, who.ID); err != nil {
			t.Fatal(err)
		}
	}
	set()
	took := soon(ctx, t, inForce, "the engine knows that she has no training", func() bool {
		a, err := h.Agent(ctx, who.ID)
		return err == nil && len(a.Profile.Categories) == 0
	})
	rung := softphone.Invites()
	quiet, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := helpline.Until(quiet, "she is rung", func() bool { return softphone.Invites() > rung }); err == nil {
		t.Error("an agent without training is rung")
	}
	person.Profile.Categories = trained
	set()
	again := soon(ctx, t, inForce, "the engine knows that she has it again", func() bool {
		a, err := h.Agent(ctx, who.ID)
		return err == nil && slices.Equal(a.Profile.Categories, trained)
	})
	t.Logf("skills taken held after %v, given after %v", took.Round(time.Millisecond), again.Round(time.Millisecond))
	soon(ctx, t, 5*time.Second, "she is rung again", func() bool { return softphone.Invites() > rung })
}

// queuesChange gives the direct line another category, and that category a
// wrap-up.
func queuesChange(ctx context.Context, t *testing.T, h *helpline.Helpline) {
	began := time.Now()
	reload(ctx, t, h, stalkingLine)
	soon(ctx, t, inForce, "a caller of the direct line is in the new category", func() bool {
		return someCall(ctx, h, func(c call.Call) bool { return c.Category == "stalking" })
	})
	t.Logf("a line's new category held after %v", time.Since(began).Round(time.Millisecond))
	soon(ctx, t, 3*time.Second, "an agent is in the wrap-up of the new category", func() bool {
		state, err := h.State(ctx)
		return err == nil && slices.ContainsFunc(state.Agents, func(a agent.Agent) bool { return a.State == agent.WrapUp })
	})
}

func stalkingLine(c *config.Config) {
	for i := range c.Lines {
		if c.Lines[i].DID == helpline.Direct {
			c.Lines[i].Category = "stalking"
		}
	}
	for i := range c.Categories {
		if c.Categories[i].Name == "stalking" {
			c.Categories[i].WrapUp = 300 * time.Millisecond
		}
	}
}

// promptsChange has the menu speak another sentence.
func promptsChange(ctx context.Context, t *testing.T, h *helpline.Helpline, wire *wiretap) {
	mark := wire.said.length()
	began := time.Now()
	reload(ctx, t, h, stalkingLine, otherGreeting)
	c, err := h.Trunk.Phone(number(4999), phone.Sings(2000)).Dial(ctx, helpline.Main)
	if err != nil {
		t.Fatal(err)
	}
	defer c.HangUp()
	soon(ctx, t, 2*time.Second, "the other greeting is played", func() bool {
		return strings.Contains(wire.said.since(mark), "greeting-plain")
	})
	t.Logf("another prompt was played %v after the change, the call's set-up included", time.Since(began).Round(time.Millisecond))
	if old := regexp.MustCompile(`powerline(/|%2F)greeting[^-]`).FindString(wire.said.since(mark)); old != "" {
		t.Errorf("the old greeting is played as well: %s", old)
	}
}

func otherGreeting(c *config.Config) {
	menu := c.Menus["helpline"]
	menu.Greeting, menu.Choices = "greeting-plain", "" // both together would last too long
	c.Menus["helpline"] = menu
}

// badFileChangesNothing: a file with one mistake and many changes, and one that
// names a prompt that nobody has spoken.
func badFileChangesNothing(ctx context.Context, t *testing.T, h *helpline.Helpline) {
	e := h.Engines[0]
	toPhone := func(c *config.Config) {
		for i := range c.Lines {
			c.Lines[i].Category = map[bool]string{true: "phone", false: c.Lines[i].Category}[c.Lines[i].DID == helpline.Direct]
		}
	}
	for i, spoil := range []func(){
		func() {
			text, err := os.ReadFile(e.Config)
			if err == nil {
				err = os.WriteFile(e.Config, append(text, "surprise: true\n"...), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		func() {
			must(t, h.Configure(e, toPhone, func(c *config.Config) { c.Waiting.Comfort = "never-spoken" }))
		},
	} {
		must(t, h.Configure(e, toPhone))
		spoil()
		e.Reload()
		soon(ctx, t, inForce, "the file is refused", func() bool {
			return figure(ctx, t, e, `acd_reloads_total{result="refused"}`) == float64(i+1)
		})
	}
	watching, cancel := context.WithTimeout(ctx, 1500*time.Millisecond)
	defer cancel()
	if err := helpline.Until(watching, "a call is in the refused file's category", func() bool {
		return someCall(ctx, h, func(c call.Call) bool { return c.Category == "phone" })
	}); err == nil {
		t.Error("a refused file has an effect")
	}
	if !someCall(ctx, h, func(c call.Call) bool { return c.Category == "stalking" }) {
		t.Error("the old file does not hold any more")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// reload writes the configuration and has the engine read it.
func reload(ctx context.Context, t *testing.T, h *helpline.Helpline, changes ...func(*config.Config)) {
	t.Helper()
	e := h.Engines[0]
	before := figure(ctx, t, e, `acd_reloads_total{result="ok"}`)
	must(t, h.Configure(e, changes...))
	e.Reload()
	soon(ctx, t, inForce, "the file is taken in", func() bool {
		return figure(ctx, t, e, `acd_reloads_total{result="ok"}`) == before+1
	})
}

func someCall(ctx context.Context, h *helpline.Helpline, ok func(call.Call) bool) bool {
	state, err := h.State(ctx)
	return err == nil && slices.ContainsFunc(state.Calls, ok)
}
