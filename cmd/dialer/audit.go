package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/postgres"
)

func newAudit(s *shared) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Look at who did what, and whether it was changed since",
		Long: operator.Long(`
			The audit has a row for each deed: a case that moved, a party that was opened, a
			token that was minted. It is append-only, and each row holds a hash of itself
			and of the row before.`),
	}
	cmd.AddCommand(newAuditVerify(s), newAuditList(s))
	return cmd
}

type verifyOpts struct {
	row    int64
	hash   string
	asJSON bool
}

func newAuditVerify(s *shared) *cobra.Command {
	var o verifyOpts
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Compute the chain of the audit again",
		Long: operator.Long(`
			Computes every hash without the database's help and names the first row that is
			not what was written: exit code 2. Somebody who owns the database could write a
			whole new chain: so keep the last row and its hash elsewhere, and give them
			here some other day.

			Examples:
			  dialer audit verify
			  dialer audit verify --json > last-known.json
			  dialer audit verify --row 48211 --hash 6f1c…`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kept, err := o.kept()
			if err != nil {
				return err
			}
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error { return s.verifyAudit(cmd.Context(), db, o, kept) })
		},
	}
	cmd.Flags().Int64Var(&o.row, "row", 0, "a row whose hash was kept")
	cmd.Flags().StringVar(&o.hash, "hash", "", "the hash that it had then")
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

// kept is the hash that was kept elsewhere; nil for none.
func (o verifyOpts) kept() ([]byte, error) {
	if o.hash == "" && o.row == 0 {
		return nil, nil
	}
	hash, err := hex.DecodeString(o.hash)
	if err != nil || len(hash) != 32 || o.row < 1 {
		return nil, errors.New("want both --row and --hash, as an earlier `dialer audit verify` printed them: 64 hexadecimal digits")
	}
	return hash, nil
}

func (s *shared) verifyAudit(ctx context.Context, db *postgres.DB, o verifyOpts, kept []byte) error {
	rows, head, err := db.VerifyAudit(ctx)
	var broken *postgres.BrokenAudit
	if err != nil && !errors.As(err, &broken) {
		return err
	}
	if err == nil && kept != nil {
		if broken, err = compareKept(ctx, db, o.row, kept); err != nil {
			return err
		}
	}
	return s.printVerified(rows, head, broken, o.asJSON)
}

func (s *shared) printVerified(rows int64, head []byte, broken *postgres.BrokenAudit, asJSON bool) error {
	switch {
	case broken != nil && asJSON:
		return errors.Join(operator.PrintJSON(s.Out, map[string]any{"good": false, "row": broken.Seq, "why": broken.Why}), operator.ErrFindings)
	case broken != nil:
		fmt.Fprintf(s.Out, "the audit is broken at row %d: %s; keep a copy of the database as it is, and find out who could write there\n", broken.Seq, broken.Why)
		return operator.ErrFindings
	case asJSON:
		return operator.PrintJSON(s.Out, map[string]any{"good": true, "row": rows, "hash": hex.EncodeToString(head)})
	}
	_, err := fmt.Fprintf(s.Out, "the chain of %d rows is whole\n--row %d --hash %x\n", rows, rows, head)
	return err
}

// compareKept holds a row against the hash that was kept elsewhere.
func compareKept(ctx context.Context, db *postgres.DB, row int64, kept []byte) (*postgres.BrokenAudit, error) {
	deeds, err := db.Deeds(ctx, row-1, 1)
	switch {
	case err != nil:
		return nil, err
	case len(deeds) == 0 || deeds[0].Seq != row:
		return &postgres.BrokenAudit{Seq: row, Why: "it was there when its hash was kept, and is no more"}, nil
	case hex.EncodeToString(deeds[0].Hash) != hex.EncodeToString(kept):
		return &postgres.BrokenAudit{Seq: row, Why: "its hash is not the one that was kept: the chain was written anew"}, nil
	}
	return nil, nil
}

// deedView is a row of the audit.
type deedView struct {
	Row     int64           `json:"row"`
	At      time.Time       `json:"at"`
	By      string          `json:"by"`
	Action  string          `json:"action"`
	Subject string          `json:"subject"`
	Detail  json.RawMessage `json:"detail"`
}

func newAuditList(s *shared) *cobra.Command {
	var after int64
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List rows of the audit, in order",
		Long: operator.Long(`
			Lists at most 1000 rows behind a row, in Indian time. Subjects are opaque ids.

			Examples:
			  dialer audit list --after 48000 --limit 1000
			  dialer audit list --json | jq -r '.[] | select(.action == "parties-opened") | .by'`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 || limit > 1000 || after < 0 {
				return errors.New("want --limit from 1 to 1000, and --after from 0")
			}
			return s.WithDB(cmd.Context(), func(_ config.Config, db *postgres.DB) error {
				deeds, err := db.Deeds(cmd.Context(), after, limit)
				if err != nil {
					return err
				}
				views := []deedView{}
				for _, d := range deeds {
					views = append(views, deedView{d.Seq, d.At, d.By, d.Action, d.Subject, json.RawMessage(d.Detail)})
				}
				if asJSON {
					return operator.PrintJSON(s.Out, views)
				}
				w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
				fmt.Fprintln(w, "ROW\tAT (IST)\tBY\tACTION\tSUBJECT\tDETAIL")
				for _, v := range views {
					fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", v.Row, indian(v.At), v.By, v.Action, dash(v.Subject), v.Detail)
				}
				return w.Flush()
			})
		},
	}
	cmd.Flags().Int64Var(&after, "after", 0, "only behind this row")
	cmd.Flags().IntVar(&limit, "limit", 100, "how many at most; 1000 is the most")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
