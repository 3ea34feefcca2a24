package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"powerline/agent"
	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/intake"
	"powerline/internal/postgres"
)

type importOpts struct {
	format, by     string
	dryRun, asJSON bool
}

func newCasesImport(s *shared) *cobra.Command {
	var o importOpts
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Register cases from a file, whole or not at all",
		Long: operator.Long(`
			Reads a CSV file, or a JSON array, with these fields:

			` + wrap("  ", intake.Fields) + `
			  and for up to five contacts contact1_name, contact1_numbers, contact1_sex,
			  contact1_relation, contact1_approved

			"dialer cases template" prints an example. Every mistake in the file is named
			with its line, field and reason, nothing of it is repeated, and no case is
			registered: exit code 2. The same references imported again make no second
			case. A woman agent answers for each registration: the field taker, or --by
			where the file names nobody.

			Examples:
			  dialer cases import complaints.csv --dry-run
			  dialer cases import complaints.csv --by a017
			  dialer cases import complaints.json --json
			  other-system | dialer cases import - --format json`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.importCases(cmd.Context(), args[0], o) },
	}
	cmd.Flags().StringVar(&o.format, "format", "", "csv or json; the file's ending says it otherwise")
	cmd.Flags().StringVar(&o.by, "by", "", "id of the woman agent who takes responsibility where the file names none")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "look for mistakes, and change nothing")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print the result as JSON")
	return cmd
}

// wrap writes words in lines of a help text.
func wrap(indent string, words []string) string {
	var lines []string
	line := indent
	for _, w := range words {
		if len(line)+len(w) > 78 {
			lines, line = append(lines, strings.TrimRight(line, " ")), indent
		}
		line += w + ", "
	}
	return strings.Join(append(lines, strings.TrimRight(line, ", ")), "\n")
}

func (s *shared) importCases(ctx context.Context, path string, o importOpts) error {
	format, err := formatOf(path, o.format)
	if err != nil {
		return err
	}
	return s.WithDB(ctx, func(c config.Config, db *postgres.DB) error {
		known, err := knownOf(ctx, c, db, agent.ID(o.by))
		if err != nil {
			return err
		}
		all, err := s.readCases(path, format, known)
		var refusal *intake.Refusal
		switch {
		case errors.As(err, &refusal):
			return s.printRefusal(refusal, "case", o.asJSON)
		case err != nil:
			return err
		case o.dryRun:
			return s.tryImport(ctx, db, all, o)
		}
		done, err := db.RegisterAll(ctx, c.Outbound.Ladder, all)
		if err != nil {
			return fmt.Errorf("no case was registered: %w", err)
		}
		return s.printImported(done, o)
	})
}

func formatOf(path, format string) (string, error) {
	if format == "" {
		format = strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	}
	if format != "csv" && format != "json" {
		return "", errors.New("the ending of the file says neither csv nor json: say --format csv or --format json")
	}
	return format, nil
}

// knownOf is what a file of cases may refer to.
func knownOf(ctx context.Context, c config.Config, db *postgres.DB, by agent.ID) (intake.Known, error) {
	k := intake.Known{
		Languages: c.Prompts.Languages, Now: ladderTime(c), Taker: by,
		Takers: map[agent.ID]bool{}, Stations: map[string]intake.Station{},
	}
	for _, one := range c.Categories {
		k.Categories = append(k.Categories, one.Name)
	}
	persons, _, err := db.Roster(ctx)
	if err != nil {
		return k, err
	}
	for _, p := range persons {
		if p.Active && p.Profile.Fits(agent.Women) {
			k.Takers[p.Profile.ID] = true
		}
	}
	if by != "" && !k.Takers[by] {
		return k, fmt.Errorf("--by: no woman who works here has the id %q: see `acd agents list`", by)
	}
	stations, err := db.Stations(ctx, "")
	for _, one := range stations {
		k.Stations[one.ID] = intake.Station(one)
	}
	return k, err
}

// open gives a file, or standard input for "-".
func (s *shared) open(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(s.In), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the file: %w", err)
	}
	return f, nil
}

