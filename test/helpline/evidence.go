package helpline

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"golang.org/x/sys/unix"

	"powerline/internal/config"
	"powerline/recordings"
)

// Evidence is where the recordings of a helpline are, and what opens them.
type Evidence struct {
	Spool, Store, Anchors string
	Recipients, Identity  string // files
	mounted               bool
}

// makeSpool makes a spool in memory. Who may mount gives it a limit that Asterisk
// itself feels.
func (h *Helpline) makeSpool(context.Context) error {
	if h.Options.Recorded == 0 {
		return nil
	}
	sweepSpools()
	spool, err := os.MkdirTemp("/dev/shm", fmt.Sprintf("%s%d-", spoolPrefix, os.Getpid()))
	if err != nil {
		return fmt.Errorf("helpline: make a spool: %w", err)
	}
	mounted := unix.Mount("tmpfs", spool, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, fmt.Sprintf("size=%d", h.Options.Recorded)) == nil
	h.Evidence = Evidence{Spool: spool, mounted: mounted}
	return nil
}

// prepareEvidence makes a store and keys.
func (h *Helpline) prepareEvidence(context.Context) error {
	if h.Options.Recorded == 0 {
		return nil
	}
	e := &h.Evidence
	e.Store, e.Anchors = filepath.Join(h.dir, "store"), filepath.Join(h.dir, "anchors")
	e.Recipients, e.Identity = filepath.Join(h.dir, "recipients"), filepath.Join(h.dir, "identity")
	if err := WriteIdentity(e.Identity, e.Recipients); err != nil {
		return err
	}
	seed := make([]byte, 32)
	if _, err := rand.Read(seed); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(h.dir, "anchor-key"), []byte(hex.EncodeToString(seed)+"\n"), 0o600)
}

const spoolPrefix = "powerline-spool-"

// sweepSpools removes the spools of processes that died without Close.
func sweepSpools() {
	found, _ := filepath.Glob("/dev/shm/" + spoolPrefix + "*")
	for _, dir := range found {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), spoolPrefix), "-")
		if _, err := os.Stat("/proc/" + pid); errors.Is(err, fs.ErrNotExist) {
			_ = unix.Unmount(dir, unix.MNT_DETACH)
			_ = os.RemoveAll(dir)
		}
	}
}

// WriteIdentity makes a new identity of age and the file of its recipient.
func WriteIdentity(identity, recipients string) error {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(identity, []byte(id.String()+"\n"), 0o600),
		os.WriteFile(recipients, []byte(id.Recipient().String()+"\n"), 0o644))
}

// Limited reports whether the spool is a file system of its own, with a limit.
func (e Evidence) Limited() bool { return e.mounted }

// evidence points a configuration at spool and store.
func (h *Helpline) evidence(c *config.Config) {
	if h.Options.Recorded == 0 {
		return
	}
	r := &c.Recordings
	r.SpoolDir, r.StoreDir, r.RecipientsFile, r.IdentityFile = h.Evidence.Spool, h.Evidence.Store, h.Evidence.Recipients, h.Evidence.Identity
	r.SpoolBytes, r.StoreFree = max(h.Options.Recorded, 1<<20), 0
	r.Listen = netip.MustParseAddrPort(h.sealerListen())
	r.Anchor = config.Anchor{Dir: h.Evidence.Anchors, KeyFile: "anchor-key", Every: time.Second}
	c.Recordings.SealWithin = 4 * time.Second
}

func (h *Helpline) sealerListen() string { return fmt.Sprintf("127.0.0.1:%d", h.Ports.ACD[5]) }

func (h *Helpline) startSealer(ctx context.Context) error {
	if h.Options.Recorded == 0 {
		return nil
	}
	h.Sealer = &Engine{
		Name: "sealer", binary: h.binary, launch: h.Launch, args: []string{"recordings", "seal"}, ready: `recordings_alarm{alarm="spool"} 0`,
		Config: filepath.Join(h.dir, "sealer.yaml"), Log: filepath.Join(h.Dir, "log", "sealer.log"), Listen: h.sealerListen(),
	}
	if err := h.Configure(h.Sealer); err != nil {
		return err
	}
	return errors.Join(h.Sealer.Start(), h.Sealer.Ready(ctx))
}

func (h *Helpline) closeEvidence() {
	if h.Evidence.Spool == "" {
		return
	}
	if h.Evidence.mounted {
		_ = unix.Unmount(h.Evidence.Spool, unix.MNT_DETACH)
	}
	_ = os.RemoveAll(h.Evidence.Spool)
}

// Identities of who may open recordings.
func (e Evidence) Identities() (recordings.Identities, error) {
	text, err := os.ReadFile(e.Identity)
	if err != nil {
		return recordings.Identities{}, err
	}
	return recordings.ParseIdentities(text)
}

// Plain opens a sealed recording as its WAV.
func (h *Helpline) Plain(ctx context.Context, id recordings.ID) ([]byte, error) {
	db, err := h.Database(ctx)
	if err != nil {
		return nil, err
	}
	links, err := db.LinksOf(ctx, id)
	i := slices.IndexFunc(links, func(l recordings.Link) bool { return l.What == recordings.LinkSealed }) // a gap may stand before it
	if err != nil || i < 0 {
		return nil, fmt.Errorf("recording %s is not in the chain: %w", id, err)
	}
	sealed, err := links[i].Sealed()
	if err != nil {
		return nil, err
	}
	k, err := db.Key(ctx, sealed.Key)
	if err != nil {
		return nil, err
	}
	ids, err := h.Evidence.Identities()
	if err != nil {
		return nil, err
	}
	key, err := ids.Unwrap(k.WrappedKey)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(filepath.Join(h.Evidence.Store, sealed.Object))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	plain, err := key.Open(file)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = b.ReadFrom(plain)
	return b.Bytes(), err
}

// ACD runs a command of the operator's program with the sealer's configuration,
// and returns what it printed.
func (h *Helpline) ACD(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, h.binary, append(args, "--config", h.Sealer.Config)...).CombinedOutput()
	return string(out), err
}
