package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/evidence"
	"powerline/internal/postgres"
	"powerline/recordings"
	"powerline/recordings/certificate"
)

// withArchive opens the database and all recordings; identity replaces
// recordings.identityFile unless it is empty.
func (s *shared) withArchive(ctx context.Context, identity string, use func(config.Config, *evidence.Archive) error) error {
	return s.WithDB(ctx, func(c config.Config, db *postgres.DB) error {
		if identity != "" {
			c.Recordings.IdentityFile = identity
		}
		a, err := evidence.Open(c, db)
		if err != nil {
			return err
		}
		return use(c, a)
	})
}

// recordingArg reads the id of a recording.
func recordingArg(text string) (recordings.ID, error) {
	if id := recordings.ID(text); id.Valid() {
		return id, nil
	}
	return "", fmt.Errorf("%q is no recording: want an r and 25 letters and digits", text)
}

const identityHelp = "secret keys of age, instead of recordings.identityFile"

type verifyOpts struct {
	day, identity string
	all, asJSON   bool
}

func newRecordingsVerify(s *shared) *cobra.Command {
	var o verifyOpts
	cmd := &cobra.Command{
		Use:   "verify [RECORDING]",
		Short: "Prove that recordings are complete and unchanged",
		Long: operator.Long(`
			Walks the whole chain, and compares one recording, those of a day, or all of them
			with it: the sealed file with its digest, its row, and its length with the time
			they talked (± 1 s). With an identity it also opens each and compares the plain
			audio. It names what is missing without a gap that says why. Signed anchors in
			recordings.anchor.dir are compared too. The result is kept in the database, where
			the sealer makes a metric of it.

			Exit codes: 0 all is well, 1 it could not be done, 2 something is bad; the first
			bad row is printed first.

			Examples:
			  acd recordings verify --day yesterday          every night, by a timer
			  acd recordings verify --all --identity /media/key/identity
			  acd recordings verify ry3onqq5rlqfxuhzo5xotveat4`),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.verify(cmd.Context(), o, args) },
	}
	cmd.Flags().StringVar(&o.day, "day", "", "recordings of this day in Indian time: 2026-11-23, today or yesterday")
	cmd.Flags().BoolVar(&o.all, "all", false, "every recording")
	cmd.Flags().StringVar(&o.identity, "identity", "", identityHelp)
	cmd.Flags().BoolVar(&o.asJSON, "json", false, "print JSON")
	return cmd
}

func (s *shared) verify(ctx context.Context, o verifyOpts, args []string) error {
	scope, err := o.scope(args, time.Now())
	if err != nil {
		return err
	}
	return s.withArchive(ctx, o.identity, func(_ config.Config, a *evidence.Archive) error {
		r, err := a.Verify(ctx, scope, nil)
		if err != nil {
			return err
		}
		if scope.ID == "" {
			if err := a.DB.RecordCheck(ctx, checkOf(r)); err != nil {
				return err
			}
		}
		if err := s.printReport(r, o.asJSON); err != nil {
			return err
		}
		if !r.Good() {
			return operator.ErrFindings
		}
		return nil
	})
}

var ist = time.FixedZone("IST", 5*3600+1800)

func (o verifyOpts) scope(args []string, now time.Time) (evidence.Scope, error) {
	chosen := 0
	for _, yes := range []bool{o.day != "", o.all, len(args) > 0} {
		if yes {
			chosen++
		}
	}
	if chosen != 1 {
		return evidence.Scope{}, errors.New("say which: a recording, --day, or --all")
	}
	switch {
	case len(args) > 0:
		id, err := recordingArg(args[0])
		return evidence.Scope{ID: id}, err
	case o.all:
		return evidence.Scope{}, nil
	}
	day, err := dayOf(o.day, now)
	return evidence.Scope{From: day, To: day.AddDate(0, 0, 1)}, err
}

func dayOf(text string, now time.Time) (time.Time, error) {
	y, m, d := now.In(ist).Date()
	switch text {
	case "today":
		return time.Date(y, m, d, 0, 0, 0, 0, ist), nil
	case "yesterday":
		return time.Date(y, m, d-1, 0, 0, 0, 0, ist), nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, ist)
	if err != nil {
		return day, fmt.Errorf("%q is no day: want 2026-11-23, today or yesterday", text)
	}
	return day, nil
}

func checkOf(r evidence.Report) postgres.Check {
	c := postgres.Check{
		At: r.At, From: r.From, To: r.To, Opened: r.Opened, Recordings: r.Checked, Bad: r.BadCount, ChainSeq: r.ChainRows, ChainBad: r.ChainBad,
	}
	if len(r.Bad) > 0 {
		c.FirstBad = r.Bad[0].String()
	}
	return c
}

