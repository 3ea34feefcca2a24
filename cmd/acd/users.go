package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"os/user"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"powerline/agent"
	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/postgres"
	"powerline/internal/roster"
)

func newUsers(s *shared) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "users",
		Short: "Say who may sign in to desks and consoles",
		Long: operator.Long(`
			An account has a name, a role and, if its owner takes or leads calls, the agent
			of the roster whom it belongs to. Its first password is shown once and must be
			changed at the first sign-in, where an authenticator is set up as well.`),
	}
	cmd.AddCommand(newUsersAdd(s), newUsersList(s), newUsersSet(s), newUsersReset(s), newUsersLock(s, true), newUsersLock(s, false))
	return cmd
}

var loginForm = regexp.MustCompile(`^[a-z][a-z0-9]*([.-][a-z0-9]+)*$`)

type accountOpts struct {
	role, agent, subject string
	ask                  bool
}

func (o *accountOpts) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.role, "role", o.role, strings.Join(config.Roles, ", "))
	f.StringVar(&o.agent, "agent", o.agent, "whose it is: an id of the roster; for all but auditors and administrators")
	f.StringVar(&o.subject, "subject", o.subject, "who the identity provider says it is; then there is no password here")
}

// seated are the roles whose accounts belong to somebody of the roster.
var seated = []string{"agent", "officer", "counsellor", "supervisor"}

// check holds the account against the roster: what an account may see follows
// from who it is.
func (o accountOpts) check(ctx context.Context, db *postgres.DB) error {
	switch {
	case !slices.Contains(config.Roles, o.role):
		return fmt.Errorf("--role: want one of %s", strings.Join(config.Roles, ", "))
	case slices.Contains(seated, o.role) && o.agent == "":
		return errors.New("--agent: want the id of whom the account is for: who acts on calls and cases is known by name")
	case !slices.Contains(seated, o.role) && o.agent != "":
		return fmt.Errorf("--agent: an account of an %s belongs to nobody of the roster", o.role)
	case o.agent == "":
		return nil
	}
	p, err := db.Person(ctx, agent.ID(o.agent))
	switch {
	case errors.Is(err, postgres.ErrNoAgent) || err == nil && !p.Active:
		return fmt.Errorf("--agent: nobody who works here has the id %q: see `acd agents list`", o.agent)
	case err != nil:
		return err
	case o.role == "officer" && !p.Profile.Officer:
		return fmt.Errorf("--role: %s is no officer in the roster", o.agent)
	case o.role == "counsellor" && !p.Profile.Counsellor:
		return fmt.Errorf("--role: %s is no counsellor in the roster", o.agent)
	case (o.role == "agent" || o.role == "counsellor") && !p.Profile.Woman:
		return fmt.Errorf("--role: %s is a man: who speaks with callers and victims is a woman", o.agent)
	}
	return nil
}

func newUsersAdd(s *shared) *cobra.Command {
	var o accountOpts
	cmd := &cobra.Command{
		Use:   "add LOGIN",
		Short: "Make an account and show its first password, this once",
		Long: operator.Long(`
			The password alone goes to standard output. With --ask it is read from standard
			input instead and not shown.

			Examples:
			  acd users add asha --role agent --agent a017
			  acd users add rk.singh --role supervisor --agent s002
			  acd users add control --role administrator
			  acd users add meena --role supervisor --agent s003 --subject 7f3c…`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !loginForm.MatchString(args[0]) || len(args[0]) > 40 {
				return errors.New("want a name of at most 40 small letters and digits, with single dots or hyphens between")
			}
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error { return s.addUser(cmd.Context(), db, args[0], o) })
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.ask, "ask", false, "read the first password from standard input")
	return cmd
}

func (s *shared) addUser(ctx context.Context, db *postgres.DB, login string, o accountOpts) error {
	if err := o.check(ctx, db); err != nil {
		return err
	}
	u := postgres.Account{Login: login, Role: o.role, Agent: agent.ID(o.agent), Subject: o.subject, Made: now()}
	if o.subject != "" {
		if _, err := db.AddAccount(ctx, u, operatorName()); err != nil {
			return err
		}
		fmt.Fprintf(s.Err, "%s: made; signs in by the identity provider\n", login)
		return nil
	}
	password, err := s.firstPassword(o.ask)
	if err != nil {
		return err
	}
	if u.Password, err = roster.HashPassword(password); err != nil {
		return err
	}
	if _, err := db.AddAccount(ctx, u, operatorName()); err != nil {
		return err
	}
	s.showPassword(login, password, o.ask)
	return nil
}

// firstPassword makes one that can be read out over a telephone, or reads it.
func (s *shared) firstPassword(ask bool) (string, error) {
	if ask {
		line, err := bufio.NewReader(s.In).ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return "", fmt.Errorf("read the password from standard input: %w", err)
		}
		return line, nil
	}
	random := make([]byte, 10)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("make a password: %w", err)
	}
	text := strings.ToLower(base32.StdEncoding.EncodeToString(random))
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:], nil
}

