package recordings_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"powerline/recordings"
)

// chainOf makes a chain as the table's trigger does: the formula of its comment.
func chainOf(n int) []recordings.Link {
	var all []recordings.Link
	before := make([]byte, 32)
	for i := range n {
		l := recordings.Link{
			Seq: int64(i + 1), At: time.Date(2026, 3, 8, 12, 0, i, 5000, time.UTC), What: recordings.LinkSealed,
			Recording: recordings.ID(fmt.Sprintf("r%025d", i)), Detail: fmt.Sprintf(`{"call":"c%d"}`, i),
		}
		h := sha256.New()
		h.Write(before)
		for _, part := range []string{fmt.Sprint(l.Seq), l.At.Format("2006-01-02T15:04:05.000000Z"), l.What, string(l.Recording), l.Detail} {
			fmt.Fprintf(h, "%d:%s", len(part), part)
		}
		l.Hash = h.Sum(nil)
		before = l.Hash
		all = append(all, l)
	}
	return all
}

// walk returns the first row that is bad, 0 if none is.
func walk(all []recordings.Link, seq int64, head []byte) int64 {
	var w recordings.Walk
	for _, l := range all {
		var b *recordings.Broken
		if err := w.Take(l); errors.As(err, &b) {
			return b.Seq
		}
	}
	var b *recordings.Broken
	if err := w.End(seq, head); errors.As(err, &b) {
		return b.Seq
	}
	return 0
}

// Line 4 of what must hold, for rows: whatever is changed, the first bad row is
// named.
func TestGivenAChain_WhenAnythingInItIsChanged_ThenTheFirstBadRowIsNamed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 30).Draw(t, "rows")
		all := chainOf(n)
		head := bytes.Clone(all[n-1].Hash)
		if bad := walk(all, int64(n), head); bad != 0 {
			t.Fatalf("an unchanged chain is bad at row %d", bad)
		}
		i := rapid.IntRange(0, n-1).Draw(t, "row")
		want := int64(i + 1)
		l := &all[i]
		switch what := rapid.SampledFrom([]string{"at", "what", "recording", "detail", "hash", "out", "swapped", "cut", "twice", "rehashed"}).Draw(t, "what"); what {
		case "at":
			l.At = l.At.Add(time.Microsecond)
		case "what":
			l.What = recordings.LinkGap
		case "recording":
			l.Recording = recordings.ID("s" + string(l.Recording[1:]))
		case "detail":
			at := rapid.IntRange(0, len(l.Detail)-1).Draw(t, "byte")
			b := []byte(l.Detail)
			b[at] ^= 1
			l.Detail = string(b)
		case "hash":
			l.Hash = bytes.Clone(l.Hash)
			l.Hash[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case "out":
			all = append(all[:i:i], all[i+1:]...)
		case "cut":
			all = all[:i]
		case "twice":
			all = append(all[:i+1:i+1], all[i:]...)
			want++
		case "swapped":
			j := rapid.IntRange(0, n-1).Filter(func(j int) bool { return j != i }).Draw(t, "other")
			all[i], all[j] = all[j], all[i]
			want = int64(min(i, j) + 1)
		case "rehashed": // by somebody who knows the formula, but not the rows behind
			l.Detail = `{"call":"another"}`
			fresh := chainOf(i)
			before := make([]byte, 32)
			if i > 0 {
				before = fresh[i-1].Hash
			}
			h := sha256.New()
			h.Write(before)
			for _, part := range []string{fmt.Sprint(l.Seq), l.At.Format("2006-01-02T15:04:05.000000Z"), l.What, string(l.Recording), l.Detail} {
				fmt.Fprintf(h, "%d:%s", len(part), part)
			}
			l.Hash = h.Sum(nil)
			want++ // the next row, or the head, does not follow from it
			if i == n-1 {
				want = int64(n)
			}
		}
		if bad := walk(all, int64(n), head); bad != want {
			t.Fatalf("row %d is named, want %d", bad, want)
		}
	})
}

