package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"time"
)

// Recordings is about conversations as evidence (package recordings).
type Recordings struct {
	SpoolDir       string         `yaml:"spoolDir" doc:"memory-backed directory (tmpfs) into which Asterisk writes while they talk; empty records nothing"`
	SpoolBytes     int64          `yaml:"spoolBytes" doc:"quota of the spool; a conversation that begins when it is used up is not recorded, and a gap says so"`
	StoreDir       string         `yaml:"storeDir" doc:"directory of sealed recordings, on a disk; with a bucket, of what waits for the database alone"`
	Bucket         Bucket         `yaml:"bucket" doc:"an S3-compatible store for sealed recordings instead of storeDir; empty endpoint for none"`
	StoreFree      int64          `yaml:"storeFree" doc:"less free space than this in the store is an alarm"`
	RecipientsFile string         `yaml:"recipientsFile" doc:"public keys of age, one a line: who may open recordings; their secrets belong on no host that records"`
	IdentityFile   string         `yaml:"identityFile" doc:"secret keys of age, mode 0600: only where recordings are heard or verified; empty for none"`
	Listen         netip.AddrPort `yaml:"listen" doc:"loopback address and port of the sealer's metrics and health"`
	SealWithin     time.Duration  `yaml:"sealWithin" doc:"a recording that is not sealed so long after its end is an alarm"`
	Anchor         Anchor         `yaml:"anchor" doc:"the head of the chain, signed from time to time, to be kept elsewhere"`
	PauseReasons   []string       `yaml:"pauseReasons" doc:"why an agent may pause a recording; the gap is marked"`
	PauseAtMost    time.Duration  `yaml:"pauseAtMost" doc:"a recording that was paused goes on by itself after this"`
	Keep           Keep           `yaml:"keep" doc:"how long recordings are kept; no statute says it: the owner must decide"`
}

// Bucket is a store elsewhere. It gets sealed recordings only.
type Bucket struct {
	Endpoint      string `yaml:"endpoint" doc:"https address of the store, such as https://s3.example.org; http on loopback only"`
	Name          string `yaml:"name" doc:"of the bucket, which must exist"`
	Prefix        string `yaml:"prefix" doc:"before the name of each recording; empty for none"`
	Region        string `yaml:"region" doc:"as the store calls it"`
	AccessKey     string `yaml:"accessKey" doc:"may read, write and delete below the prefix"`
	SecretKeyFile string `yaml:"secretKeyFile" doc:"file with its secret, mode 0600 or 0640"`
}

// On reports whether recordings go into a bucket.
func (b Bucket) On() bool { return b.Endpoint != "" }

var (
	bucketName   = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	bucketPrefix = regexp.MustCompile(`^([A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*)?$`)
)

func (b Bucket) check(v *verdict) {
	if !b.On() {
		return
	}
	const path = "recordings.bucket."
	u, err := url.Parse(b.Endpoint)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Scheme != "https" && u.Scheme != "http":
		v.wrong(path+"endpoint", "want an address such as https://s3.example.org")
	case u.Scheme == "http" && !onLoopback(u.Hostname()):
		v.wrong(path+"endpoint", "want https: plain http is for this machine alone")
	}
	v.matches(path+"name", b.Name, bucketName, "the name of a bucket: lower-case letters, digits, dots and hyphens")
	v.matches(path+"prefix", b.Prefix, bucketPrefix, "letters, digits, hyphens, underscores and single slashes between them")
	v.need(path+"region", b.Region != "", "want the region's name, such as us-east-1")
	v.need(path+"accessKey", b.AccessKey != "", "want the access key of the store")
	v.need(path+"secretKeyFile", b.SecretKeyFile != "", "want the path of the secret's file")
}

// Anchor says where signed heads of the chain are written.
type Anchor struct {
	Dir     string        `yaml:"dir" doc:"one file each; copy them to where nobody who can change the database can; empty writes none"`
	KeyFile string        `yaml:"keyFile" doc:"key that signs, 32 bytes as 64 hexadecimal digits"`
	Every   time.Duration `yaml:"every" doc:"how often, if the chain has grown"`
}

// Keep is how long recordings are kept. A legal hold goes before all of it.
type Keep struct {
	NoCase time.Duration `yaml:"noCase" doc:"recordings that belong to no case, from their beginning"`
	Case   time.Duration `yaml:"case" doc:"recordings of a case, from its closure; those of an open case are kept"`
	Kinds  []KeepKind    `yaml:"kinds" doc:"another time for recordings of one kind that belong to no case"`
}

// KeepKind is how long recordings of one category, or kind of task, are kept.
type KeepKind struct {
	Kind string        `yaml:"kind" doc:"a category or a kind of task"`
	Keep time.Duration `yaml:"keep" doc:"from their beginning"`
}

var pauseReason = regexp.MustCompile(`^[a-z]{1,20}(-[a-z]{1,20}){0,3}$`)

const day = 24 * time.Hour

func defaultRecordings() Recordings {
	return Recordings{
		SpoolBytes: 4 << 30, StoreDir: "/var/lib/powerline/recordings", StoreFree: 20 << 30,
		Bucket:         Bucket{Region: "us-east-1"},
		RecipientsFile: "/etc/powerline/recordings.recipients",
		Listen:         netip.MustParseAddrPort("127.0.0.1:8092"),
		SealWithin:     time.Minute,
		PauseReasons:   []string{"address", "bystander"}, PauseAtMost: 2 * time.Minute,
		Anchor: Anchor{Every: time.Hour},
		Keep:   Keep{NoCase: 90 * day, Case: 365 * day},
	}
}

func (r Recordings) check(v *verdict) {
	v.loopback("recordings.listen", r.Listen)
	v.within("recordings.sealWithin", r.SealWithin, time.Second, time.Hour)
	v.between("recordings.spoolBytes", r.SpoolBytes, 1<<20, 1<<40)
	v.between("recordings.storeFree", r.StoreFree, 0, 1<<50)
	v.need("recordings.storeDir", r.SpoolDir == "" || r.StoreDir != "", "want a directory: what is recorded must be kept somewhere")
	v.need("recordings.recipientsFile", r.SpoolDir == "" || r.RecipientsFile != "", "want a file with public keys: without it nothing can be sealed")
	r.Bucket.check(v)
	v.within("recordings.anchor.every", r.Anchor.Every, time.Second, 30*day)
	v.need("recordings.anchor.keyFile", r.Anchor.Dir == "" || r.Anchor.KeyFile != "", "want a key file: an anchor that is not signed proves nothing")
	v.within("recordings.pauseAtMost", r.PauseAtMost, time.Second, time.Hour)
	for i, reason := range r.PauseReasons {
		v.matches(fmt.Sprintf("recordings.pauseReasons[%d]", i), reason, pauseReason, "lower-case letters and hyphens")
	}
	v.within("recordings.keep.noCase", r.Keep.NoCase, day, 100*365*day)
	v.within("recordings.keep.case", r.Keep.Case, day, 100*365*day)
	seen := map[string]bool{}
	for i, k := range r.Keep.Kinds {
		path := fmt.Sprintf("recordings.keep.kinds[%d]", i)
		v.matches(path+".kind", k.Kind, word, wantWord)
		v.need(path+".kind", !seen[k.Kind], "this kind stands twice")
		v.within(path+".keep", k.Keep, day, 100*365*day)
		seen[k.Kind] = true
	}
}