func (s *shared) readCases(path, format string, known intake.Known) ([]intake.Registration, error) {
	f, err := s.open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if format == "json" {
		return intake.ReadJSON(f, known)
	}
	return intake.ReadCSV(f, known)
}

// printRefusal names what is wrong with a file, a line each.
func (s *shared) printRefusal(r *intake.Refusal, what string, asJSON bool) error {
	if asJSON {
		return errors.Join(operator.PrintJSON(s.Out, map[string]any{"refused": r.Findings}), operator.ErrFindings)
	}
	fmt.Fprintln(s.Out, r.Error())
	fmt.Fprintf(s.Out, "refused: no %s of the file was taken\n", what)
	return operator.ErrFindings
}

// importedCase is a case as the import names it.
type importedCase struct {
	Case   string `json:"case"`
	Docket string `json:"docket,omitempty"` // once it is registered
	State  string `json:"state,omitempty"`
	Again  bool   `json:"again"`
}

// imported is the result of an import, in the order of the file.
type imported struct {
	DryRun     bool           `json:"dryRun"`
	Registered int            `json:"registered"`
	Again      int            `json:"again"`
	Cases      []importedCase `json:"cases"`
}

func (r *imported) add(c importedCase) {
	if r.Cases = append(r.Cases, c); c.Again {
		r.Again++
		return
	}
	r.Registered++
}

// tryImport says which cases are here already, and changes nothing.
func (s *shared) tryImport(ctx context.Context, db *postgres.DB, all []intake.Registration, o importOpts) error {
	r := imported{DryRun: true}
	for _, one := range all {
		f, err := db.Case(ctx, one.Case)
		if err != nil && !errors.Is(err, postgres.ErrNoCase) {
			return err
		}
		r.add(importedCase{Case: one.Case, Docket: f.Docket, State: string(f.Case.State), Again: err == nil})
	}
	return s.report(r, o)
}

func (s *shared) printImported(done []postgres.Registered, o importOpts) error {
	r := imported{}
	for _, one := range done {
		r.add(importedCase{Case: one.File.Case.ID, Docket: one.File.Docket, State: string(one.File.Case.State), Again: one.Again})
	}
	return s.report(r, o)
}

// mostNamed cases are listed on a terminal; JSON has them all.
const mostNamed = 20

func (s *shared) report(r imported, o importOpts) error {
	if o.asJSON {
		return operator.PrintJSON(s.Out, r)
	}
	verb := "imported"
	if r.DryRun {
		verb = "nothing was changed; the import would be"
	}
	fmt.Fprintf(s.Out, "%s: %d registered, %d were registered before\n", verb, r.Registered, r.Again)
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	for i, c := range r.Cases {
		if i == mostNamed {
			fmt.Fprintf(w, "… and %d more; --json names all\n", len(r.Cases)-mostNamed)
			break
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.Case, dash(c.Docket), dash(c.State))
	}
	return w.Flush()
}

// The examples hold made-up people, and a taker whom no roster has: whoever
// imports one as it is dials nobody.
var (
	//go:embed template.csv
	templateCSV string
	//go:embed template.json
	templateJSON string
)

func newCasesTemplate(s *shared) *cobra.Command {
	format := "csv"
	cmd := &cobra.Command{
		Use:   "template",
		Short: "Print an example of a file to import",
		Long: operator.Long(`
			Prints a file with made-up cases to start from. Put ids of women of your roster
			for "nobody-yet": as it is, the file is refused, so that nobody rings a stranger
			by accident.

			Examples:
			  dialer cases template > complaints.csv
			  dialer cases template --format json > complaints.json`),
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch format {
			case "csv":
				_, err := io.WriteString(s.Out, templateCSV)
				return err
			case "json":
				_, err := io.WriteString(s.Out, templateJSON)
				return err
			}
			return errors.New("--format: want csv or json")
		},
	}
	cmd.Flags().StringVar(&format, "format", format, "csv or json")
	return cmd
}