func (s *shared) showPassword(login, password string, asked bool) {
	if asked {
		fmt.Fprintf(s.Err, "%s: the password must be changed at the next sign-in\n", login)
		return
	}
	fmt.Fprintf(s.Err, "%s: the password below is shown this once; it must be changed at the next sign-in\n", login)
	fmt.Fprintln(s.Out, password)
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// operatorName is who did it, for the audit.
func operatorName() string {
	u, err := user.Current()
	if err != nil || u.Username == "" {
		return "operator"
	}
	return "operator:" + u.Username
}

// withAccount opens the database for one account.
func (s *shared) withAccount(ctx context.Context, login string, use func(*postgres.DB, postgres.Account) error) error {
	return s.WithDB(ctx, func(_ config.Config, db *postgres.DB) error {
		u, err := db.AccountByLogin(ctx, login)
		switch {
		case errors.Is(err, postgres.ErrNoAccount):
			return fmt.Errorf("no account %q: see `acd users list`", login)
		case err != nil:
			return err
		}
		return use(db, u)
	})
}

// accountView is an account without its secrets.
type accountView struct {
	Login    string    `json:"login"`
	ID       string    `json:"id"`
	Role     string    `json:"role"`
	Agent    agent.ID  `json:"agent,omitempty"`
	Provider bool      `json:"provider"`
	Enrolled bool      `json:"enrolled"`
	Locked   bool      `json:"locked"`
	Failed   int       `json:"failed"`
	Made     time.Time `json:"made"`
}

func (v accountView) state() string {
	switch {
	case v.Locked:
		return "locked"
	case v.Failed > 0:
		return fmt.Sprintf("%d wrong in a row", v.Failed)
	case v.Provider:
		return "by provider"
	case !v.Enrolled:
		return "no authenticator yet"
	}
	return "ready"
}

func newUsersList(s *shared) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the accounts",
		Long: operator.Long(`
			Examples:
			  acd users list
			  acd users list --json | jq -r '.[] | select(.locked) | .login'`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error {
				all, err := db.Accounts(cmd.Context())
				if err != nil {
					return err
				}
				views := []accountView{}
				for _, u := range all {
					views = append(views, accountView{u.Login, u.ID, u.Role, u.Agent, u.Subject != "", u.Enrolled, u.Locked, u.Failed, u.Made})
				}
				if asJSON {
					return operator.PrintJSON(s.Out, views)
				}
				t := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
				fmt.Fprintln(t, "LOGIN\tROLE\tAGENT\tSTATE\tID")
				for _, v := range views {
					fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", v.Login, v.Role, dash(string(v.Agent)), v.state(), v.ID)
				}
				return t.Flush()
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newUsersSet(s *shared) *cobra.Command {
	var o accountOpts
	cmd := &cobra.Command{
		Use:   "set LOGIN",
		Short: "Change an account's role, agent or subject; every session of it ends",
		Long: operator.Long(`
			What is not given stays.

			Examples:
			  acd users set asha --role counsellor
			  acd users set meena --subject 7f3c…`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.withAccount(cmd.Context(), args[0], func(db *postgres.DB, u postgres.Account) error {
				given := cmd.Flags().Changed
				for flag, value := range map[string]*string{"role": &u.Role, "subject": &u.Subject, "agent": (*string)(&u.Agent)} {
					if given(flag) {
						*value = map[string]string{"role": o.role, "subject": o.subject, "agent": o.agent}[flag]
					}
				}
				if err := (accountOpts{role: u.Role, agent: string(u.Agent)}).check(cmd.Context(), db); err != nil {
					return err
				}
				if err := db.SetAccount(cmd.Context(), u, operatorName(), now()); err != nil {
					return err
				}
				fmt.Fprintf(s.Out, "%s: changed; every session of it has ended\n", args[0])
				return nil
			})
		},
	}
	o.flags(cmd)
	return cmd
}

func newUsersReset(s *shared) *cobra.Command {
	var ask bool
	cmd := &cobra.Command{
		Use:   "reset LOGIN",
		Short: "Give an account a new first password and a new authenticator",
		Long: operator.Long(`
			For who lost password or telephone. Make sure that it is she who asks. Every
			session of the account ends.

			Examples:
			  acd users reset asha`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.withAccount(cmd.Context(), args[0], func(db *postgres.DB, u postgres.Account) error {
				password, err := s.firstPassword(ask)
				if err != nil {
					return err
				}
				hash, err := roster.HashPassword(password)
				if err != nil {
					return err
				}
				if err := db.ResetAccount(cmd.Context(), u.ID, hash, operatorName(), now()); err != nil {
					return err
				}
				s.showPassword(args[0], password, ask)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&ask, "ask", false, "read the password from standard input")
	return cmd
}

func newUsersLock(s *shared, lock bool) *cobra.Command {
	word, done := "unlock", "unlocked"
	if lock {
		word, done = "lock", "locked; every session of it has ended"
	}
	return &cobra.Command{
		Use:   word + " LOGIN",
		Short: map[bool]string{true: "Keep an account out, at once and everywhere", false: "Let a locked account in again"}[lock],
		Long: operator.Long(`
			A session ends within two seconds. Wrong passwords lock nobody for good: they only
			make the next try wait.

			Examples:
			  acd users ` + word + ` asha`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.withAccount(cmd.Context(), args[0], func(db *postgres.DB, u postgres.Account) error {
				if err := db.LockAccount(cmd.Context(), u.ID, lock, operatorName(), now()); err != nil {
					return err
				}
				fmt.Fprintf(s.Out, "%s: %s\n", args[0], done)
				return nil
			})
		},
	}
}
