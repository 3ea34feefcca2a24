package certificate

import (
	"fmt"
	"io"
	"time"

	"github.com/go-pdf/fpdf"

	"powerline/recordings"
)

// WritePDF prints the pack on A4.
func (p Pack) WritePDF(w io.Writer) error {
	s := sheet{fpdf.New("P", "mm", "A4", "")}
	s.SetTitle("Certificate under section 63(4)(c), Bharatiya Sakshya Adhiniyam, 2023", true)
	s.SetCreationDate(p.Made)
	s.SetMargins(20, 18, 20)
	s.SetAutoPageBreak(true, 18)
	s.AliasNbPages("")
	s.SetFooterFunc(func() {
		s.SetY(-14)
		s.SetFont("Helvetica", "", 8)
		s.CellFormat(0, 6, fmt.Sprintf("Recording %s    page %d of {nb}", p.Recording, s.PageNo()), "", 0, "C", false, 0, "")
	})
	p.partA(s)
	p.partB(s)
	p.hashReport(s)
	p.history(s)
	if err := s.Output(w); err != nil {
		return fmt.Errorf("certificate: print: %w", err)
	}
	return nil
}

// sheet adds the few shapes that the papers are made of.
type sheet struct{ *fpdf.Fpdf }

func (s sheet) title(text string) {
	s.SetFont("Helvetica", "B", 13)
	s.MultiCell(0, 7, text, "", "C", false)
	s.Ln(2)
}

func (s sheet) text(text string) {
	s.SetFont("Helvetica", "", 10)
	s.MultiCell(0, 5.4, text, "", "L", false)
	s.Ln(1.5)
}

// row is a name and its value; an empty value is left to be filled in.
func (s sheet) row(name, value string) {
	if value == "" {
		value = "________________________________"
	}
	s.SetFont("Helvetica", "B", 9)
	x, y := s.GetX(), s.GetY()
	s.MultiCell(55, 5, name, "", "L", false)
	below := s.GetY()
	s.SetXY(x+55, y)
	s.SetFont("Helvetica", "", 9)
	s.MultiCell(0, 5, value, "", "L", false)
	s.SetY(max(below, s.GetY()))
}

func (s sheet) boxes(chosen string, all ...string) {
	line := ""
	for _, one := range all {
		mark := "[  ]"
		if one == chosen {
			mark = "[X]"
		}
		line += mark + " " + one + "    "
	}
	s.text(line)
}

func (p Pack) partA(s sheet) {
	s.AddPage()
	s.title("CERTIFICATE\nunder section 63(4)(c) of the Bharatiya Sakshya Adhiniyam, 2023\nPART A (to be filled by the party)")
	s.text("I, ________________________________ (name), son / daughter / spouse of ________________________________, " +
		"residing at / employed at " + blank(p.Organisation) + ", do hereby solemnly affirm and sincerely state and submit as follows:")
	s.text("I have produced the electronic record / output of the digital record taken from the following device / digital record source (tick mark):")
	s.boxes(p.Device.Kind, "Computer / Storage Media", "DVR", "Mobile", "Flash Drive", "CD/DVD", "Server", "Cloud", "Other")
	s.row("Make and model", p.Device.Make)
	s.row("Colour", "")
	s.row("Serial number", p.Device.Serial)
	s.row("IMEI / UIN / UID / MAC / Cloud ID", p.Device.MAC)
	s.row("Any other relevant information", join(p.Device.Other, "host "+p.Sealed.Host))
	s.Ln(2)
	s.text("The digital device or the digital record source was under the lawful control for regularly creating, storing or processing " +
		"information for the purposes of carrying out regular activities, and during this period the computer or the communication device " +
		"was working properly and the relevant information was regularly fed into the computer during the ordinary course of business. " +
		"If the computer / digital device at any point of time was not working properly or was out of operation, that has not affected the " +
		"electronic / digital record or its accuracy. What the system itself noted of this recording stands in the history enclosed.")
	s.text("The digital device or the source of the digital record is (select as applicable):")
	s.boxes("", "Owned", "Maintained", "Managed", "Operated")
	s.text("by me.")
	s.text("I state that the HASH value of the electronic / digital record is:")
	s.hash(p.Sealed.SHA256)
	s.text("obtained through the following algorithm:")
	s.boxes("SHA256", "SHA1", "SHA256", "MD5", "Other (legally acceptable standard)")
	s.text("(Hash report enclosed with this certificate.)")
	p.signature(s)
}

