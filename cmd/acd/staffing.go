package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"powerline/cmd/operator"
	"powerline/internal/day"
)

type staffingOpts struct {
	profile, target, attempts, out string
	days                           int
	asJSON                         bool
}

func newStaffing(s *shared) *cobra.Command {
	o := staffingOpts{target: "90%/15s", attempts: "99%", days: 3}
	cmd := &cobra.Command{
		Use:   "staffing",
		Short: "How many agents does each half-hour need, and in which shifts?",
		Long: operator.Long(`
			Looks for the fewest women on the phones with whom every half-hour of the day
			reaches the aim, and the outbound work is done beside it. It begins with Erlang-A, covers that by shifts as long as the
			profile's first, plays days with the code of production, and asks for more where
			callers waited and for less where none did. Skills, languages and breaks stay in
			the profile's proportions; officers and those who only call out
			stay as they are.

			ERLANG-A is what the closed form asks for, which knows one kind of caller and
			agents who can all do everything, NEED what the simulation does, ON DUTY what the
			shifts bring with breaks taken off, IN TIME what its callers met.

			Exit code 2: no roster was found that reaches the aim in every half-hour.

			Examples:
			  acd staffing --target 90%/15s
			  acd staffing --profile yesterday.yaml --target 95%/20s --out proposal.yaml
			  acd simulate --profile proposal.yaml`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			letGarbagePileUp()
			return s.staff(cmd.Context(), o, cmd.Flags().Changed("config"))
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.profile, "profile", "", "what a day is like, a YAML file; the reference day if empty")
	f.StringVar(&o.target, "target", o.target, "share of callers answered within a time")
	f.StringVar(&o.attempts, "attempts", o.attempts, "share of the outbound work that must be attempted as well; 0% for what is left over")
	f.IntVar(&o.days, "days", o.days, "how many days are played for each proposal")
	f.StringVar(&o.out, "out", "", "write the profile with the proposed shifts to this file")
	f.BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

func (s *shared) staff(ctx context.Context, o staffingOpts, named bool) error {
	aim, err := parseAim(o.target)
	if err != nil {
		return err
	}
	attempts, err := strconv.ParseFloat(strings.TrimSuffix(o.attempts, "%"), 64)
	if err != nil || !strings.HasSuffix(o.attempts, "%") || !(attempts >= 0 && attempts <= 100) {
		return fmt.Errorf("--attempts %q: want a share such as 99%%", o.attempts)
	}
	aim.Attempts = attempts / 100
	if o.days < 1 || o.days > 100 {
		return fmt.Errorf("--days %d: want 1 to 100", o.days)
	}
	base, err := s.dayOptions(o.profile, named)
	if err != nil {
		return err
	}
	plan, err := day.Staff(ctx, base, aim, o.days, func(round int) {
		fmt.Fprintf(s.Err, "played proposal %d\n", round)
	})
	if err != nil {
		return err
	}
	if o.out != "" {
		text, err := plan.Profile.Marshal()
		if err != nil {
			return err
		}
		if err := writeFile(o.out, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
			return err
		}
	}
	if o.asJSON {
		err = operator.PrintJSON(s.Out, planView(plan))
	} else {
		err = s.printPlan(plan)
	}
	if err == nil && !plan.Met {
		return operator.ErrFindings
	}
	return err
}

// parseAim reads "90%/15s".
func parseAim(text string) (day.Aim, error) {
	share, within, _ := strings.Cut(text, "/")
	percent, err := strconv.ParseFloat(strings.TrimSuffix(share, "%"), 64)
	limit, errTime := time.ParseDuration(within)
	if err != nil || errTime != nil || !strings.HasSuffix(share, "%") || !(percent > 0 && percent < 100) || limit <= 0 {
		return day.Aim{}, fmt.Errorf("--target %q: want a share and a time, such as 90%%/15s", text)
	}
	return day.Aim{Share: percent / 100, Within: limit}, nil
}

func (s *shared) printPlan(p day.Plan) error {
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "FROM\tCALLS\tERLANG-A\tNEED\tON DUTY\tIN TIME\t")
	for i, slot := range p.Slots {
		mark := ""
		if slot.Level.Percent() < 100*p.Aim.Share {
			mark = " !"
		}
		fmt.Fprintf(w, "%02d:%02d\t%.0f\t%d\t%d\t%.1f\t%.1f %%%s\t\n", i/2, i%2*30, slot.Calls, slot.Erlang, slot.Need, slot.Duty, slot.Level.Percent(), mark)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "\n%d women on the phones in place of %d, found in %d rounds:\n", p.Agents, p.Before, p.Rounds)
	for _, start := range p.Starts {
		fmt.Fprintf(s.Out, "  %02d:00, %v: %d\n", int(start.Shift.Starts), start.Shift.Lasts, start.Agents)
	}
	all := p.Result.All
	fmt.Fprintf(s.Out, "answered within 15 s: %.1f %%, within 20 s: %.1f %%; gave up: %.2f %%; attempts made: %.1f %%\n", all.In15(), all.In20(), all.Lost(), p.Result.Done())
	if !p.Met {
		fmt.Fprintln(s.Out, "no roster was found that reaches the aim in every half-hour; this is the nearest")
	}
	return nil
}

// slotView and planOut are a plan for programs.
type slotView struct {
	From   string  `json:"from"`
	Calls  float64 `json:"calls"`
	Erlang int     `json:"erlangA"`
	Need   int     `json:"need"`
	Duty   float64 `json:"onDuty"`
	InTime float64 `json:"inTime"` // percent
}

type planOut struct {
	Agents int            `json:"agents"`
	Before int            `json:"before"`
	Met    bool           `json:"met"`
	Slots  []slotView     `json:"halfHours"`
	Starts map[string]int `json:"shifts"` // by hour of their start
}

func planView(p day.Plan) planOut {
	out := planOut{Agents: p.Agents, Before: p.Before, Met: p.Met, Starts: map[string]int{}}
	for i, s := range p.Slots {
		out.Slots = append(out.Slots, slotView{fmt.Sprintf("%02d:%02d", i/2, i%2*30), s.Calls, s.Erlang, s.Need, s.Duty, s.Level.Percent()})
	}
	for _, s := range p.Starts {
		out.Starts[fmt.Sprintf("%02d:00", int(s.Shift.Starts))] = s.Agents
	}
	return out
}
