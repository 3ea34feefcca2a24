package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"powerline/cmd/operator"
	"powerline/district"
	"powerline/internal/config"
	"powerline/internal/intake"
	"powerline/internal/postgres"
)

func newStations(s *shared) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stations",
		Short: "Look after the directory of police stations",
		Long: operator.Long(`
			The directory says which police stations a case can go to. A station belongs to
			a district and is not one. None is ever deleted, because cases name it.`),
	}
	cmd.AddCommand(newStationsImport(s), newStationsList(s), newStationsTelephone(s))
	return cmd
}

func newStationsTelephone(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "telephone ID NUMBER",
		Short: "Say under which number a police station is reached",
		Long: operator.Long(`
			An agent can bring a police station into her call if its number is known. An
			empty number takes it away.

			Examples:
			  dialer stations telephone lko-hazratganj +915222234567
			  dialer stations telephone lko-hazratganj ""`),
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !telephone.MatchString(args[1]) {
				return errors.New("want a number of 3 to 15 digits, with + before a country code and nothing between them")
			}
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error {
				known, err := db.SetStationTelephone(cmd.Context(), args[0], args[1], string(whoAmI()), time.Now())
				if err == nil && !known {
					return fmt.Errorf("no station %q: see `dialer stations list`", args[0])
				}
				return err
			})
		},
	}
}

var telephone = regexp.MustCompile(`^(\+?[0-9]{3,15})?$`)

type stationOpts struct{ dryRun, asJSON bool }

func newStationsImport(s *shared) *cobra.Command {
	var o stationOpts
	cmd := &cobra.Command{
		Use:   "import FILE.csv",
		Short: "Take a directory of police stations over, whole or not at all",
		Long: operator.Long(`
			Reads a CSV file with the columns id, district, name and active (yes unless it
			says no), in any order, such as

			  id,district,name,active
			  lko-hazratganj,Lucknow,Hazratganj,yes

			Any mistake refuses the whole file, each named with line, field and reason: exit
			code 2. Stations that are stored and not in the file stay as they are; one that
			closed is set to active=no.

			Examples:
			  dialer stations import stations.csv --dry-run
			  dialer stations import stations.csv
			  dialer stations import - < stations.csv`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.importStations(cmd.Context(), args[0], o) },
	}
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "say what would change, and change nothing")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print the result as JSON")
	return cmd
}

func (s *shared) importStations(ctx context.Context, path string, o stationOpts) error {
	f, err := s.open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return s.WithDB(ctx, func(_ config.Config, db *postgres.DB) error {
		before, err := db.Stations(ctx, "")
		if err != nil {
			return err
		}
		stored := make([]intake.Station, len(before))
		for i, one := range before {
			stored[i] = intake.Station(one)
		}
		all, err := intake.ReadStations(f, stored)
		var refusal *intake.Refusal
		if errors.As(err, &refusal) {
			return s.printRefusal(refusal, "station", o.asJSON)
		}
		if err != nil {
			return err
		}
		r, write := compareStations(stored, all)
		if r.DryRun = o.dryRun; !o.dryRun && len(write) > 0 {
			if err := db.ImportStations(ctx, write, string(whoAmI()), time.Now()); err != nil {
				return fmt.Errorf("no station was taken: %w", err)
			}
		}
		return s.reportStations(r, o)
	})
}

// importedStations counts what an import of a directory does.
type importedStations struct {
	DryRun    bool `json:"dryRun"`
	Added     int  `json:"added"`
	Changed   int  `json:"changed"`
	Unchanged int  `json:"unchanged"`
}

// compareStations says which of all are to be written.
func compareStations(stored, all []intake.Station) (r importedStations, write []postgres.Station) {
	before := map[string]intake.Station{}
	for _, one := range stored {
		before[one.ID] = one
	}
	for _, one := range all {
		old, known := before[one.ID]
		switch {
		case known && old == one:
			r.Unchanged++
			continue
		case known:
			r.Changed++
		default:
			r.Added++
		}
		write = append(write, postgres.Station(one))
	}
	return r, write
}

func (s *shared) reportStations(r importedStations, o stationOpts) error {
	if o.asJSON {
		return operator.PrintJSON(s.Out, r)
	}
	verb := "imported"
	if r.DryRun {
		verb = "nothing was changed; the import would be"
	}
	fmt.Fprintf(s.Out, "%s: %d added, %d changed, %d unchanged\n", verb, r.Added, r.Changed, r.Unchanged)
	return nil
}

// stationView is a station in a list.
type stationView struct {
	ID       string `json:"id"`
	District string `json:"district"`
	Name     string `json:"name"`
	Active   bool   `json:"active"`
}

func newStationsList(s *shared) *cobra.Command {
	var in string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the directory of police stations",
		Long: operator.Long(`
			Examples:
			  dialer stations list
			  dialer stations list --district Lucknow --json`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if in != "" {
				if in, err = district.Parse(in); err != nil {
					return fmt.Errorf("--district: %w", err)
				}
			}
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error {
				all, err := db.Stations(cmd.Context(), in)
				if err != nil {
					return err
				}
				views := []stationView{}
				for _, one := range all {
					views = append(views, stationView(one))
				}
				if asJSON {
					return operator.PrintJSON(s.Out, views)
				}
				return s.printStations(views)
			})
		},
	}
	cmd.Flags().StringVar(&in, "district", "", "only this district")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (s *shared) printStations(views []stationView) error {
	if len(views) == 0 {
		fmt.Fprintln(s.Out, "no station; see `dialer stations import --help`")
		return nil
	}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tDISTRICT\tNAME\tSTATE")
	for _, v := range views {
		state := "active"
		if !v.Active {
			state = "closed"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", v.ID, v.District, v.Name, state)
	}
	return w.Flush()
}
