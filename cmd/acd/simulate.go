package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/day"
	"powerline/internal/day/report"
	"powerline/routing"
)

type simulateOpts struct {
	profile, seeds, report  string
	whatIf                  []string
	against, faults, asJSON bool
}

func newSimulate(s *shared) *cobra.Command {
	o := simulateOpts{seeds: "1-5"}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Play whole days: how long will callers wait, and what happens if …?",
		Long: operator.Long(`
			Plays days of callers, agents, breaks and outbound work in virtual time, with the
			code that decides in production, and prints what came of them. Routing, reserve
			and ladder are those of the configuration; without a configuration file they are
			the defaults. Nothing outside is asked or changed.

			A profile says what a day is like. Without --profile it is the reference day:
			8,000 callers, 10,000 attempts, 150 agents. "acd profile learn" makes one of
			yesterday's records.

			Each --what-if is one more column: changes to the day, separated by commas.
`) + day.WhatIfHelp() + operator.Long(`
			With --against the same callers are also given to models of app_queue and
			mod_callcenter, as people install them and as well as they can be tuned.
			With --faults the engine dies, the store is slow and events are lost, doubled and
			late, to see that the laws hold all the same.

			Exit code 2: a law was broken. The message has the command that plays it again.

			Examples:
			  acd simulate
			  acd simulate --seeds 1-20 --what-if inbound=x1.3 --what-if agents=+10,absent=10% --report monday.html
			  acd simulate --profile yesterday.yaml --against
			  acd simulate --faults --seeds 1-200`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			letGarbagePileUp()
			return s.simulate(cmd.Context(), o, cmd.Flags().Changed("config"))
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.profile, "profile", "", "what a day is like, a YAML file; the reference day if empty")
	f.StringVar(&o.seeds, "seeds", o.seeds, "which days, such as 7, 1-20 or 1-5,9")
	f.StringArrayVar(&o.whatIf, "what-if", nil, "changes to the day, such as agents=+10,inbound=x1.3; may be given again")
	f.StringVar(&o.report, "report", "", "write an HTML page with plots to this file")
	f.BoolVar(&o.against, "against", false, "compare with app_queue and mod_callcenter")
	f.BoolVar(&o.faults, "faults", false, "let everything go wrong")
	f.BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// column is one setting that is played.
type column struct {
	title string
	o     day.Options
}

func (s *shared) simulate(ctx context.Context, o simulateOpts, named bool) error {
	seeds, err := parseSeeds(o.seeds)
	if err != nil {
		return err
	}
	base, err := s.dayOptions(o.profile, named)
	if err != nil {
		return err
	}
	columns, err := o.columns(base)
	if err != nil {
		return err
	}
	began := time.Now()
	runs, err := s.play(ctx, columns, seeds)
	if err != nil {
		return err
	}
	if o.report != "" {
		page := report.Page{
			Title: "A day at the helpline: " + base.Profile.Name,
			Lead:  fmt.Sprintf("%d days in each setting, played with the routing of production.", len(seeds)), Made: time.Now(), Runs: runs,
		}
		if err := writeFile(o.report, page.Write); err != nil {
			return err
		}
	}
	if o.asJSON {
		return operator.PrintJSON(s.Out, report.JSON(runs))
	}
	if err := printRows(s.Out, runs); err != nil {
		return err
	}
	total := 0.0
	for _, r := range runs {
		total += r.Result.CallHours
	}
	fmt.Fprintf(s.Out, "\n%d days, %.0f hours of calls, in %v; every law held at every step\n",
		len(seeds)*len(columns), total, time.Since(began).Round(100*time.Millisecond))
	if o.report != "" {
		fmt.Fprintf(s.Out, "report: %s\n", o.report)
	}
	return nil
}

// dayOptions are a profile and what the configuration says of routing and pacing.
// A configuration file that nobody named may be missing.
func (s *shared) dayOptions(profile string, named bool) (day.Options, error) {
	c := config.Default()
	if _, err := os.Stat(s.ConfigPath); named || !errors.Is(err, os.ErrNotExist) {
		var err error
		if c, err = s.Load(); err != nil {
			return day.Options{}, err
		}
	}
	p := day.Weekday()
	if profile != "" {
		var err error
		if p, err = day.Load(profile); err != nil {
			return day.Options{}, err
		}
	}
	out := c.Outbound
	o := day.Options{
		Profile: &p, Policy: &c.Routing, TakeBack: true, Ladder: out.Ladder,
		Otherwise: routing.Otherwise{Language: out.OtherLanguage.Code, After: out.OtherLanguage.After},
		Reserve:   routing.Reserve{Women: out.Reserve.Women, Crisis: out.Reserve.Crisis, Officers: out.Reserve.Officers, Resume: out.Reserve.Resume},
	}
	if profile != "" {
		o.Replay = " --profile " + profile
	}
	return o, o.Check()
}

func (o simulateOpts) columns(base day.Options) ([]column, error) {
	if o.faults {
		f := day.Everything()
		base.Faults = &f
	}
	columns := []column{{"as it is", base}}
	for _, text := range o.whatIf {
		w, err := day.ParseWhatIf(text, base.Profile)
		if err != nil {
			return nil, err
		}
		changed := w.Apply(base)
		changed.Replay += " --what-if " + text
		columns = append(columns, column{text, changed})
	}
	if !o.against {
		return columns, nil
	}
	for _, router := range day.Policies[1:] {
		other := base
		other.Router, other.TakeBack = router, false
		if router == day.AppQueue || router == day.ModCallcenter {
			other.Reserve = routing.Reserve{} // as installed, their users' dialers keep nobody back
		}
		other.Replay += " --against"
		columns = append(columns, column{string(router), other})
	}
	return columns, nil
}

// play plays all columns on all seeds, each day on one core, and adds the days up
// in the order of their seeds, so that the sum is the same every time.
func (s *shared) play(ctx context.Context, columns []column, seeds []uint64) ([]report.Run, error) {
	results := make([][]*day.Result, len(columns))
	bar := s.progress(len(columns) * len(seeds))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for c := range columns {
		results[c] = make([]*day.Result, len(seeds))
		for i, seed := range seeds {
			work.Go(func() error {
				o := columns[c].o
				o.Seed = seed
				r, err := day.Run(ctx, o)
				results[c][i] = r
				_ = bar.Add(1)
				return err
			})
		}
	}
	err := work.Wait()
	_ = bar.Finish()
	if broken := (*day.Violation)(nil); errors.As(err, &broken) {
		fmt.Fprintln(s.Out, broken)
		return nil, operator.ErrFindings
	}
	if err != nil {
		return nil, fmt.Errorf("stopped before the end: %w", err)
	}
	var runs []report.Run
	for c := range columns {
		for _, r := range results[c][1:] {
			results[c][0].Add(r)
		}
		runs = append(runs, report.Run{Title: columns[c].title, Result: results[c][0]})
	}
	return runs, nil
}

// progress is a bar where somebody looks, and nothing elsewhere.
func (s *shared) progress(steps int) *progressbar.ProgressBar {
	file, isFile := s.Err.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		return progressbar.DefaultSilent(int64(steps))
	}
	return progressbar.NewOptions(steps, progressbar.OptionSetWriter(s.Err), progressbar.OptionSetDescription("days"),
		progressbar.OptionShowCount(), progressbar.OptionSetWidth(40), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
}

func printRows(out io.Writer, runs []report.Run) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprint(w, "FIGURE")
	for _, r := range runs {
		fmt.Fprintf(w, "\t%s", strings.ToUpper(r.Title))
	}
	fmt.Fprintln(w, "\tAIM")
	for _, row := range report.Rows(runs) {
		fmt.Fprint(w, row.Name)
		for i, v := range row.Values {
			mark := ""
			if !row.Met[i] {
				mark = " !"
			}
			fmt.Fprintf(w, "\t%s%s", v, mark)
		}
		fmt.Fprintf(w, "\t%s\n", row.Aim)
	}
	return w.Flush()
}

// parseSeeds reads "1-5,9".
func parseSeeds(text string) ([]uint64, error) {
	const most = 10_000
	var seeds []uint64
	for part := range strings.SplitSeq(text, ",") {
		first, last, span := strings.Cut(strings.TrimSpace(part), "-")
		from, err := strconv.ParseUint(first, 10, 64)
		to := from
		if err == nil && span {
			to, err = strconv.ParseUint(last, 10, 64)
		}
		if err != nil || to < from || to-from >= most || len(seeds) > most {
			return nil, fmt.Errorf("--seeds %q: want numbers and spans such as 7, 1-20 or 1-5,9, at most %d", text, most)
		}
		for n := from; n <= to; n++ {
			seeds = append(seeds, n)
		}
	}
	return seeds, nil
}

// writeFile writes a whole file or none.
func writeFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".acd-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // is gone if all went well
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}
