package check

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"powerline/internal/config"
	"powerline/internal/evidence"
	"powerline/internal/postgres"
	"powerline/recordings"
	"powerline/recordings/bucket"
)

// recorded looks at spool, store, recipients and sealer, and at what was found
// when recordings were last verified.
func recorded(ctx context.Context, c config.Config) []Finding {
	n := notes{subject: "recordings"}
	r := c.Recordings
	if r.SpoolDir == "" {
		n.add(Warn, "no recordings.spoolDir: conversations are not recorded")
		return n.list
	}
	n.spool(r)
	n.recipients(r)
	n.store(ctx, r)
	n.sealer(ctx, r)
	n.identity(r)
	n.books(ctx, c)
	return n.list
}

func (n *notes) spool(r config.Recordings) {
	room, err := recordings.Spool{Dir: r.SpoolDir, Quota: r.SpoolBytes}.Look()
	var unfit *recordings.Unfit
	switch {
	case errors.As(err, &unfit) && unfit.Why == recordings.WhySpoolOnDisk:
		n.add(Fail, r.SpoolDir+" is not in memory, so that nothing is recorded: mount a tmpfs there")
	case err != nil:
		n.add(Fail, fmt.Sprintf("nothing is recorded: %v", err))
	case room.Full():
		n.add(Fail, fmt.Sprintf("the spool is full, so that nothing more is recorded: see whether the sealer runs (%d files, %d MB)", room.Files, room.Used>>20))
	case room.Free < room.Used/4:
		n.add(Warn, fmt.Sprintf("the spool is filling: %d files, %d MB, %d MB free", room.Files, room.Used>>20, room.Free>>20))
	default:
		n.add(OK, fmt.Sprintf("the spool is in memory: %d files, %d MB free", room.Files, room.Free>>20))
	}
}

func (n *notes) recipients(r config.Recordings) {
	text, err := os.ReadFile(r.RecipientsFile)
	if err != nil {
		n.add(Fail, fmt.Sprintf("recordings.recipientsFile: %v: nothing can be sealed", err))
		return
	}
	to, err := recordings.ParseRecipients(text)
	switch {
	case err != nil:
		n.add(Fail, fmt.Sprintf("%s: %v", r.RecipientsFile, err))
	case len(to.Names()) == 1:
		n.add(Warn, "one recipient alone may open recordings: if that identity is lost, all are lost; add a second, kept elsewhere")
	default:
		n.add(OK, fmt.Sprintf("%d recipients may open recordings", len(to.Names())))
	}
}

func (n *notes) store(ctx context.Context, r config.Recordings) {
	if r.Bucket.On() {
		n.bucket(ctx, r)
		return
	}
	if _, err := os.Stat(r.StoreDir); err != nil {
		n.add(Warn, fmt.Sprintf("the store: %v: the sealer makes it if it may", err))
		return
	}
	free, err := recordings.FreeAt(r.StoreDir)
	switch {
	case err != nil:
		n.add(Fail, fmt.Sprintf("the store: %v", err))
	case free < r.StoreFree:
		n.add(Warn, fmt.Sprintf("the store has %d MB left, less than recordings.storeFree: make room", free>>20))
	default:
		n.add(OK, fmt.Sprintf("the store has %d MB left", free>>20))
	}
}

func (n *notes) bucket(ctx context.Context, r config.Recordings) {
	store, err := evidence.OpenStore(r)
	if remote, ok := store.(*bucket.Bucket); err == nil && ok {
		err = remote.Reach(ctx)
	}
	if err != nil {
		n.add(Fail, fmt.Sprintf("the store: %v: sealed recordings pile up in memory", err))
		return
	}
	n.add(OK, "the bucket "+r.Bucket.Name+" at "+r.Bucket.Endpoint+" answers")
}

// sealer asks the sealer itself what is wrong.
func (n *notes) sealer(ctx context.Context, r config.Recordings) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.Listen.String()+"/healthz", nil)
	if err != nil {
		n.add(Fail, fmt.Sprintf("the sealer: %v", err))
		return
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		n.add(Fail, "the sealer does not run: recordings pile up in memory; start `acd recordings seal`")
		return
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	if answer.StatusCode == http.StatusOK {
		n.add(OK, "the sealer runs and has no alarm")
		return
	}
	for line := range strings.Lines(string(text)) {
		n.add(Warn, "alarm of the sealer: "+strings.TrimSpace(line))
	}
}

func (n *notes) identity(r config.Recordings) {
	if r.IdentityFile == "" {
		return
	}
	n.add(Warn, "recordings.identityFile is set on a host that records: whoever takes this host can open its recordings; hear and verify on another")
}

// books tells what the database knows.
func (n *notes) books(ctx context.Context, c config.Config) {
	db, err := openBooks(ctx, c)
	if err != nil {
		return // the database's own part says so
	}
	defer db.Close()
	last, err := db.LastCheck(ctx)
	if err != nil {
		return
	}
	switch {
	case last.ChainBad != "":
		n.add(Fail, "the chain was broken when last verified: "+last.ChainBad)
	case last.Bad > 0:
		n.add(Fail, fmt.Sprintf("%d recordings were bad when last verified; the first: %s", last.Bad, last.FirstBad))
	case last.At.IsZero():
		n.add(Warn, "recordings were never verified: run `acd recordings verify --all` every night")
	case time.Since(last.At) > 36*time.Hour:
		n.add(Warn, fmt.Sprintf("recordings were last verified %v ago", time.Since(last.At).Round(time.Hour)))
	default:
		n.add(OK, fmt.Sprintf("%d recordings and %d rows of the chain were good at %s", last.Recordings, last.ChainSeq, last.At.UTC().Format(time.RFC3339)))
	}
	gaps, err := db.Gaps(ctx, "", time.Now().Add(-24*time.Hour))
	if err != nil {
		return
	}
	count := postgres.CountGaps(gaps)
	if len(count) > 0 {
		text, err := json.Marshal(count) // in order of the words
		if err != nil {
			return
		}
		n.add(Warn, "incomplete recordings within a day: "+strings.Trim(string(text), "{}"))
	}
}

func openBooks(ctx context.Context, c config.Config) (*postgres.DB, error) {
	password, err := config.Secret(c.Postgres.PasswordFile)
	if err != nil {
		return nil, err
	}
	db, err := postgres.Open(ctx, c.Postgres.DSN, postgres.Options{Password: password, MaxConns: 2, ConnectTimeout: c.Postgres.ConnectTimeout, QueryTimeout: c.Postgres.QueryTimeout})
	if err != nil {
		return nil, err
	}
	return db, nil
}
