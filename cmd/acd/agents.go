package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"powerline/agent"
	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/internal/roster"
)

func newAgents(s *shared) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "agents",
		Short: "Look after the roster",
		Long: operator.Long(`
			The roster is who works here: skills, softphone secrets, PINs. It lives in
			PostgreSQL; running engines see a change within a second. Softphone accounts
			are rendered into Asterisk's files: after a new agent or secret, run
			"acd asterisk-config render" and reload Asterisk.`),
	}
	cmd.AddCommand(newAgentsImport(s), newAgentsList(s), newAgentsShow(s), newAgentsSet(s), newAgentsUnlock(s), newAgentsLogout(s))
	return cmd
}

func knownOf(c config.Config) roster.Known {
	k := roster.Known{Languages: c.Prompts.Languages}
	for _, one := range c.Categories {
		k.Categories = append(k.Categories, one.Name)
	}
	return k
}

type importOpts struct{ dryRun, asJSON bool }

func newAgentsImport(s *shared) *cobra.Command {
	var o importOpts
	cmd := &cobra.Command{
		Use:   "import FILE.csv",
		Short: "Take a roster file over, whole or not at all",
		Long: operator.Long(`
			Reads a CSV file with the columns

			  ` + strings.Join(roster.Columns, ",") + `

			in any order; secret (of the softphone) and pin may be left out, and an empty one
			keeps what is stored. Both are stored hashed. Languages, categories and outbound
			hold words separated by spaces or semicolons. Any bad line refuses the whole file,
			with every mistake named. Agents who are stored and not in the file stay as they
			are: set those who left to active=no.

			Examples:
			  acd agents import roster.csv --dry-run
			  acd agents import roster.csv
			  generate-roster | acd agents import -`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.importRoster(cmd.Context(), args[0], o) },
	}
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "say what would change, and change nothing")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print the result as JSON")
	return cmd
}

func (s *shared) importRoster(ctx context.Context, path string, o importOpts) error {
	return s.WithDB(ctx, func(c config.Config, db *postgres.DB) error {
		entries, err := s.readRoster(path, knownOf(c))
		if err != nil {
			return err
		}
		stored, _, err := db.Roster(ctx)
		if err != nil {
			return err
		}
		change, err := roster.Merge(stored, entries, c.Asterisk.SIP.Realm)
		if err != nil {
			return err
		}
		if !o.dryRun && len(change.Write) > 0 {
			if err := db.ImportRoster(ctx, change.Write); err != nil {
				return err
			}
		}
		return s.reportImport(change, o)
	})
}

func (s *shared) readRoster(path string, known roster.Known) ([]roster.Entry, error) {
	if path == "-" {
		return roster.Parse("standard input", s.In, known)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open roster: %w", err)
	}
	defer f.Close()
	return roster.Parse(path, f, known)
}

func (s *shared) reportImport(c roster.Change, o importOpts) error {
	if o.asJSON {
		return operator.PrintJSON(s.Out, map[string]any{
			"dryRun": o.dryRun, "added": ids(c.Added), "changed": ids(c.Changed), "unchanged": len(c.Unchanged), "notInFile": ids(c.Absent),
		})
	}
	verb := "imported"
	if o.dryRun {
		verb = "nothing was changed; the import would be"
	}
	fmt.Fprintf(s.Out, "%s: %d added, %d changed, %d unchanged\n", verb, len(c.Added), len(c.Changed), len(c.Unchanged))
	if len(c.Absent) > 0 {
		fmt.Fprintf(s.Out, "%d stored agents are not in the file and stay as they are: %s\n", len(c.Absent), shorten(c.Absent))
	}
	return nil
}

// ids is never null in JSON.
func ids(list []agent.ID) []agent.ID { return append([]agent.ID{}, list...) }

func shorten(list []agent.ID) string {
	var words []string
	for i, id := range list {
		if i == 10 {
			words = append(words, fmt.Sprintf("… and %d more", len(list)-10))
			break
		}
		words = append(words, string(id))
	}
	return strings.Join(words, " ")
}

// personView is a person as an operator sees her: with her name, without secrets.
type personView struct {
	ID   agent.ID `json:"id"`
	Name string   `json:"name"`
	roster.Skills
	Secret  bool  `json:"secretSet"`
	PIN     bool  `json:"pinSet"`
	Version int64 `json:"version"`
}

func view(p roster.Person) personView {
	return personView{
		ID: p.Profile.ID, Name: p.Name.Show(), Skills: roster.SkillsOf(p),
		Secret: p.SIP.Set(), PIN: p.PIN.Set(), Version: p.Version,
	}
}

// roles in one word each, for a column.
func (v personView) roles() string {
	var words []string
	for _, r := range []struct {
		has  bool
		name string
	}{{v.Officer, "officer"}, {v.Counsellor, "counsellor"}, {v.Senior, "senior"}} {
		if r.has {
			words = append(words, r.name)
		}
	}
	return strings.Join(words, " ")
}