func (p Pack) partB(s sheet) {
	s.AddPage()
	s.title("CERTIFICATE\nunder section 63(4)(c) of the Bharatiya Sakshya Adhiniyam, 2023\nPART B (to be filled by the expert)")
	s.text("I, ________________________________ (name), son / daughter / spouse of ________________________________, " +
		"residing at / employed at ________________________________, do hereby solemnly affirm and sincerely state and submit as follows:")
	s.text("The produced electronic record / output of the digital record is obtained from the following device / digital record source (tick mark):")
	s.boxes(p.Device.Kind, "Computer / Storage Media", "DVR", "Mobile", "Flash Drive", "CD/DVD", "Server", "Cloud", "Other")
	s.row("Make and model", p.Device.Make)
	s.row("Colour", "")
	s.row("Serial number", p.Device.Serial)
	s.row("IMEI / UIN / UID / MAC / Cloud ID", p.Device.MAC)
	s.row("Any other relevant information", join(p.Device.Other, "host "+p.Sealed.Host))
	s.Ln(2)
	s.text("I state that the HASH value of the electronic / digital record, computed by me, is:")
	s.row("", "")
	s.text("obtained through the following algorithm:")
	s.boxes("", "SHA1", "SHA256", "MD5", "Other (legally acceptable standard)")
	s.text("(Hash report enclosed with this certificate. To compute it: sha256sum of the exported file " + string(p.Recording) + ".wav.)")
	p.signature(s)
}

func (p Pack) signature(s sheet) {
	s.Ln(8)
	s.row("Name, designation, signature", "")
	s.row("Date (DD/MM/YYYY)", "")
	s.row("Time (IST, 24-hour format)", "")
	s.row("Place", p.Place)
}

func (p Pack) hashReport(s sheet) {
	s.AddPage()
	s.title("HASH REPORT")
	c := p.Sealed
	s.row("Electronic record", string(p.Recording)+".wav: two channels of 8 kHz G.711 A-law; left whoever called or was called, right the agent")
	s.row("Size", fmt.Sprintf("%d bytes, %s", c.Bytes, recordings.Length(c.Samples)))
	s.row("Algorithm", "SHA-256 (FIPS 180-4), over the whole plain file, taken while it was encrypted")
	s.hash(c.SHA256)
	s.row("Left side as recorded", "SHA-256 "+c.HeardSHA256.String())
	s.row("Right side as recorded", "SHA-256 "+c.SpokenSHA256.String())
	s.row("Encrypted file", fmt.Sprintf("%s, %d bytes, SHA-256 %s", c.Object, c.SealedBytes, c.SealedSHA256))
	s.row("Hash taken on", moment(c.SealedAt))
	how := "the encrypted file was compared with its hash"
	if p.Opened {
		how = "the record was decrypted, and both hashes were compared and found equal"
	}
	s.row("Compared on", moment(p.Compared)+": "+how)
	s.Ln(3)
	s.text("The hash stands in an append-only chain in which each row holds the hash of the row before it:")
	s.row("Row of the chain", fmt.Sprint(p.Row))
	s.row("Hash of that row", p.Hash.String())
	if a := p.Anchor; a != nil {
		s.row("Signed head of the chain", fmt.Sprintf("row %d, %s, Ed25519 key %s, signature %s", a.Seq, moment(a.At), a.Key, a.Signature))
	}
}

func (p Pack) history(s sheet) {
	s.Ln(4)
	s.title("HISTORY OF THE RECORD")
	c := p.Sealed
	s.row("Call", blank(c.Call))
	s.row("Kind", c.Kind)
	s.row("Agent", c.Agent)
	s.row("Recording began", moment(c.Begun))
	s.row("Conversation ended", moment(c.Ended))
	talked := (time.Duration(c.BridgedMS) * time.Millisecond).String()
	if c.Unseen {
		talked = "not longer than " + talked + " (its end was not seen by the system)"
	}
	s.row("Parties were connected for", talked)
	s.row("Length of the record", recordings.Length(c.Samples).String())
	s.row("Encrypted and entered", moment(c.SealedAt))
	if len(p.Gaps) == 0 {
		s.row("Faults noted", "none")
	}
	for _, g := range p.Gaps {
		missing := "length not known"
		if g.MissingMS > 0 {
			missing = (time.Duration(g.MissingMS) * time.Millisecond).String()
		}
		s.row("Fault noted", fmt.Sprintf("%s from %s, %s", g.Why, moment(g.At), missing))
	}
	s.row("Produced by", p.By)
	s.row("On the order", p.Order)
	s.row("Papers made on", moment(p.Made))
}

func (s sheet) hash(d recordings.Digest) {
	s.SetFont("Courier", "B", 10)
	s.MultiCell(0, 6, d.String(), "", "C", false)
	s.Ln(1.5)
}

func blank(text string) string {
	if text == "" {
		return "________________________________"
	}
	return text
}

func join(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return a + ", " + b
}