func (s *shared) printReport(r evidence.Report, asJSON bool) error {
	if asJSON {
		return operator.PrintJSON(s.Out, r)
	}
	for _, f := range r.Bad {
		fmt.Fprintln(s.Out, f)
	}
	if more := r.BadCount - int64(len(r.Bad)); more > 0 {
		fmt.Fprintf(s.Out, "and %d more\n", more)
	}
	how := "sealed files compared; without an identity nothing was opened"
	if r.Opened {
		how = "opened and compared"
	}
	_, err := fmt.Fprintf(s.Out, "%d recordings %s (%d shredded, %d removed, %d gaps), %d rows of the chain, %d anchors: %d bad\n",
		r.Checked, how, r.Shredded, r.Removed, r.Gaps, r.ChainRows, r.Anchors, r.BadCount)
	return err
}

type certificateOpts struct{ identity, out, by, order, organisation, place, maker, serial string }

func newRecordingsCertificate(s *shared) *cobra.Command {
	var o certificateOpts
	cmd := &cobra.Command{
		Use:   "certificate RECORDING",
		Short: "Make the papers with which a recording goes to a court",
		Long: operator.Long(`
			Compares the recording with its digest, and writes the certificate of section
			63(4)(c) of the Bharatiya Sakshya Adhiniyam, 2023 (Part A, Part B, hash report,
			history) as RECORDING.pdf and RECORDING.json. What only a person can state is left
			to be filled in. Who asked, and on which order, stands in the audit first. The
			make and serial number of the recording host are asked of this machine's firmware
			unless given. The wording is to be reviewed by counsel before anybody signs.

			Examples:
			  acd recordings certificate ry3onqq5rlqfxuhzo5xotveat4 --by "Insp. A" --order "CJM 44/2026" --out /media/court`),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return s.certificate(cmd.Context(), o, args[0]) },
	}
	f := cmd.Flags()
	f.StringVar(&o.by, "by", "", "who produces it (needed)")
	f.StringVar(&o.order, "order", "", "on which order (needed)")
	f.StringVar(&o.out, "out", ".", "directory to write into")
	f.StringVar(&o.identity, "identity", "", identityHelp)
	f.StringVar(&o.organisation, "organisation", "", "where the party is employed")
	f.StringVar(&o.place, "place", "", "where it is signed")
	f.StringVar(&o.maker, "make", "", "make and type of the recording host")
	f.StringVar(&o.serial, "serial", "", "its serial number")
	_ = cmd.MarkFlagRequired("by")
	_ = cmd.MarkFlagRequired("order")
	return cmd
}

func (s *shared) certificate(ctx context.Context, o certificateOpts, text string) error {
	id, err := recordingArg(text)
	if err != nil {
		return err
	}
	return s.withArchive(ctx, o.identity, func(_ config.Config, a *evidence.Archive) error {
		p, err := a.Certify(ctx, id, postgres.By{Actor: "operator:" + o.by, At: time.Now(), Why: o.order}, o.device())
		if err != nil {
			return err
		}
		p.Organisation, p.Place, p.By = o.organisation, o.place, o.by
		base := filepath.Join(o.out, string(id))
		pdf, err := os.Create(base + ".pdf")
		if err != nil {
			return err
		}
		if err := errors.Join(p.WritePDF(pdf), pdf.Close()); err != nil {
			return err
		}
		j, err := os.Create(base + ".json")
		if err != nil {
			return err
		}
		if err := errors.Join(operator.PrintJSON(j, p), j.Close()); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.Out, "%s.pdf and %s.json written; SHA-256 of the record: %s\n", base, base, p.Sealed.SHA256)
		return err
	})
}

// device asks the firmware what nobody has said.
func (o certificateOpts) device() certificate.Device {
	firmware := func(given, name string) string {
		if given != "" {
			return given
		}
		text, err := os.ReadFile("/sys/class/dmi/id/" + name)
		if err != nil {
			return "" // to be filled in by hand
		}
		return strings.TrimSpace(string(text))
	}
	d := certificate.Device{
		Kind: "Server", Make: firmware(o.maker, "sys_vendor"), Serial: firmware(o.serial, "product_serial"),
	}
	if o.maker == "" {
		d.Make = strings.TrimSpace(d.Make + " " + firmware("", "product_name"))
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return d
	}
	var all []string
	for _, i := range interfaces {
		if len(i.HardwareAddr) == 6 && i.Flags&net.FlagLoopback == 0 {
			all = append(all, i.HardwareAddr.String())
		}
	}
	d.MAC = strings.Join(all, " ")
	return d
}