func newAgentsList(s *shared) *cobra.Command {
	var asJSON, all bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the roster",
		Long: operator.Long(`
			Lists who may work, one line each. A missing softphone secret or PIN is shown.

			Examples:
			  acd agents list
			  acd agents list --all --json | jq '.[] | select(.pinSet | not) | .id'`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error {
				persons, _, err := db.Roster(cmd.Context())
				if err != nil {
					return err
				}
				views := []personView{}
				for _, p := range persons {
					if p.Active || all {
						views = append(views, view(p))
					}
				}
				if asJSON {
					return operator.PrintJSON(s.Out, views)
				}
				return s.table(views)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&all, "all", false, "also those who are not active")
	return cmd
}

func (s *shared) table(views []personView) error {
	if len(views) == 0 {
		fmt.Fprintln(s.Out, "nobody; see `acd agents import --help`")
		return nil
	}
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tNAME\tGENDER\tROLES\tLANGUAGES\tCATEGORIES\tOUTBOUND\tSTATE")
	for _, v := range views {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", v.ID, v.Name, v.Gender, dash(v.roles()),
			dash(strings.Join(v.Languages, " ")), dash(strings.Join(v.Categories, " ")), dash(strings.Join(v.Outbound, " ")), v.state())
	}
	return t.Flush()
}

func (v personView) state() string {
	switch {
	case !v.Active:
		return "not active"
	case !v.Secret && !v.PIN:
		return "no secret, no PIN"
	case !v.Secret:
		return "no secret"
	case !v.PIN:
		return "no PIN"
	}
	return "ready"
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func newAgentsShow(s *shared) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show one agent",
		Long: operator.Long(`
			Examples:
			  acd agents show a017
			  acd agents show a017 --json`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error {
				p, err := db.Person(cmd.Context(), agent.ID(args[0]))
				if err != nil {
					return orNobody(err, args[0])
				}
				if asJSON {
					return operator.PrintJSON(s.Out, view(p))
				}
				return s.showOne(view(p))
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func orNobody(err error, id string) error {
	if errors.Is(err, postgres.ErrNoAgent) {
		return fmt.Errorf("no agent %q: see `acd agents list --all`", id)
	}
	return err
}

func (s *shared) showOne(v personView) error {
	t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"id", string(v.ID)}, {"name", v.Name}, {"gender", v.Gender}, {"roles", dash(v.roles())},
		{"languages", dash(strings.Join(v.Languages, " "))}, {"categories", dash(strings.Join(v.Categories, " "))},
		{"outbound", dash(strings.Join(v.Outbound, " "))}, {"state", v.state()}, {"version", fmt.Sprint(v.Version)},
	} {
		fmt.Fprintf(t, "%s\t%s\n", row[0], row[1])
	}
	return t.Flush()
}

func newAgentsSet(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "set ID COLUMN=VALUE…",
		Short: "Change one agent",
		Long: operator.Long(`
			Changes columns of one agent, all or none. The columns are those of a roster file.
			A PIN or secret given here can be seen in the shell's history and, for a moment,
			in the list of processes: give "-" to be asked for it on standard input.

			Examples:
			  acd agents set a017 senior=yes
			  acd agents set a017 languages="hi bho" categories="phone stalking"
			  acd agents set a017 pin=-
			  acd agents set a017 active=no`),
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			assignments, err := s.fillIn(args[1:])
			if err != nil {
				return err
			}
			return s.WithDB(cmd.Context(), func(c config.Config, db *postgres.DB) error {
				old, err := db.Person(cmd.Context(), agent.ID(args[0]))
				if err != nil {
					return orNobody(err, args[0])
				}
				next, err := roster.Set(old, assignments, c.Asterisk.SIP.Realm, knownOf(c))
				if err != nil {
					return err
				}
				if old.Same(next) {
					fmt.Fprintf(s.Out, "%s: unchanged\n", args[0])
					return nil
				}
				if err := db.SetAgent(cmd.Context(), next); err != nil {
					return err
				}
				fmt.Fprintf(s.Out, "%s: changed\n", args[0])
				return nil
			})
		},
	}
}

// fillIn reads a value of "-" from standard input, one line each.
func (s *shared) fillIn(assignments []string) ([]string, error) {
	filled := append([]string{}, assignments...)
	for i, a := range filled {
		column, value, _ := strings.Cut(a, "=")
		if value != "-" {
			continue
		}
		line, err := readLine(s.In)
		if err != nil {
			return nil, fmt.Errorf("read %s from standard input: %w", column, err)
		}
		filled[i] = column + "=" + line
	}
	return filled, nil
}

// readLine takes one line and not a byte more, so that the next one is left.
func readLine(in io.Reader) (string, error) {
	var line []byte
	for one := make([]byte, 1); len(line) < 1024; {
		n, err := in.Read(one)
		if n == 1 {
			if one[0] == '\n' {
				return strings.TrimRight(string(line), "\r"), nil
			}
			line = append(line, one[0])
			continue
		}
		if errors.Is(err, io.EOF) && len(line) > 0 {
			return string(line), nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", errors.New("the line is too long")
}

// printLine is operator.PrintJSON for a stream: one value, one line.
func printLine(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
