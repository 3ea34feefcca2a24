package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"powerline/agent"
	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/postgres"
)

var accesses = []postgres.Access{postgres.AccessAgent, postgres.AccessSupervisor, postgres.AccessOperator, postgres.AccessService}

func newTokens(s *shared) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tokens",
		Short: "Say who may use the API",
		Long: operator.Long(`
			A token lets somebody, or another system, use the HTTP API in one role: agent,
			supervisor, operator or service. Its secret is shown once, when it is minted;
			stored is a hash of it.`),
	}
	cmd.AddCommand(newTokensMint(s), newTokensList(s), newTokensRevoke(s))
	return cmd
}

type mintOpts struct {
	label, access, agent string
	days                 int
	asJSON               bool
}

func newTokensMint(s *shared) *cobra.Command {
	o := mintOpts{days: 365}
	cmd := &cobra.Command{
		Use:   "mint",
		Short: "Make a token and show its secret, this once",
		Long: operator.Long(`
			The secret alone goes to standard output, so that it can be put where it is
			needed without being seen; what else there is to say goes to standard error.
			Tokens of agents and supervisors belong to somebody of the roster, and end when
			she leaves. Who loses a secret gets a new token, and the old one is revoked.

			Examples:
			  dialer tokens mint --access service --label "case system" --days 90 > token.secret
			  dialer tokens mint --access supervisor --agent a017 --label "desk 3"
			  dialer tokens mint --access operator --label imports --days 0`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.mint(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.access, "access", "", "agent, supervisor, operator or service")
	f.StringVar(&o.label, "label", "", "what it is for, for those who find it in the list")
	f.StringVar(&o.agent, "agent", "", "whose it is; for an agent or supervisor")
	f.IntVar(&o.days, "days", o.days, "for how many days it is good; 0 for ever")
	f.BoolVar(&o.asJSON, "json", false, "print id and secret as JSON")
	return cmd
}

func (o mintOpts) check() error {
	person := o.access == string(postgres.AccessAgent) || o.access == string(postgres.AccessSupervisor)
	switch {
	case !slices.Contains(accesses, postgres.Access(o.access)):
		return fmt.Errorf("--access: want one of %v", accesses)
	case o.label == "" || len(o.label) > 80:
		return errors.New("--label: want a few words, at most 80 bytes, that say what the token is for")
	case person && o.agent == "":
		return errors.New("--agent: want the id of whom the token is for: who acts on a case is known by name")
	case !person && o.agent != "":
		return fmt.Errorf("--agent: a token for %s belongs to nobody", o.access)
	case o.days < 0 || o.days > 3650:
		return errors.New("--days: want 0 to 3650")
	}
	return nil
}

func (s *shared) mint(ctx context.Context, o mintOpts) error {
	if err := o.check(); err != nil {
		return err
	}
	return s.WithDB(ctx, func(_ config.Config, db *postgres.DB) error {
		if o.agent != "" {
			p, err := db.Person(ctx, agent.ID(o.agent))
			if errors.Is(err, postgres.ErrNoAgent) || err == nil && !p.Active {
				return fmt.Errorf("--agent: nobody who works here has the id %q: see `acd agents list`", o.agent)
			}
			if err != nil {
				return err
			}
		}
		t := postgres.Token{Label: o.label, Access: postgres.Access(o.access), Agent: agent.ID(o.agent), Made: time.Now().UTC().Truncate(time.Microsecond)}
		if o.days > 0 {
			t.Expires = t.Made.AddDate(0, 0, o.days)
		}
		t, secret, err := db.MintToken(ctx, t, string(whoAmI()))
		if err != nil {
			return err
		}
		shown := secret.Reveal()
		if o.asJSON {
			return operator.PrintJSON(s.Out, map[string]any{"id": t.ID, "secret": shown, "expires": t.Expires})
		}
		fmt.Fprintf(s.Err, "%s: minted for %s, %s; the secret below is shown this once and stored nowhere\n", t.ID, t.Access, until(t.Expires))
		_, err = io.WriteString(s.Out, shown+"\n")
		return err
	})
}

func until(expires time.Time) string {
	if expires.IsZero() {
		return "good for ever"
	}
	return "good until " + indian(expires)
}

// tokenView is a token without its secret, which nobody has any more.
type tokenView struct {
	ID      string          `json:"id"`
	Label   string          `json:"label"`
	Access  postgres.Access `json:"access"`
	Agent   agent.ID        `json:"agent,omitempty"`
	Made    time.Time       `json:"made"`
	Expires time.Time       `json:"expires,omitzero"`
	Revoked time.Time       `json:"revoked,omitzero"`
}

func (v tokenView) state(now time.Time) string {
	switch {
	case !v.Revoked.IsZero():
		return "revoked " + indian(v.Revoked)
	case !v.Expires.IsZero() && !v.Expires.After(now):
		return "expired " + indian(v.Expires)
	}
	return until(v.Expires)
}

func newTokensList(s *shared) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the tokens of the API, without their secrets",
		Long: operator.Long(`
			Examples:
			  dialer tokens list
			  dialer tokens list --json | jq -r '.[] | select(.revoked == null) | .label'`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error {
				all, err := db.Tokens(cmd.Context())
				if err != nil {
					return err
				}
				views := []tokenView{}
				for _, t := range all {
					views = append(views, tokenView(t))
				}
				if asJSON {
					return operator.PrintJSON(s.Out, views)
				}
				w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
				fmt.Fprintln(w, "ID\tACCESS\tAGENT\tLABEL\tMADE\tSTATE")
				for _, v := range views {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", v.ID, v.Access, dash(string(v.Agent)), v.Label, indian(v.Made), v.state(time.Now()))
				}
				return w.Flush()
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newTokensRevoke(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID",
		Short: "End a token at once",
		Long: operator.Long(`
			The next request with it is refused. Revoking again changes nothing.

			Examples:
			  dialer tokens revoke k4f6qk3x7a2m5p6b`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error {
				err := db.RevokeToken(cmd.Context(), args[0], string(whoAmI()), time.Now())
				if errors.Is(err, postgres.ErrNoToken) {
					return fmt.Errorf("no token %q: see `dialer tokens list`", args[0])
				}
				if err == nil {
					fmt.Fprintf(s.Out, "%s: revoked\n", args[0])
				}
				return err
			})
		},
	}
}
