package recordings

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Spool is the directory into which Asterisk writes. It lies in memory, so that
// a stolen or discarded disk never held a plain voice.
type Spool struct {
	Dir   string
	Quota int64 // bytes of all files in it; 0 = the file system's own limit
}

// Path is where Asterisk is to write a side.
func (s Spool) Path(id ID, side Side) string { return filepath.Join(s.Dir, id.FileName(side)) }

// Why a recording cannot begin, or is not whole; the words of Gap.Why and of
// metrics.
const (
	WhySpoolFull    = "spool-full"
	WhySpoolOnDisk  = "spool-on-disk" // it is not memory-backed
	WhySpoolMissing = "spool-missing"
	WhyNotStarted   = "not-started" // Asterisk was asked in vain
	WhyMissing      = "missing"     // Asterisk said yes, and there is no file
	WhyShort        = "short"       // shorter than they talked
	WhyLate         = "late"        // begun late: their first words are missing
	WhyPaused       = "paused"      // on purpose; a hyphen and the reason follow
	WhyResumed      = "resumed"     // the end of what was paused
	WhyFound        = "found"       // a file of which no row knew
)

// Whys are the reasons of gaps that nobody made on purpose.
var Whys = []string{WhySpoolFull, WhySpoolOnDisk, WhySpoolMissing, WhyNotStarted, WhyMissing, WhyShort, WhyLate, WhyFound}

// Room is the state of a spool.
type Room struct {
	Used, Free int64 // bytes; Free is the lesser of quota and file system
	Files      int
}

// Full reports whether nothing more should begin: less than a megabyte is free,
// which is a minute of one conversation.
func (r Room) Full() bool { return r.Free < 1<<20 }

// Look measures the spool. An *Unfit says that nothing may be recorded there.
func (s Spool) Look() (Room, error) {
	var f unix.Statfs_t
	if err := unix.Statfs(s.Dir, &f); err != nil {
		return Room{}, &Unfit{WhySpoolMissing, err}
	}
	if f.Type != unix.TMPFS_MAGIC && f.Type != unix.RAMFS_MAGIC {
		return Room{}, &Unfit{WhySpoolOnDisk, errors.New("want a directory on tmpfs")}
	}
	r := Room{Free: int64(f.Bavail) * f.Bsize}
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return Room{}, &Unfit{WhySpoolMissing, err}
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			r.Used += info.Size()
			r.Files++
		}
	}
	if s.Quota > 0 {
		r.Free = min(r.Free, max(0, s.Quota-r.Used))
	}
	return r, nil
}

// Admit says whether another recording may begin; an *Unfit says why not.
func (s Spool) Admit() error {
	r, err := s.Look()
	switch {
	case err != nil:
		return err
	case r.Full():
		return &Unfit{WhySpoolFull, fmt.Errorf("%d bytes are free", r.Free)}
	}
	return nil
}

// Unfit says why nothing may be recorded into a spool; Why is one of the words
// above.
type Unfit struct {
	Why string
	Err error
}

func (u *Unfit) Error() string { return fmt.Sprintf("recordings: %s: %v", u.Why, u.Err) }

// Unwrap gives the cause.
func (u *Unfit) Unwrap() error { return u.Err }

// Plain is a recording in the spool.
type Plain struct {
	ID ID
	// Fallback is the call that Asterisk recorded without an engine; empty for a
	// recording of an engine.
	Fallback string
	names    map[Side]string
	// Samples of each side; -1 where there is no file.
	Heard, Spoken int64
	// Written is when the later of both files was last written to.
	Written time.Time
}

// List is what lies in the spool, and the names of files that are none of ours.
func (s Spool) List() (all []Plain, strange []string, err error) {
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		return nil, nil, fmt.Errorf("recordings: list the spool: %w", err)
	}
	place := map[ID]int{}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has just gone
		}
		id, side, ok := fileOf(e.Name())
		var call string
		if !ok {
			id, call, side, ok = fallbackOf(e.Name())
		}
		if err != nil || !ok || !info.Mode().IsRegular() {
			strange = append(strange, e.Name())
			continue
		}
		i, known := place[id]
		if !known {
			i = len(all)
			place[id] = i
			all = append(all, Plain{ID: id, Heard: -1, Spoken: -1, Fallback: call, names: map[Side]string{}})
		}
		p := &all[i]
		p.names[side] = e.Name()
		if side == Heard {
			p.Heard = info.Size()
		} else {
			p.Spoken = info.Size()
		}
		if info.ModTime().After(p.Written) {
			p.Written = info.ModTime()
		}
	}
	return all, strange, nil
}

