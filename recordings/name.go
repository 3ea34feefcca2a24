package recordings

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"strings"
)

// ID names a recording: an r and 25 letters and digits, which say nothing.
type ID string

var wellFormed = regexp.MustCompile(`^r[a-z2-7]{25}$`)

// Valid reports whether the id has the form of one. Nothing else becomes part
// of a path.
func (id ID) Valid() bool { return wellFormed.MatchString(string(id)) }

// NewID is an id for what has none, such as a file that nobody knows.
func NewID() ID { return ID("r" + strings.ToLower(rand.Text())[:25]) }

// Side is one party's voice in the spool.
type Side string

// The two sides, in the order of the channels of the sealed file.
const (
	Heard  Side = "heard"  // whoever called us or was called: the left channel
	Spoken Side = "spoken" // the agent, and whatever else was said to him or her: the right one
)

// ending says the format: 8,000 samples a second of one byte, ITU-T G.711 A-law.
const ending = ".alaw"

// FileName is the file of a side in the spool.
func (id ID) FileName(s Side) string { return string(id) + "-" + string(s) + ending }

// fileOf is the opposite of FileName.
func fileOf(name string) (id ID, s Side, ok bool) {
	base, found := strings.CutSuffix(name, ending)
	first, last, cut := strings.Cut(base, "-")
	id, s = ID(first), Side(last)
	return id, s, found && cut && id.Valid() && (s == Heard || s == Spoken)
}

// fromFallback is what Asterisk's own dialplan records without an engine: it
// knows no ids of ours, but the call's and the second.
var fromFallback = regexp.MustCompile(`^fallback-([A-Za-z0-9._-]{1,100})-([0-9]{9,12})-(heard|spoken)\.alaw$`)

// fallbackOf reads the name of such a file. The id follows from it, so that it is
// the same however often it is read.
func fallbackOf(name string) (id ID, call string, s Side, ok bool) {
	m := fromFallback.FindStringSubmatch(name)
	if m == nil {
		return "", "", "", false
	}
	digest := sha256.Sum256([]byte("fallback " + m[1] + " " + m[2]))
	return ID("r" + strings.ToLower(base32.StdEncoding.EncodeToString(digest[:])[:25])), m[1], Side(m[3]), true
}

// Object is the name of the sealed recording in a store.
func (id ID) Object() string { return string(id[1:3]) + "/" + string(id) + ".age" }
