package check

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"powerline/internal/config"
	"powerline/ivr"
	"powerline/prompts"
)

// Prompts makes sure that everything which may be said can be said, and in the
// time that there is for it. Asterisk plays nothing for a missing file and
// reports success, so a caller would hear silence and nobody would know why;
// and a greeting that is too long is cut off in the middle of a word.
func Prompts(c config.Config) error {
	callers, agents := spoken(c)
	known := ivr.Known{Languages: c.Prompts.Languages, Prompts: slices.Concat(callers, agents)}
	for _, k := range c.Categories {
		known.Categories = append(known.Categories, k.Name)
	}
	lengths, err := prompts.Durations(c.Prompts.Dir)
	if err != nil {
		return err
	}
	known.Length = lengths.Of
	findings := []error{
		prompts.Check(c.Prompts.Dir, callers, c.Prompts.Languages),
		prompts.Check(c.Prompts.Dir, agents, c.Prompts.Languages[:1]), // agents hear the first language
	}
	for _, name := range slices.Sorted(maps.Keys(c.Menus)) {
		if err := c.Menus[name].Validate(known); err != nil {
			for line := range strings.Lines(err.Error()) {
				findings = append(findings, errors.New("menus."+name+"."+strings.TrimPrefix(strings.TrimSpace(line), "menu.")))
			}
		}
	}
	if err := c.Waiting.Validate(known); err != nil {
		findings = append(findings, err)
	}
	return errors.Join(findings...)
}

// spoken are the ids of what callers and agents may hear.
func spoken(c config.Config) (callers, agents []string) {
	callers = slices.Clone(c.Waiting.Prompts())
	for _, menu := range c.Menus {
		callers = append(callers, menu.Prompts()...)
	}
	slices.Sort(callers)
	return slices.Compact(callers), ivr.DefaultCodes().Prompts()
}

// soundFiles looks for every prompt that the configuration names.
func soundFiles(_ context.Context, c config.Config) []Finding {
	n := notes{subject: "prompts"}
	if err := Prompts(c); err != nil {
		for line := range strings.Lines(err.Error()) {
			n.add(Fail, strings.TrimSpace(line))
		}
		n.add(Fail, "an engine refuses to start like this; `acd prompts generate` makes what is missing")
		return n.list
	}
	callers, agents := spoken(c)
	n.add(OK, fmt.Sprintf("%d prompts in %s, %d for agents", len(callers), strings.Join(c.Prompts.Languages, ", "), len(agents)))
	return n.list
}