// resting is how long a file must have been left alone even if nobody has it open:
// Asterisk makes a file, and opens it to write a moment later. A file without
// any sound may be one that was only made.
const (
	resting      = time.Second
	restingEmpty = 10 * time.Second
)

// settled is how long a file must have been left alone to be taken for closed
// where the kernel does not tell us. Asterisk writes every four seconds, unless
// nobody sends it any sound.
const settled = 30 * time.Second

// Closed reports whether nobody writes to a recording any more. The kernel is
// asked: it grants a read lease only on a file that nobody has open for writing.
func (s Spool) Closed(p Plain, now time.Time) bool {
	rest := resting
	if p.Heard <= 0 || p.Spoken <= 0 {
		rest = restingEmpty
	}
	if now.Sub(p.Written) < rest {
		return false
	}
	for _, side := range []Side{Heard, Spoken} {
		closed, known := leasable(s.file(p, side))
		if !known {
			return now.Sub(p.Written) > settled
		}
		if !closed {
			return false
		}
	}
	return true
}

// leasable: closed says that nobody writes to the file, known that the kernel
// told us. A file that is not there is closed.
func leasable(path string) (closed, known bool) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, true
	}
	if err != nil {
		return false, false
	}
	defer f.Close() // which ends the lease
	_, err = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	switch {
	case err == nil:
		return true, true
	case errors.Is(err, unix.EAGAIN):
		return false, true
	}
	return false, false // not our file, and no CAP_LEASE
}

// Same reports whether a recording is still as it was listed, and closed.
func (s Spool) Same(p Plain, now time.Time) bool {
	for side, size := range map[Side]int64{Heard: p.Heard, Spoken: p.Spoken} {
		info, err := os.Stat(s.file(p, side))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if size >= 0 {
				return false
			}
		case err != nil || info.Size() != size:
			return false
		}
	}
	return s.Closed(p, now)
}

// Open gives both sides of a recording; a missing one is empty.
func (s Spool) Open(p Plain) (heard, spoken Raw, done func(), err error) {
	open := func(side Side, size int64) (Raw, *os.File, error) {
		if size < 0 {
			return Raw{From: empty{}}, nil, nil
		}
		f, err := os.Open(s.file(p, side))
		if err != nil {
			return Raw{}, nil, fmt.Errorf("recordings: open the spool: %w", err)
		}
		return Raw{From: f, Samples: size}, f, nil
	}
	heard, one, err := open(Heard, p.Heard)
	if err != nil {
		return Raw{}, Raw{}, nil, err
	}
	spoken, other, err := open(Spoken, p.Spoken)
	done = func() {
		for _, f := range []*os.File{one, other} {
			if f != nil {
				f.Close()
			}
		}
	}
	if err != nil {
		done()
		return Raw{}, Raw{}, nil, err
	}
	return heard, spoken, done, nil
}

type empty struct{}

func (empty) Read([]byte) (int, error) { return 0, io.EOF }

// file is where a side of a listed recording lies.
func (s Spool) file(p Plain, side Side) string {
	if name, ok := p.names[side]; ok {
		return filepath.Join(s.Dir, name)
	}
	return s.Path(p.ID, side)
}

// Remove takes both plain files away.
func (s Spool) Remove(p Plain) error {
	var all error
	for _, side := range []Side{Heard, Spoken} {
		if err := os.Remove(s.file(p, side)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = errors.Join(all, fmt.Errorf("recordings: remove a plain file: %w", err))
		}
	}
	return all
}

// Rename gives a recording another id: its own has been sealed already.
func (s Spool) Rename(p Plain, to ID) error {
	for _, side := range []Side{Heard, Spoken} {
		if err := os.Rename(s.file(p, side), s.Path(to, side)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("recordings: rename a plain file: %w", err)
		}
	}
	return nil
}
