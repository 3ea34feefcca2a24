// Package certificate makes the papers with which a recording goes to a court:
// the certificate of section 63(4)(c) of the Bharatiya Sakshya Adhiniyam, 2023,
// in the form of its Schedule (Part A by whoever produces the record, Part B by
// an expert), with the report of the hashes that it asks for.
//
// What only a person can state (name, signature, place) is left to be filled in;
// what the machines know is printed. It is no legal advice, and its wording is to be
// reviewed by counsel against the Schedule before anybody signs.
package certificate

import (
	"time"

	"powerline/recordings"
)

// Device is the source of the record, as the certificate asks for it.
type Device struct {
	Kind   string `json:"kind"`           // Server
	Make   string `json:"make,omitempty"` // and its type
	Serial string `json:"serial,omitempty"`
	MAC    string `json:"mac,omitempty"` // addresses of its network interfaces
	Other  string `json:"other,omitempty"`
}

// Pack is everything that is printed.
type Pack struct {
	Made         time.Time         `json:"made"`
	Organisation string            `json:"organisation,omitempty"`
	Place        string            `json:"place,omitempty"`
	Order        string            `json:"order"` // on whose word it is produced
	By           string            `json:"by"`
	Device       Device            `json:"device"`
	Recording    recordings.ID     `json:"recording"`
	Sealed       recordings.Sealed `json:"sealed"`
	Gaps         []recordings.Gap  `json:"gaps,omitempty"`
	// Row and Hash are its place in the chain.
	Row  int64             `json:"row"`
	Hash recordings.Digest `json:"hash"`
	// Anchor is the first signed head behind it, if there is one.
	Anchor *recordings.Anchor `json:"anchor,omitempty"`
	// Opened: the plain audio was decrypted and its hash compared just now.
	// Compared is when sealed file (and audio) were compared.
	Opened   bool      `json:"opened"`
	Compared time.Time `json:"compared"`
}

// ist is Indian Standard Time, in which the certificate is written.
var ist = time.FixedZone("IST", 5*3600+1800)

func day(t time.Time) string {
	if t.IsZero() {
		return "not known"
	}
	return t.In(ist).Format("02/01/2006")
}

func clock(t time.Time) string { return t.In(ist).Format("15:04:05") }

func moment(t time.Time) string {
	if t.IsZero() {
		return "not known"
	}
	return day(t) + " " + clock(t) + " IST"
}
