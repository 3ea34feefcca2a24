package recordings_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"pgregory.net/rapid"

	"powerline/recordings"
)

// people makes recipients and the identities that open what is wrapped to them.
func people(t testing.TB) (recordings.Recipients, recordings.Identities) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	r, err := recordings.ParseRecipients([]byte("# who may listen\n" + id.Recipient().String() + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := recordings.ParseIdentities([]byte(id.String()))
	if err != nil {
		t.Fatal(err)
	}
	return r, ids
}

func raw(b []byte) recordings.Raw {
	return recordings.Raw{From: bytes.NewReader(b), Samples: int64(len(b))}
}

// Law: whatever both sides hold, what is opened is a WAV with each in its
// channel, of the digest that sealing gave, and it can be read from anywhere.
func TestGivenAnyTwoSides_WhenSealed_ThenWhatIsOpenedIsBothOfThem(t *testing.T) {
	r, ids := people(t)
	public, wrapped, err := r.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		heard := rapid.SliceOfN(rapid.Byte(), 0, 200_000).Draw(t, "heard")
		spoken := rapid.SliceOfN(rapid.Byte(), 0, 200_000).Draw(t, "spoken")
		if rapid.Bool().Draw(t, "long") { // longer than the buffers
			heard = bytes.Repeat(append(heard, 1), 1+100_000/(len(heard)+1))
		}
		var sealed bytes.Buffer
		c, err := recordings.Seal(&sealed, raw(heard), raw(spoken), public)
		if err != nil {
			t.Fatal(err)
		}
		key, err := ids.Unwrap(wrapped)
		if err != nil {
			t.Fatal(err)
		}
		from, err := key.Open(bytes.NewReader(sealed.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		n := max(len(heard), len(spoken))
		samples, err := recordings.Samples(plain)
		if err != nil || samples != int64(n) || c.Samples != samples || int64(len(plain)) != c.Bytes {
			t.Fatalf("%d samples in %d bytes (%v), sealed %+v of %d and %d", samples, len(plain), err, c, len(heard), len(spoken))
		}
		sound := plain[len(plain)-2*n:]
		for i := range n {
			if want := at(heard, i); sound[2*i] != want {
				t.Fatalf("left sample %d is %x, want %x", i, sound[2*i], want)
			}
			if want := at(spoken, i); sound[2*i+1] != want {
				t.Fatalf("right sample %d is %x, want %x", i, sound[2*i+1], want)
			}
		}
		if c.SHA256 != sha256.Sum256(plain) || c.SealedSHA256 != sha256.Sum256(sealed.Bytes()) || c.SealedBytes != int64(sealed.Len()) ||
			c.HeardSHA256 != sha256.Sum256(heard) || c.SpokenSHA256 != sha256.Sum256(spoken) {
			t.Fatal("a digest is not that of what was sealed")
		}
		anywhere, size, err := key.OpenAt(bytes.NewReader(sealed.Bytes()), int64(sealed.Len()))
		if err != nil || size != c.Bytes {
			t.Fatalf("opened anywhere: %d bytes, %v", size, err)
		}
		off := rapid.IntRange(0, len(plain)-1).Draw(t, "off")
		part := make([]byte, min(100, len(plain)-off))
		if _, err := anywhere.ReadAt(part, int64(off)); err != nil && !errors.Is(err, io.EOF) || !bytes.Equal(part, plain[off:off+len(part)]) {
			t.Fatalf("bytes from %d on differ (%v)", off, err)
		}
	})
}

func at(b []byte, i int) byte {
	if i < len(b) {
		return b[i]
	}
	return 0xD5 // silence
}

// endless is a side without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// Line 7 of what must hold: memory does not grow with the file.
func TestGivenALongConversation_WhenSealed_ThenNoMoreMemoryIsNeededThanForAShortOne(t *testing.T) {
	r, _ := people(t)
	public, _, err := r.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	needs := func(samples int64) uint64 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		side := recordings.Raw{From: endless{}, Samples: samples}
		if _, err := recordings.Seal(io.Discard, side, side, public); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	minute, tenHours := needs(60*recordings.Rate), needs(36000*recordings.Rate)
	t.Logf("a minute takes %d bytes in all, ten hours %d", minute, tenHours)
	if tenHours > 2*minute {
		t.Errorf("ten hours take %d bytes, a minute %d", tenHours, minute)
	}
}

func TestGivenOthersIdentities_WhenTheyOpen_ThenTheyAreToldClearly(t *testing.T) {
	r, ids := people(t)
	_, others := people(t)
	public, wrapped, err := r.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := others.Unwrap(wrapped); !errors.Is(err, recordings.ErrWrongKey) {
		t.Errorf("somebody else's identity: %v", err)
	}
	if _, err := (recordings.Identities{}).Unwrap(wrapped); !errors.Is(err, recordings.ErrWrongKey) {
		t.Errorf("no identity: %v", err)
	}
	if _, err := ids.Unwrap(recordings.WrappedKey{}); !errors.Is(err, recordings.ErrShredded) {
		t.Errorf("no wrapped key: %v", err)
	}
	var sealed bytes.Buffer
	if _, err := recordings.Seal(&sealed, raw([]byte("a")), raw([]byte("b")), public); err != nil {
		t.Fatal(err)
	}
	_, wrappedOther, err := r.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	other, err := ids.Unwrap(wrappedOther)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open(&sealed); !errors.Is(err, recordings.ErrWrongKey) {
		t.Errorf("another case's key: %v", err)
	}
}

func TestGivenNewRecipients_WhenAKeyIsWrappedAgain_ThenTheyOpenWhatWasSealedBeforeAndTheOldDoNot(t *testing.T) {
	old, oldIDs := people(t)
	next, nextIDs := people(t)
	public, wrapped, err := old.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	var sealed bytes.Buffer
	if _, err := recordings.Seal(&sealed, raw([]byte("heard")), raw([]byte("spoken")), public); err != nil {
		t.Fatal(err)
	}
	again, err := oldIDs.Rewrap(wrapped, next)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := oldIDs.Unwrap(again); !errors.Is(err, recordings.ErrWrongKey) {
		t.Errorf("the old identity still opens it: %v", err)
	}
	key, err := nextIDs.Unwrap(again)
	if err != nil {
		t.Fatal(err)
	}
	if key.Public() != public {
		t.Error("it is another key")
	}
	if _, err := key.Open(&sealed); err != nil {
		t.Error(err)
	}
}

func TestGivenAFileThatIsNoIdentity_WhenRead_ThenTheErrorRepeatsNothingOfIt(t *testing.T) {
	_, err := recordings.ParseIdentities([]byte("AGE-SECRET-KEY-1NEARLYASECRET\n"))
	if err == nil || strings.Contains(err.Error(), "NEARLY") {
		t.Errorf("%v", err)
	}
}

func TestALawIsReadAsG711Says(t *testing.T) {
	for code, want := range map[byte]int16{0xD5: 8, 0x55: -8, 0xAA: 32256, 0x2A: -32256, 0x80: 5504, 0xC5: 264} {
		if got := recordings.Linear(code); got != want {
			t.Errorf("%#x is %d, want %d", code, got, want)
		}
	}
}

// BenchmarkSeal is line 7: bytes a second of one core. The helpline's peak
// hour has about 63 conversations at once, 16 kB/s each: 1 MB/s.
func BenchmarkSeal(b *testing.B) {
	r, _ := people(b)
	public, _, err := r.NewKey()
	if err != nil {
		b.Fatal(err)
	}
	const samples = 200 * recordings.Rate
	b.SetBytes(2 * samples)
	for b.Loop() {
		side := recordings.Raw{From: endless{}, Samples: samples}
		if _, err := recordings.Seal(io.Discard, side, side, public); err != nil {
			b.Fatal(err)
		}
	}
}

func TestRetention(t *testing.T) {
	day := 24 * time.Hour
	k := recordings.Keep{NoCase: 90 * day, Case: 365 * day, Kinds: map[string]time.Duration{"silent": 30 * day}}
	begun := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, one := range map[string]struct {
		kept recordings.Kept
		want time.Time
	}{
		"of no case":                      {recordings.Kept{Begun: begun}, begun.Add(90 * day)},
		"of a kind with its own time":     {recordings.Kept{Begun: begun, Kind: "silent"}, begun.Add(30 * day)},
		"of an open case":                 {recordings.Kept{Begun: begun, Kind: "silent", Case: "c"}, time.Time{}},
		"of a closed case":                {recordings.Kept{Begun: begun, Kind: "silent", Case: "c", Closed: begun.Add(day)}, begun.Add(366 * day)},
		"younger than its case's end":     {recordings.Kept{Begun: begun.Add(9 * day), Case: "c", Closed: begun}, begun.Add(374 * day)},
		"held":                            {recordings.Kept{Begun: begun, Held: true}, time.Time{}},
		"held, of a case closed long ago": {recordings.Kept{Begun: begun, Case: "c", Closed: begun, Held: true}, time.Time{}},
	} {
		due, ever := k.Due(one.kept)
		if !due.Equal(one.want) || ever != !one.want.IsZero() {
			t.Errorf("%s: due %v (%v), want %v", name, due, ever, one.want)
		}
	}
	if k.Shortest() != 30*day {
		t.Errorf("the shortest time is %v", k.Shortest())
	}
}
