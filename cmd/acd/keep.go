package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/evidence"
	"powerline/internal/postgres"
	"powerline/recordings"
)

// byOpts say who does something to recordings, and on whose word.
type byOpts struct{ by, why string }

func (o *byOpts) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.by, "by", "", "who does it (needed)")
	cmd.Flags().StringVar(&o.why, "why", "", "on whose word, such as the number of an order (needed)")
	_ = cmd.MarkFlagRequired("by")
	_ = cmd.MarkFlagRequired("why")
}

func (o byOpts) By() postgres.By {
	return postgres.By{Actor: "operator:" + o.by, At: time.Now(), Why: o.why}
}

var caseID = regexp.MustCompile(`^c[a-z2-7]{16}$`)

// scopeArg reads a case or a recording.
func scopeArg(text string) (string, error) {
	switch {
	case caseID.MatchString(text):
		return postgres.CaseScope(text), nil
	case recordings.ID(text).Valid():
		return postgres.RecordingScope(recordings.ID(text)), nil
	}
	return "", fmt.Errorf("%q is neither a case nor a recording", text)
}

func newRecordingsHold(s *shared) *cobra.Command {
	var o byOpts
	cmd := &cobra.Command{
		Use:   "hold CASE|RECORDING",
		Short: "Keep recordings whatever their time",
		Long: operator.Long(`
			A legal hold: the recordings of the case, or this one, are neither removed when
			their time is over nor shredded, until the hold is released. It is audited.

			Examples:
			  acd recordings hold cabcdefghijklmnop --by "Insp. A" --why "FIR 12/2026"`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			scope, err := scopeArg(args[0])
			if err != nil {
				return err
			}
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error { return db.Hold(cmd.Context(), scope, o.By()) })
		},
	}
	o.flags(cmd)
	return cmd
}

func newRecordingsRelease(s *shared) *cobra.Command {
	var o byOpts
	cmd := &cobra.Command{
		Use:   "release CASE|RECORDING",
		Short: "End a legal hold",
		Long: operator.Long(`
			The recordings may go again when their time is over. It is audited.

			Examples:
			  acd recordings release cabcdefghijklmnop --by "Insp. A" --why "FIR 12/2026 closed"`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			scope, err := scopeArg(args[0])
			if err != nil {
				return err
			}
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error { return db.ReleaseHold(cmd.Context(), scope, o.By()) })
		},
	}
	o.flags(cmd)
	return cmd
}

func newRecordingsExpire(s *shared) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "expire",
		Short: "Remove recordings whose time is over",
		Long: operator.Long(`
			Removes what recordings.keep says may go: recordings of no case, and those of cases
			that were closed long enough ago. What is held, and what belongs to an open case,
			stays. Each removal is a row of the chain and of the audit before the file goes;
			the chain still verifies. Run it every night, by a timer.

			Examples:
			  acd recordings expire --dry-run
			  acd recordings expire`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.withArchive(cmd.Context(), "", func(c config.Config, a *evidence.Archive) error {
				gone, err := a.Expire(cmd.Context(), evidence.KeepOf(c.Recordings.Keep), time.Now(), "engine", dry)
				for _, id := range gone {
					fmt.Fprintln(s.Out, id)
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only list them")
	return cmd
}

func newRecordingsShred(s *shared) *cobra.Command {
	var o byOpts
	var sure bool
	cmd := &cobra.Command{
		Use:   "shred CASE",
		Short: "Destroy the audio of a case for ever, wherever copies of it are",
		Long: operator.Long(`
			Destroys the wrapped key of the case, and those of its calls. No recording of the
			case can be heard again, by nobody, from no copy. The rows of the chain stay and
			still verify. It is audited, and refused while a hold is on any of them. A backup
			of the database holds the wrapped keys: it must be let go too (docs/operations.md).

			Examples:
			  acd recordings shred cabcdefghijklmnop --by "Insp. A" --why "order 7" --yes`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case !caseID.MatchString(args[0]):
				return fmt.Errorf("%q is no case", args[0])
			case !sure:
				return errors.New("this cannot be undone: say --yes")
			}
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error {
				ids, err := db.ShredCase(cmd.Context(), args[0], o.By())
				if err == nil {
					_, err = fmt.Fprintf(s.Out, "%d recordings can never be heard again\n", len(ids))
				}
				return err
			})
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&sure, "yes", false, "really destroy it")
	return cmd
}

func newRecordingsRewrap(s *shared) *cobra.Command {
	var o byOpts
	var identity, to string
	cmd := &cobra.Command{
		Use:   "rewrap",
		Short: "Wrap all keys to new recipients; the audio is not touched",
		Long: operator.Long(`
			For a change of who may open recordings: put the new public keys into
			recordings.recipientsFile, restart the sealer, and run this once with an identity
			that opens them now. Afterwards the old identity opens nothing.

			Examples:
			  acd recordings rewrap --identity /media/old/identity --by "Insp. A" --why "yearly"`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.rewrap(cmd.Context(), identity, to, o.By()) },
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&identity, "identity", "", identityHelp)
	cmd.Flags().StringVar(&to, "recipients", "", "public keys, instead of recordings.recipientsFile")
	return cmd
}

func (s *shared) rewrap(ctx context.Context, identity, to string, by postgres.By) error {
	return s.withArchive(ctx, identity, func(c config.Config, a *evidence.Archive) error {
		if to == "" {
			to = c.Recordings.RecipientsFile
		}
		text, err := os.ReadFile(to)
		if err != nil {
			return err
		}
		recipients, err := recordings.ParseRecipients(text)
		if err != nil {
			return err
		}
		done, closed, err := a.Rewrap(ctx, recipients, by)
		if err != nil {
			return err
		}
		fmt.Fprintf(s.Out, "%d keys wrapped again\n", done)
		if closed > 0 {
			fmt.Fprintf(s.Out, "%d keys are opened by none of the identities and stay as they were\n", closed)
			return operator.ErrFindings
		}
		return nil
	})
}