func TestGivenAnAnchor_WhenTheWholeChainWasMadeAnewBehindIt_ThenItShows(t *testing.T) {
	seed := bytes.Repeat([]byte{3}, 32)
	all := chainOf(5)
	a, err := recordings.Sign(seed, 3, all[2].Hash, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := recordings.WriteAnchor(t.Context(), dir, a); err != nil {
		t.Fatal(err)
	}
	read, err := recordings.ReadAnchors(dir)
	if err != nil || len(read) != 1 || read[0] != a {
		t.Fatalf("%v, %v", read, err)
	}
	if err := read[0].Holds(all[2]); err != nil {
		t.Error(err)
	}
	forged := chainOf(5)
	forged[2].Hash = chainOf(6)[5].Hash
	if err := read[0].Holds(forged[2]); !errors.As(err, new(*recordings.Broken)) {
		t.Errorf("a row of another chain: %v", err)
	}
	a.Seq = 4
	if a.Signed() {
		t.Error("an anchor that was changed passes for signed")
	}
}

func TestGivenASpool_WhenSomebodyWrites_ThenItIsNotClosedAndStrangersAreListed(t *testing.T) {
	dir := t.TempDir()
	s := recordings.Spool{Dir: dir}
	id := recordings.NewID()
	later := time.Now().Add(time.Minute)
	f, err := os.Create(s.Path(id, recordings.Heard))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("sound"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"passwd", "r-heard.alaw", string(id) + "-heard.wav", string(id) + "-other.alaw", ".." + string(id) + "-heard.alaw"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all, strange, err := s.List()
	if err != nil || len(all) != 1 || all[0].ID != id || all[0].Heard != 5 || all[0].Spoken != -1 || len(strange) != 5 {
		t.Fatalf("%+v %v %v", all, strange, err)
	}
	if s.Closed(all[0], later) {
		t.Error("it is taken for closed while somebody has it open for writing")
	}
	f.Close()
	if !s.Closed(all[0], later) {
		t.Error("it is not taken for closed when nobody has it open")
	}
	if s.Closed(all[0], time.Now()) {
		t.Error("a file that was just made is taken for closed")
	}
	if err := os.WriteFile(s.Path(id, recordings.Heard), []byte("more sound"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.Same(all[0], later) {
		t.Error("a file that grew is taken for the same")
	}
}

func TestGivenADiskThatIsNoMemory_WhenAskedToRecord_ThenTheSpoolRefuses(t *testing.T) {
	var unfit *recordings.Unfit
	if err := (recordings.Spool{Dir: "/proc"}).Admit(); !errors.As(err, &unfit) || unfit.Why != recordings.WhySpoolOnDisk {
		t.Errorf("%v", err)
	}
	if err := (recordings.Spool{Dir: "/no/such/place"}).Admit(); !errors.As(err, &unfit) || unfit.Why != recordings.WhySpoolMissing {
		t.Errorf("%v", err)
	}
	dir, err := os.MkdirTemp("/dev/shm", "powerline-test-")
	if err != nil {
		t.Skip("no memory-backed file system here:", err)
	}
	defer os.RemoveAll(dir)
	s := recordings.Spool{Dir: dir, Quota: 2 << 20}
	if err := s.Admit(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "some"), make([]byte, 3<<19), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Admit(); !errors.As(err, &unfit) || unfit.Why != recordings.WhySpoolFull {
		t.Errorf("three quarters of the quota are used: %v", err)
	}
}

// No text that is not an id of ours ever becomes part of a path.
func FuzzGivenAnyName_WhenAStoreIsAsked_ThenNothingOutsideItIsTouched(f *testing.F) {
	for _, seed := range []string{"aa/r" + "aaaaaaaaaaaaaaaaaaaaaaaaa.age", "../../etc/passwd", "aa/../aa/x.age", "", "aa/r\x00.age", "/etc/passwd"} {
		f.Add(seed)
	}
	dir := f.TempDir()
	secret := filepath.Join(filepath.Dir(dir), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		f.Fatal(err)
	}
	d, err := recordings.OpenDisk(dir)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name string) {
		o, err := d.Open(t.Context(), name)
		if err == nil {
			o.Close()
			t.Fatalf("%q was opened", name)
		}
		_ = d.Remove(t.Context(), name)
		if _, err := os.Stat(secret); err != nil {
			t.Fatalf("%q removed something else", name)
		}
		if recordings.ID(name).Valid() && len(name) != 26 {
			t.Fatalf("%q passes for an id", name)
		}
	})
}
